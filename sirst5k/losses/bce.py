"""Binary cross-entropy, from logits or as published from probabilities."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  (the name that torch users read)

from sirst5k.losses.loss import Loss


class BCELoss(Loss):
    """Mean binary cross-entropy over all pixels.

    DSTransNet sums it over six heads. Its code applies it to probabilities, where in
    float32 a logit above about 16.6 has become a probability of exactly 1: a wrong one then
    costs 100, and has no gradient any more. From logits, the loss goes on growing with the
    logit and always pulls back. Where nothing saturates, the two are equal.

    Parameters
    ----------
    published : bool
        From probabilities, logarithms clamped at -100.

    Examples
    --------
    >>> wrong = torch.full((1, 1, 2, 2), 40.0)
    >>> empty = torch.zeros(1, 1, 2, 2)
    >>> BCELoss()(wrong, empty), BCELoss(published=True)(wrong, empty)
    (tensor(40.), tensor(100.))
    """

    def __init__(self, published: bool = False) -> None:
        super().__init__()
        self.published = published

    def measure(self, logits: Tensor, levels: Tensor, epoch: int | None) -> Tensor:  # noqa: ARG002
        """Return the loss of logits and a mask of the same kind."""
        if self.published:
            return probability_cross_entropy(torch.sigmoid(logits), levels)
        return F.binary_cross_entropy_with_logits(logits, levels)


def probability_cross_entropy(probability: Tensor, levels: Tensor) -> Tensor:
    """Return the mean cross-entropy of probabilities, logarithms clamped at -100.

    Works under autocast too, where torch refuses its own function of this kind because
    half precision would round probabilities to 0 and 1.

    Parameters
    ----------
    probability, levels : tensors of one shape, float32 or float64
        In [0, 1].

    Returns
    -------
    () floating
    """
    with torch.autocast(probability.device.type, enabled=False):
        return F.binary_cross_entropy(probability, levels)
