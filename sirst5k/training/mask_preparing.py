"""From a dataset of images and masks to all that the loop needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from sirst5k.datasets.sequences import SequenceDataset
from sirst5k.detectors.registry import CLASSICAL, check_network
from sirst5k.errors import ParameterError
from sirst5k.losses import DeepSupervision, for_detector
from sirst5k.losses import create as create_loss
from sirst5k.synthesis import Recipe
from sirst5k.training.clips.dividing import divide_sequences
from sirst5k.training.config import TrainingConfig
from sirst5k.training.frames import FrameTable
from sirst5k.training.mask_task import MaskTask, frames_that_fit
from sirst5k.training.material import Parts, divide, frames_of, store_of
from sirst5k.training.preparing import (
    Prepared,
    Source,
    fresh_network,
    normalisation_of,
    shuffled_batches,
)
from sirst5k.training.sampling import Batches, NegativeBatches
from sirst5k.training.stepping import BatchMaker, Material
from sirst5k.training.supervision import SupervisedHeads
from sirst5k.training.validating import Validation


def check_masks(config: TrainingConfig, data: Any) -> None:
    """Raise `ParameterError` for what cannot be trained on single images; nothing is made."""
    if config.detector in CLASSICAL:
        raise ParameterError(
            f"Expected a network to train, but {config.detector} is a classical detector: it "
            "has nothing to learn."
        )
    check_network(config.detector, {"in_channels": config.in_channels, **config.network})
    if config.whole_clips and not isinstance(data, SequenceDataset):
        raise ParameterError(
            f"whole_clips: expected sequences, but {data.describe()} has single images."
        )
    if config.transform is not None:
        Recipe.load(config.transform)


def prepare(config: TrainingConfig, source: Source, fabric: Any) -> Prepared:
    """Hold out a part, decode everything, and make the network and its task.

    Parameters
    ----------
    config : TrainingConfig
    source : Source
    fabric : lightning_fabric.Fabric
    """
    # First of all: a mistake in their settings is to be found before the work.
    network, criterion = fresh_network(config), _criterion(config)
    source = _stills(config, source)
    parts = divide(
        source.data,
        config.validation_fraction,
        test=source.test,
        recipe=source.recipe,
        bank=source.bank,
        held_out=source.held_out,
        seed=config.seed,
        jobs=source.jobs,
        cache=source.cache,
    )
    kept = {"jobs": source.jobs, "cache": source.cache, "progress": source.decoding}
    frames = frames_of(parts.training, fabric.device, memory=source.memory, **kept)
    held_out = store_of(parts.held_out, **kept)
    table = frames.table
    normalisation = normalisation_of(config, table.mean_and_deviation)
    network.normalisation = normalisation
    if config.prior is not None:
        network.begin_at(config.prior)
    if config.channels_last:
        network = network.to(memory_format=torch.channels_last)
    batches = _batches(config, table)
    steps = config.steps or config.epochs * batches.per_epoch  # type: ignore[operator]
    material = Material(
        table,
        frames,
        batches,
        normalisation,
        _transform(config, parts, fabric.device),
    )
    maker = BatchMaker(material, config, fabric.device, fabric.global_rank, fabric.world_size)
    validation = Validation(
        held_out,
        frame=config.frame,
        normalisation=normalisation,
        in_channels=config.in_channels,
        device=fabric.device,
    )
    return Prepared(
        network,
        SupervisedHeads(network),
        MaskTask(config, criterion, maker, validation, steps),
        steps,
        len(table),
        material.frames.reason,
    )


def _stills(config: TrainingConfig, source: Source) -> Source:
    """Return sequences as single frames, whole sequences held out; anything else as it is."""
    if not isinstance(source.data, SequenceDataset):
        return source
    data, held_out = divide_sequences(
        source.data,
        config.validation_fraction,
        test=source.test,
        held_out=source.held_out,
        whole=config.whole_clips,
    )
    return replace(source, data=data.stills(), test=None, held_out=held_out.stills())


def trial(config: TrainingConfig, device: torch.device, most: int | None) -> int:
    """Return how many frames a training step can take, of at most so many."""
    return frames_that_fit(fresh_network(config), config, _criterion(config), device, most)


def _criterion(config: TrainingConfig) -> Any:
    if config.loss == "published":
        return for_detector(config.detector, **config.loss_config)
    return DeepSupervision(create_loss(config.loss, **config.loss_config))


def _batches(config: TrainingConfig, table: FrameTable) -> Batches:
    if config.batching == "negatives":
        return NegativeBatches(table.parents, config.seed)
    return shuffled_batches(config, len(table))


def _transform(config: TrainingConfig, parts: Parts, device: torch.device) -> Any:
    """Return the operations that are drawn anew for every batch, on its device."""
    if config.transform is None:
        return None
    from sirst5k.synthesis import sample_noise
    from sirst5k.transforms.torch import from_recipe

    recipe = Recipe.load(config.transform)
    bank = parts.bank
    if recipe.needs_noise and bank is None:
        bank = sample_noise(parts.originals, recipe.sampling)
    # On a GPU fields cost nothing, and need not be cut from one large one.
    return from_recipe(recipe, bank, canvas=0 if device.type == "cuda" else 4).to(device)
