"""What would fail in the middle of an experiment, asked before its first training."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from sirst5k.comparison.cells import cell_config, other_tests
from sirst5k.comparison.experiment import Cell, Experiment
from sirst5k.comparison.training_sets import Labelled, open_parts, open_tested, training_set
from sirst5k.datasets import SequenceDataset
from sirst5k.detectors.registry import check_network, networks, task_of
from sirst5k.errors import ParameterError, suggest
from sirst5k.metrics import DETECTION_PROFILES, PROFILES
from sirst5k.synthesis import Recipe, sample_noise
from sirst5k.synthesis.sequences import sample_sequence_noise
from sirst5k.synthesis.sequences.fitting import sampling_of
from sirst5k.training.clips.preparing import check_clips
from sirst5k.training.devices import check_device
from sirst5k.training.mask_preparing import check_masks


def check_names(experiment: Experiment) -> None:
    """Refuse names and settings that no training could have.

    Raises
    ------
    ParameterError
        Naming the option.
    """
    for name, config in experiment.networks.items():
        if name not in experiment.detectors:
            raise ParameterError(
                f"Expected settings of a detector that is compared, got --net {name}.… for "
                f"--detectors {','.join(experiment.detectors)}."
                f"{suggest(name, experiment.detectors)}"
            )
        check_network(name, config)
    for name in experiment.detectors:
        if name not in networks():
            raise ParameterError(
                f"Expected networks to train, but {name} is a classical detector: it has nothing "
                "to learn. Leave it out of --detectors."
            )
    profiles = {*PROFILES, *DETECTION_PROFILES}
    for name in experiment.profiles:
        if name not in profiles:
            raise ParameterError(
                f"Expected the name of a metrics profile, got {name!r}.{suggest(name, profiles)}"
            )
    if experiment.shift_noise is not None and not experiment.shift:
        raise ParameterError(
            f"Expected levels of the noise from {experiment.shift_noise}, got none. Name them "
            "with --shift, or leave --shift-noise out."
        )
    for cell in experiment.cells():
        cell_config(experiment, cell)


def check_machine(device: str, workers: int, gpus: int) -> None:
    """Refuse devices that are not there, and more of them than workers.

    Raises
    ------
    ParameterError
        Naming the option.
    """
    check_device(device, 1)
    found = torch.cuda.device_count() if device != "cpu" else 0
    if gpus > max(found, 1):
        raise ParameterError(
            f"Expected --devices of at most {max(found, 1)}, got {gpus}: "
            + (f"torch finds no more GPUs than {found}." if found else "there is no GPU to use.")
        )
    if gpus > workers:
        raise ParameterError(
            f"Expected as many --workers as GPUs, or more, got {workers} for --devices {gpus}: a "
            "worker has one."
        )


def check_data(experiment: Experiment, cells: Sequence[Cell]) -> None:
    """Open what these cells train and are tested on; nothing is trained.

    Raises
    ------
    Sirst5kError
        What opening raises, and what their training refuses; of noise, what sampling it raises.
    """
    dataset, test = open_parts(experiment)
    different = {(cell.arm, cell.fraction, task_of(cell.detector)): cell for cell in cells}
    for (arm, fraction, task), cell in different.items():
        config = cell_config(experiment, cell)
        share = config.validation_fraction
        images = training_set(dataset, experiment.arm(arm), fraction, share, test.ids)
        (check_clips if task == "boxes" else check_masks)(config, images.training)
        drawn = None if config.transform is None else Recipe.load(config.transform)
        for recipe in (images.recipe, drawn):
            if recipe is not None and recipe.needs_noise:
                _sample(images.training, recipe, clips=task == "boxes")
    if not cells:
        return
    if not isinstance(test, SequenceDataset):
        for _ in other_tests(experiment, test):
            pass
        return
    for path in experiment.also_test:
        if not isinstance(other := open_tested(path), SequenceDataset):
            raise ParameterError(
                f"Expected sequences to test on besides (--also-test), as --data holds them, but "
                f"{other.describe()} has single images."
            )


def _sample(data: Labelled, recipe: Recipe, *, clips: bool) -> None:
    """Sample noise as a training does before its first step; what it raises is to be seen now."""
    if not isinstance(data, SequenceDataset):
        sample_noise(data, recipe.sampling)
    elif clips:
        sample_sequence_noise(data, sampling_of(recipe))
    else:
        sample_noise(data.stills(), recipe.sampling)
