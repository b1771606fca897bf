"""Training on masks: single frames, their logits, and the pixel scores of held-out frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sirst5k.training.config import TrainingConfig
from sirst5k.training.sizing import largest_batch, trial_precision
from sirst5k.training.stepping import BatchMaker, batch_loss, loss_epoch, overlap
from sirst5k.training.task import StepLoss
from sirst5k.training.validating import Validation

SCORES = ("miou", "niou", "pd", "fa", "precision", "recall", "f1")


class MaskTask:
    """A `Task` of images and masks.

    Parameters
    ----------
    config : TrainingConfig
    criterion : callable
        A loss on ``(heads, masks, epoch=…)``, with `warming_up`.
    maker : BatchMaker
    validation : Validation
    steps : int
        Where training ends.
    """

    def __init__(
        self,
        config: TrainingConfig,
        criterion: Any,
        maker: BatchMaker,
        validation: Validation,
        steps: int,
    ) -> None:
        self.config = config
        self.criterion = criterion
        self.maker = maker
        self.validation = validation
        self.steps = steps

    @property
    def per_epoch(self) -> int:
        """Number of steps of an epoch."""
        return self.maker.material.batches.per_epoch

    def follow(self, first: int, steps: int) -> None:
        """Have the frames of these steps read while the network works."""
        ahead = (self.maker.indices(step) for step in range(first, steps))
        self.maker.material.frames.follow(ahead)

    def make(self, step: int) -> tuple[Tensor, Tensor]:
        """Return images and masks of a step."""
        return self.maker.make(step)

    def loss(self, wrapped: Any, batch: tuple[Tensor, Tensor], step: int) -> StepLoss:
        """Return the loss of a batch, with intersection and union of its prediction."""
        images, masks = batch
        epoch = self._epoch(step)
        heads = wrapped(images, bool(self.criterion.warming_up(epoch)))
        summed = self.config.batching == "negatives"
        total = batch_loss(self.criterion, heads, masks, epoch, summed)
        return StepLoss(total, overlap(heads[-1].detach(), masks))

    def warming_up(self, step: int) -> bool:
        """Return whether the loss of a step is that of the first epochs."""
        return bool(self.criterion.warming_up(self._epoch(step)))

    def score(self, network: nn.Module, autocast: Any, step: int) -> dict[str, float]:
        """Return the corrected scores of a network on the held-out frames."""
        scores = self.validation.score(network, autocast, self.warming_up(step - 1))
        return {key: float(getattr(scores, key)) for key in SCORES}

    def names(self, step: int) -> Sequence[str]:
        """Return the frames of a step's batch."""
        return [self.maker.material.table.ids[index] for index in self.maker.indices(step)]

    def arrays(self, batch: tuple[Tensor, Tensor]) -> dict[str, Any]:
        """Return images and masks of a batch."""
        images, masks = batch
        return {"images": images.float().cpu().numpy(), "masks": masks.cpu().numpy()}

    def largest_batch(self, network: nn.Module, most: int) -> int:
        """Return how many frames fit, of at most so many."""
        return frames_that_fit(network, self.config, self.criterion, self.maker.device, most)

    def _epoch(self, step: int) -> int:
        return loss_epoch(self.config, step, self.steps, self.per_epoch)


def frames_that_fit(
    network: nn.Module,
    config: TrainingConfig,
    criterion: Any,
    device: torch.device,
    most: int | None,
) -> int:
    """Return how many frames a training step can take, see `largest_batch`."""

    def step(trial: Any, frames: int) -> None:
        side = config.augmentation.crop
        images = torch.zeros(frames, config.in_channels, side, side, device=device)
        masks = torch.zeros(frames, 1, side, side, device=device)
        with trial_precision(config, device):
            heads = trial.heads(images)
        criterion(heads, masks, epoch=1 << 20).backward()

    return largest_batch(network, device, step, most)
