"""The soft intersection over union, summed over a batch or averaged over samples."""

from __future__ import annotations

import torch
from torch import Tensor

from sirst5k.losses.loss import Loss
from sirst5k.losses.overlap import check_range, check_reduction, overlap, ratio


class SoftIoULoss(Loss):
    """One minus the intersection over union of probabilities and mask.

    With ``I = Σ p·y``, ``P = Σ p``, ``T = Σ y``: ``1 - (I + s) / (P + T - I + s)``. Over a
    whole batch it is what DNANet is trained with (Li et al., TIP 2023); there, large targets
    outweigh small ones. By sample it stands in the code of MSHNet and DSTransNet. Both
    publish ``s = 1``, with which an empty mask has a useful gradient.

    Parameters
    ----------
    reduction : {"batch", "sample"}
        Sums over the whole batch, or the mean of each sample's ratio.
    smooth : float
        The constant ``s``, in pixels; 0 or more.

    Examples
    --------
    >>> logits = torch.full((1, 1, 2, 2), -100.0)
    >>> SoftIoULoss()(logits, torch.zeros(1, 1, 2, 2, dtype=torch.bool))
    tensor(0.)
    """

    def __init__(self, reduction: str = "batch", smooth: float = 1.0) -> None:
        super().__init__()
        self.reduction = check_reduction(reduction)
        self.smooth = check_range("smooth", smooth, 0)

    def measure(self, logits: Tensor, levels: Tensor, epoch: int | None) -> Tensor:  # noqa: ARG002
        """Return the loss of logits and a mask of the same kind."""
        shared, predicted, true = overlap(torch.sigmoid(logits), levels, self.reduction)
        union = predicted + true - shared
        return 1 - ratio(shared + self.smooth, union + self.smooth).mean()
