"""What each cell of an experiment trains on, holds out and is tested on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sirst5k.comparison.arms import Arm
from sirst5k.comparison.experiment import Experiment
from sirst5k.comparison.subsets import nested_subset
from sirst5k.datasets import Dataset, open_dataset, test_part, training_part
from sirst5k.datasets.parents import parents_of
from sirst5k.datasets.sequences import SequenceDataset, sequence_of
from sirst5k.detectors.registry import task_of
from sirst5k.errors import ParameterError, SplitError
from sirst5k.synthesis import Recipe
from sirst5k.training.holdout import hold_out

Labelled = Dataset | SequenceDataset


@dataclass(frozen=True)
class TrainingSet:
    """The images of one cell.

    Attributes
    ----------
    training : Dataset or SequenceDataset
        Originals, or a folder made from just these originals.
    held_out : Dataset or SequenceDataset
        Originals; the same for every arm.
    recipe : Recipe, optional
        What is made of `training` on the fly.
    source : str
        Where the images come from, in words.
    """

    training: Labelled
    held_out: Labelled
    recipe: Recipe | None = None

    source: str = "images as they are"


def open_parts(experiment: Experiment) -> tuple[Labelled, Labelled]:
    """Return the training and the test split of an experiment's dataset.

    Raises
    ------
    SplitError
        If there is no test split, or an image or a sequence is in both.
    ParameterError
        If a detector or a test set needs sequences, or cannot have them.
    """
    training = training_part(open_dataset(experiment.data, experiment.split), experiment.split)
    _check_kind(experiment, training)
    if experiment.test is not None:
        test: Labelled | None = open_dataset(experiment.data, experiment.test)
    else:
        test = test_part(training)
    if test is None:
        raise SplitError(
            f"{training.describe()} does not say which of its images are for testing. Name "
            "their list: --test NAME."
        )
    if both := sorted(set(training.ids) & set(test.ids)):
        raise SplitError(
            f"Expected training and test list to share no image, but {len(both)} are in both, "
            f"first {both[0]!r}. Name other lists with --split and --test."
        )
    return training, test


def open_tested(path: str) -> Labelled:
    """Return the test split of a further dataset, or all of it if it does not say which."""
    whole = open_dataset(path)
    tested = whole.of_split("test") if "test" in whole.splits.roles else whole
    return tested if len(tested) else whole


def _check_kind(experiment: Experiment, data: Labelled) -> None:
    if isinstance(data, SequenceDataset):
        if experiment.shift:
            raise ParameterError(
                "Expected no levels of foreign noise (--shift): they are for single images, and "
                f"{data.describe()} holds sequences."
            )
        return
    video = [name for name in experiment.detectors if task_of(name) == "boxes"]
    if video:
        raise ParameterError(
            f"Expected sequences for {', '.join(video)}, which look at clips, but "
            f"{data.describe()} has single images."
        )


def training_set(
    dataset: Labelled,
    arm: Arm,
    fraction: float,
    validation_fraction: float,
    tested: Iterable[str] = (),
) -> TrainingSet:
    """Return what a cell trains on.

    Parameters
    ----------
    dataset : Dataset or SequenceDataset
        The training split; of sequences, whole ones are taken and held out.
    arm : Arm
    fraction : float
        Share of its labels.
    validation_fraction : float
        Share of those that is held out, the same images for every arm.
    tested : iterable of str
        Names of the test images, none of which a folder's images may be made of.
    """
    owners = {name: _group(dataset, name) for name in dataset.ids}
    chosen_groups = set(nested_subset(list(dict.fromkeys(owners.values())), fraction))
    names = [name for name in dataset.ids if owners[name] in chosen_groups]
    kept, held = hold_out([owners[name] for name in names], validation_fraction)
    own = [names[index] for index in kept]
    held_out = dataset.subset([names[index] for index in held])
    if arm.folder is None:
        source = "images as they are" if arm.recipe is None else "computed on the fly"
        return TrainingSet(dataset.subset(own), held_out, arm.recipe, source)
    made = training_part(open_dataset(arm.folder), None)
    if isinstance(made, SequenceDataset) != isinstance(dataset, SequenceDataset):
        raise SplitError(
            f"Expected {made.describe()} and {dataset.describe()} to be both of images or both "
            "of sequences."
        )
    origin = origins(made, dataset.ids, tested)
    wanted = set(own)
    chosen = [name for name in made.ids if origin[name] in wanted]
    if not chosen:
        raise SplitError(
            f"Expected {made.describe()} to hold images made of the {len(own)} that are trained "
            "on, found none."
        )
    return TrainingSet(made.subset(chosen), held_out, None, "written beforehand")


def _group(dataset: Labelled, name: str) -> str:
    """Return what stays together when a part is taken: an image alone, a sequence whole."""
    return sequence_of(name) if isinstance(dataset, SequenceDataset) else name


def origins(made: Labelled, originals: Iterable[str], tested: Iterable[str] = ()) -> dict[str, str]:
    """Return of every sample of a folder which original it was made of.

    A folder that `sirst5k synth` wrote says so in its manifest; else a sample belongs to the
    original whose name its own begins with, as published scripts call their outputs.

    Raises
    ------
    SplitError
        If a sample belongs to none, as it might be made of a held-out image; or to a test
        image.
    """
    known, forbidden = set(originals), set(tested)
    found = {}
    for name, parent in parents_of(made).items():
        either = known | forbidden
        origin = parent if parent in either else _longest_beginning(name, either)
        if origin in forbidden:
            raise SplitError(
                f"Expected {made.describe()} to be made of training images only, but {name!r} "
                f"is made of the test image {origin!r}."
            )
        if origin is None:
            raise SplitError(
                f"Expected every image of {made.describe()} to be made of one of the training "
                f"images, but {name!r} begins with none of their names. Held-out images could "
                "not be told from others."
            )
        found[name] = origin
    return found


def _longest_beginning(name: str, known: set[str]) -> str | None:
    for end in range(len(name), 0, -1):
        if name[:end] in known and (end == len(name) or not name[end].isalnum()):
            return name[:end]
    return None
