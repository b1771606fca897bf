"""One optimiser step: the batch of its number, its loss, its effect on the weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from sirst5k.detectors.normalisation import Normalisation
from sirst5k.seeds import stable_hash
from sirst5k.training.augmentation import apply, draw
from sirst5k.training.config import TrainingConfig
from sirst5k.training.sampling import Batches, Indices, share

if TYPE_CHECKING:
    from sirst5k.training.frames import FrameTable, ResidentFrames, StreamedFrames

_AUGMENT = stable_hash("augmentation of a training step")
# MSHNet's loss changes after six of its published 400 epochs. A run that is measured in
# steps keeps that share: or more data would mean a longer warm-up, and no fair comparison.
_PUBLISHED_EPOCHS = 400


@dataclass(frozen=True)
class Material:
    """What batches are made of.

    Attributes
    ----------
    table : FrameTable
        What is known of the training frames.
    frames : ResidentFrames or StreamedFrames
        The frames where batches are made.
    batches : Batches
        Which frames are in which.
    normalisation : Normalisation
    transform : callable, optional
        ``(images, masks, generator=…)`` on the device, after the augmentation.
    """

    table: FrameTable
    frames: ResidentFrames | StreamedFrames
    batches: Batches
    normalisation: Normalisation
    transform: Callable[..., tuple[Tensor, Tensor]] | None = None


class BatchMaker:
    """Makes the batch of any step: frames, augmentation and transform follow from its number.

    Parameters
    ----------
    material : Material
    config : TrainingConfig
    device : torch.device
    rank, ranks : int
        Which share of every batch is made here.
    """

    def __init__(
        self,
        material: Material,
        config: TrainingConfig,
        device: torch.device,
        rank: int = 0,
        ranks: int = 1,
    ) -> None:
        self.material = material
        self.config = config
        self.device = device
        self.rank, self.ranks = rank, ranks

    def indices(self, step: int) -> Indices:
        """Return the frames of this process's share of a step's batch."""
        return share(self.material.batches.at(step), self.rank, self.ranks)

    def make(self, step: int) -> tuple[Tensor, Tensor]:
        """Return the images and masks of a step.

        Returns
        -------
        images : (B, C, crop, crop) float32
            Normalised.
        masks : (B, 1, crop, crop) float32
            0 and 1.
        """
        material, config = self.material, self.config
        chosen = self.indices(step)
        words = np.random.SeedSequence(
            entropy=config.seed, spawn_key=(_AUGMENT, step, self.rank)
        ).spawn(2)
        rng = np.random.Generator(np.random.PCG64DXSM(words[0]))
        frames = material.frames.batch(chosen)
        drawn = draw(config.augmentation, material.table, chosen, rng)
        images, masks = apply(frames, config.augmentation, drawn)
        if material.transform is not None:
            generator = torch.Generator(self.device)
            generator.manual_seed(int(words[1].generate_state(1, np.uint64)[0] >> 1))
            images, masks = material.transform(images, masks, generator=generator)
        images = material.normalisation(images.expand(-1, config.in_channels, -1, -1))
        if config.channels_last:
            images = images.contiguous(memory_format=torch.channels_last)
        return images, masks


def loss_epoch(config: TrainingConfig, step: int, steps: int, per_epoch: int) -> int:
    """Return the epoch that a loss with a warm-up is told.

    A run measured in epochs counts its own; one measured in steps is taken for the
    published 400 epochs.
    """
    if config.epochs is not None:
        return step // per_epoch
    return _PUBLISHED_EPOCHS * step // steps


def batch_loss(
    criterion: Any, heads: list[Tensor], masks: Tensor, epoch: int, summed: bool
) -> Tensor:
    """Return the loss of a batch, summed over its frames one by one if that is wanted."""
    if not summed:
        loss: Tensor = criterion(heads, masks, epoch=epoch)
        return loss
    singles = [
        criterion([head[i : i + 1] for head in heads], masks[i : i + 1], epoch=epoch)
        for i in range(len(masks))
    ]
    return torch.stack(singles).sum()


@torch.no_grad()
def overlap(logits: Tensor, masks: Tensor) -> Tensor:
    """Return intersection and union of a batch's prediction and masks, in pixels: (2,)."""
    found, true = logits > 0, masks > 0.5
    return torch.stack([(found & true).sum(), (found | true).sum()]).double()
