"""The scale- and location-sensitive IoU of MSHNet, with its warm-up."""

from __future__ import annotations

import torch
from torch import Tensor

from sirst5k.losses.location import location_term
from sirst5k.losses.loss import Loss
from sirst5k.losses.overlap import check_range, overlap, ratio


class SLSIoULoss(Loss):
    """The soft IoU, weighted by how well the sizes agree, plus a location term.

    Liu et al., "Infrared Small Target Detection with Scale and Location Sensitivity", CVPR
    2024. For each sample, with ``I = Σ p·y``, ``P = Σ p``, ``T = Σ y``::

        J = I / (P + T - I)
        δ = ((P - T) / 2)²        α = (min(P, T) + δ) / (max(P, T) + δ)

    In the epochs 0 … `warm_up_epochs` the loss is ``1 - mean(J)``, afterwards
    ``1 - mean(α·J) + mean(location)``. Gradients flow through ``α`` as well, as published.

    Nothing predicted where there is nothing, to the last bit, is 0/0: the published code
    then returns NaN, for the whole batch. Here ``J`` is 0 there, its limit as a prediction
    fades, without gradient. Elsewhere the two are equal.

    Parameters
    ----------
    warm_up_epochs : int
        The last epoch of the warm-up, counted from 0; -1 for none.
    location : bool
        Whether the location term is added.
    smooth : float
        Added to both sides of ``J``, in pixels. 0 as published, where an empty mask gives
        the IoU no gradient; a little lets a network learn silence.
    published : bool
        Keep the NaN.

    Examples
    --------
    >>> faded = torch.full((1, 1, 4, 4), -1000.0)
    >>> empty = torch.zeros(1, 1, 4, 4)
    >>> SLSIoULoss()(faded, empty, epoch=0), SLSIoULoss(published=True)(faded, empty, epoch=0)
    (tensor(1.), tensor(nan))
    """

    def __init__(
        self,
        warm_up_epochs: int = 5,
        location: bool = True,
        smooth: float = 0.0,
        published: bool = False,
    ) -> None:
        super().__init__()
        self.warm_up_epochs = int(check_range("warm_up_epochs", warm_up_epochs, -1))
        self.location = location
        self.smooth = check_range("smooth", smooth, 0)
        self.published = published

    def warming_up(self, epoch: int) -> bool:
        """Return whether MSHNet is to give its one warm-up head in this epoch."""
        return epoch <= self.warm_up_epochs

    def measure(self, logits: Tensor, levels: Tensor, epoch: int | None) -> Tensor:
        """Return the loss of logits and a mask of the same kind."""
        divide = torch.div if self.published else ratio
        probability = torch.sigmoid(logits)
        shared, predicted, true = overlap(probability, levels)
        union = predicted + true - shared
        iou = divide(shared + self.smooth, union + self.smooth)
        if epoch is not None and self.warming_up(epoch):
            return 1 - iou.mean()
        gap = ((predicted - true) / 2).square()
        scale = divide(torch.minimum(predicted, true) + gap, torch.maximum(predicted, true) + gap)
        loss = 1 - (scale * iou).mean()
        return loss + location_term(probability, levels).mean() if self.location else loss
