"""The Tversky loss: an overlap in which misses may cost more than false alarms."""

from __future__ import annotations

import torch
from torch import Tensor

from sirst5k.losses.loss import Loss
from sirst5k.losses.overlap import check_range, check_reduction, overlap, ratio


class TverskyLoss(Loss):
    """One minus the Tversky index of probabilities and mask.

    ``1 - (I + s) / (I + a·(P - I) + b·(T - I) + s)`` with ``I = Σ p·y``, ``P = Σ p``,
    ``T = Σ y``; Salehi et al., "Tversky Loss Function for Image Segmentation Using 3D Fully
    Convolutional Deep Networks", MLMI 2017. Both weights 1 give the soft IoU.

    Parameters
    ----------
    alpha : float
        Weight of false alarms; 0 or more.
    beta : float
        Weight of misses; 0 or more.
    reduction : {"batch", "sample"}
        Sums over the whole batch, or the mean of each sample's ratio.
    smooth : float
        The constant ``s``, in pixels; 0 or more.
    """

    def __init__(
        self,
        alpha: float = 0.3,
        beta: float = 0.7,
        reduction: str = "sample",
        smooth: float = 1.0,
    ) -> None:
        super().__init__()
        self.alpha = check_range("alpha", alpha, 0)
        self.beta = check_range("beta", beta, 0)
        self.reduction = check_reduction(reduction)
        self.smooth = check_range("smooth", smooth, 0)

    def measure(self, logits: Tensor, levels: Tensor, epoch: int | None) -> Tensor:  # noqa: ARG002
        """Return the loss of logits and a mask of the same kind."""
        shared, predicted, true = overlap(torch.sigmoid(logits), levels, self.reduction)
        wrong = self.alpha * (predicted - shared) + self.beta * (true - shared)
        return 1 - ratio(shared + self.smooth, shared + wrong + self.smooth).mean()
