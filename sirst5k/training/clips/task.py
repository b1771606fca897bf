"""Training on boxes: clips, raw maps of their key frames, and the scores of held-out clips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sirst5k.training.clips.batches import ClipBatch, ClipMaker
from sirst5k.training.clips.validating import ClipValidation
from sirst5k.training.config import TrainingConfig
from sirst5k.training.sizing import largest_batch, trial_precision
from sirst5k.training.task import StepLoss


class SupervisedMaps(nn.Module):
    """Calls `supervise` of a video network in its `forward`.

    Mixed precision, several processes and `torch.compile` all take hold of `forward`; the
    network's own is that of the prediction.

    Parameters
    ----------
    network : VideoNetwork
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, clips: Tensor) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Return the raw maps, and the further terms of the loss."""
        found: tuple[list[Tensor], dict[str, Tensor]] = self.network.supervise(clips)
        return found


class ClipTask:
    """A `Task` of clips and boxes.

    Parameters
    ----------
    criterion : YOLOXLoss
    maker : ClipMaker
    validation : ClipValidation
    """

    def __init__(self, criterion: Any, maker: ClipMaker, validation: ClipValidation) -> None:
        self.criterion = criterion
        self.maker = maker
        self.validation = validation

    @property
    def per_epoch(self) -> int:
        """Number of steps of an epoch."""
        return self.maker.batches.per_epoch

    def follow(self, first: int, steps: int) -> None:
        """Do nothing: frames are where batches are made, or one gather away."""

    def make(self, step: int) -> ClipBatch:
        """Return clips and boxes of a step."""
        return self.maker.make(step)

    def loss(self, wrapped: Any, batch: ClipBatch, step: int) -> StepLoss:
        """Return the loss of a batch, with the IoU of the cells that answer for targets.

        It is the root of their mean squared IoU, of which the loss is made, weighted by
        their number.
        """
        del step
        maps, extras = wrapped(batch.clips)
        parts = self.criterion(maps, batch.boxes, batch.classes, extras, batch.counts)
        cells = parts.foreground.double()
        iou = (1 - parts.box.detach().double()).clamp(0, 1).sqrt()
        return StepLoss(parts.total, torch.stack([iou * cells, cells]))

    def warming_up(self, step: int) -> bool:
        """Return False: every step trains all of the network."""
        del step
        return False

    def score(self, network: nn.Module, autocast: Any, step: int) -> dict[str, float]:
        """Return the scores of a network on the held-out clips."""
        del step
        return self.validation.score(network, autocast)

    def names(self, step: int) -> Sequence[str]:
        """Return the key frames of a step's batch."""
        return [self.maker.store.ids[index] for index in self.maker.indices(step)]

    def arrays(self, batch: ClipBatch) -> dict[str, Any]:
        """Return clips, boxes and their counts."""
        return {
            "clips": batch.clips.float().cpu().numpy(),
            "boxes": batch.boxes.cpu().numpy(),
            "counts": batch.counts.cpu().numpy(),
        }

    def largest_batch(self, network: nn.Module, most: int) -> int:
        """Return how many clips fit, of at most so many."""
        maker = self.maker
        return clips_that_fit(network, maker.config, self.criterion, maker.frames.device, most)


def clips_that_fit(
    network: nn.Module,
    config: TrainingConfig,
    criterion: Any,
    device: torch.device,
    most: int | None,
) -> int:
    """Return how many clips a training step can take, see `largest_batch`."""

    def step(trial: Any, clips: int) -> None:
        side = config.augmentation.crop
        shape = (clips, config.in_channels, trial.clip_length, side, side)
        boxes = torch.full((clips, 1, 4), side / 2, device=device)
        with trial_precision(config, device):
            maps, extras = trial.supervise(torch.zeros(shape, device=device))
        criterion(maps, boxes, None, extras).total.backward()

    return largest_batch(network, device, step, most)
