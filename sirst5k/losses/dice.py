"""The Dice loss."""

from __future__ import annotations

import torch
from torch import Tensor

from sirst5k.losses.loss import Loss
from sirst5k.losses.overlap import check_range, check_reduction, overlap, ratio


class DiceLoss(Loss):
    """One minus the Dice coefficient of probabilities and mask.

    ``1 - (2I + s) / (P + T + s)`` with ``I = Σ p·y``, ``P = Σ p``, ``T = Σ y``; Milletari et
    al., "V-Net", 3DV 2016, with plain sums in place of squares.

    Parameters
    ----------
    reduction : {"batch", "sample"}
        Sums over the whole batch, or the mean of each sample's ratio.
    smooth : float
        The constant ``s``, in pixels; 0 or more.
    """

    def __init__(self, reduction: str = "sample", smooth: float = 1.0) -> None:
        super().__init__()
        self.reduction = check_reduction(reduction)
        self.smooth = check_range("smooth", smooth, 0)

    def measure(self, logits: Tensor, levels: Tensor, epoch: int | None) -> Tensor:  # noqa: ARG002
        """Return the loss of logits and a mask of the same kind."""
        shared, predicted, true = overlap(torch.sigmoid(logits), levels, self.reduction)
        return 1 - ratio(2 * shared + self.smooth, predicted + true + self.smooth).mean()
