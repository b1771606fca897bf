"""The focal loss: cross-entropy that forgets what is easy."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from sirst5k.losses.loss import Loss
from sirst5k.losses.overlap import check_range


class FocalLoss(Loss):
    """Mean over all pixels of ``-a·y·(1-p)^g·log p - (1-a)·(1-y)·p^g·log(1-p)``.

    Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, equation 5, which divides
    by the number of targets where this takes the mean. Everything is computed from logits:
    neither value nor gradient overflows, whatever the logit.

    Parameters
    ----------
    alpha : float
        Weight of targets against background, in 0…1.
    gamma : float
        How much an easy pixel is forgotten; 0 is weighted cross-entropy.
    """

    def __init__(self, alpha: float = 0.25, gamma: float = 2.0) -> None:
        super().__init__()
        self.alpha = check_range("alpha", alpha, 0, 1)
        self.gamma = check_range("gamma", gamma, 0)

    def measure(self, logits: Tensor, levels: Tensor, epoch: int | None) -> Tensor:  # noqa: ARG002
        """Return the loss of logits and a mask of the same kind."""
        log_p, log_q = F.logsigmoid(logits), F.logsigmoid(-logits)
        # A power of a probability by its logarithm: no 0 to a power below 1, whose slope
        # is infinite.
        target = levels * torch.exp(self.gamma * log_q) * log_p
        background = (1 - levels) * torch.exp(self.gamma * log_p) * log_q
        return -(self.alpha * target + (1 - self.alpha) * background).mean()
