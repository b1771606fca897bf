"""From sequences to all that the loop needs."""

from __future__ import annotations

from typing import Any

import torch

from sirst5k.detectors.registry import check_network
from sirst5k.errors import ParameterError
from sirst5k.losses import YOLOXLoss
from sirst5k.losses.registry import make
from sirst5k.synthesis.sequences import SyntheticSequences
from sirst5k.training.clips.batches import ClipMaker
from sirst5k.training.clips.dividing import divide_sequences
from sirst5k.training.clips.frames import ClipFrames
from sirst5k.training.clips.store import build_clips
from sirst5k.training.clips.task import ClipTask, SupervisedMaps, clips_that_fit
from sirst5k.training.clips.turning import check
from sirst5k.training.clips.validating import SCORES, ClipValidation
from sirst5k.training.config import TrainingConfig
from sirst5k.training.preparing import (
    Prepared,
    Source,
    fresh_network,
    normalisation_of,
    shuffled_batches,
)


def prepare_clips(config: TrainingConfig, source: Source, fabric: Any) -> Prepared:
    """Hold out sequences, decode and letterbox the rest, and make the network and its task.

    Parameters
    ----------
    config : TrainingConfig
    source : Source
        Its data are sequences, as `check_clips` has seen.
    fabric : lightning_fabric.Fabric
    """
    network = first_network(config)
    criterion = _criterion(config, network)  # a mistake in it is to be found before the work
    length = network.clip_length
    data, held_out = divide_sequences(
        source.data.with_length(length),
        config.validation_fraction,
        test=source.test,
        held_out=source.held_out,
        whole=config.whole_clips,
    )
    side = config.augmentation.crop
    kept = {"jobs": source.jobs, "progress": source.decoding}
    training = _variants(config, source, data)
    store = build_clips(training, side, whole_boxes=config.whole_boxes, **kept)
    validated = build_clips(held_out.with_length(length), side, **kept)
    normalisation = normalisation_of(config, store.mean_and_deviation)
    network.normalisation = normalisation
    if config.channels_last:
        network = network.to(memory_format=torch.channels_last)
    frames = ClipFrames(store, fabric.device)
    batches = shuffled_batches(config, len(store))
    steps = config.steps or config.epochs * batches.per_epoch  # type: ignore[operator]
    maker = ClipMaker(
        store, frames, batches, config, normalisation, fabric.global_rank, fabric.world_size
    )
    validation = ClipValidation(
        validated,
        normalisation=normalisation,
        in_channels=config.in_channels,
        device=fabric.device,
    )
    task = ClipTask(criterion, maker, validation)
    return Prepared(
        network,
        SupervisedMaps(network),
        task,
        steps,
        len(store),
        frames.reason,
        {"letterbox": str(side)},
    )


def trial_clips(config: TrainingConfig, device: torch.device, most: int | None) -> int:
    """Return how many clips a training step can take, of at most so many."""
    network = first_network(config)
    return clips_that_fit(network, config, _criterion(config, network), device, most)


def check_clips(config: TrainingConfig, data: Any) -> None:
    """Raise `ParameterError` for what cannot be done with clips and boxes; nothing is made."""
    check_network(config.detector, {"in_channels": config.in_channels, **config.network})
    if not hasattr(data, "window"):
        raise ParameterError(
            f"Expected sequences for {config.detector}, which looks at clips, but "
            f"{data.describe()} has single images."
        )
    if config.batching != "shuffled":
        raise ParameterError(f"batching: expected shuffled for clips, got {config.batching!r}.")
    if config.transform is not None:
        raise ParameterError(
            "transform: there are no operations on clips at training time. Name the recipe with "
            "--recipe instead: its variants are computed before the first step."
        )
    if config.loss != "published":
        raise ParameterError(f"loss: expected published for clips, got {config.loss!r}.")
    if config.select_by not in SCORES:
        raise ParameterError(
            f"select_by: expected one of {', '.join(SCORES)} for boxes, got {config.select_by!r}."
        )
    check(config.augmentation)


def first_network(config: TrainingConfig) -> Any:
    """Return the network of a run with its first weights."""
    network = fresh_network(config)
    if config.prior is not None:
        network.begin_at(config.prior)
    return network


def _criterion(config: TrainingConfig, network: Any) -> YOLOXLoss:
    return make(YOLOXLoss, "yolox", {"stride": network.stride, **config.loss_config})


def _variants(config: TrainingConfig, source: Source, data: Any) -> Any:
    """Return the sequences with their variants by the recipe, if there is one."""
    if source.recipe is None:
        return data
    return SyntheticSequences(data, source.recipe, source.bank, config.seed)
