"""One loss for several heads, each at its own resolution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sirst5k.errors import ParameterError, ShapeError, suggest
from sirst5k.losses.overlap import check_range

REDUCTIONS = ("mean", "sum")


class DeepSupervision(nn.Module):
    """Applies a loss to every head and takes the mean or the sum.

    Heads of ``ceil(H / 2^k) × ceil(W / 2^k)`` pixels are compared with the mask after `k` max
    poolings of 2 × 2, as MSHNet publishes it: a target never vanishes, however small.

    Parameters
    ----------
    loss : callable
        Of logits and a mask of one shape; a `Loss`, or anything called the same way.
    reduction : {"mean", "sum"}
    weights : sequence of float, optional
        One for each head; the mean is then divided by their sum.

    Examples
    --------
    >>> from sirst5k.losses import BCELoss
    >>> heads = [torch.zeros(2, 1, 32, 24), torch.zeros(2, 1, 64, 48)]
    >>> DeepSupervision(BCELoss())(heads, torch.zeros(2, 1, 64, 48, dtype=torch.bool))
    tensor(0.6931)
    """

    def __init__(
        self,
        loss: Callable[..., Tensor],
        reduction: str = "mean",
        weights: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        if reduction not in REDUCTIONS:
            raise ParameterError(
                f"Expected reduction to be 'mean' or 'sum', got {reduction!r}."
                f"{suggest(str(reduction), REDUCTIONS)}"
            )
        if weights is not None:
            weights = tuple(check_range("a weight", weight, 0) for weight in weights)
            if not sum(weights) > 0:
                raise ParameterError(f"Expected a positive weight, got {list(weights)}.")
        self.loss, self.reduction, self.weights = loss, reduction, weights

    def forward(self, heads: Sequence[Tensor] | Tensor, mask: Tensor, **context: Any) -> Tensor:
        """Return the loss over all heads.

        Parameters
        ----------
        heads : sequence of (B, 1, h, w) floating
            Logits, as `Network.heads` returns them; one tensor counts as one head.
        mask : (B, 1, H, W) bool, uint8 of 0 and 1, or floating in [0, 1]
        **context
            Handed to the loss: ``epoch``.

        Returns
        -------
        () float32 or float64

        Raises
        ------
        ShapeError
            If a head has a size that no number of poolings leads to.
        ParameterError
            If there is no head, or another number than of weights.
        """
        heads = [heads] if isinstance(heads, Tensor) else list(heads)
        weights = self._weights(len(heads))
        masks = _masks(mask, heads)
        total: Any = 0.0
        for weight, head, fitting in zip(weights, heads, masks, strict=True):
            value = self.loss(head, fitting, **context)
            total = total + (value if weight == 1.0 else weight * value)
        return total / sum(weights) if self.reduction == "mean" else total

    def warming_up(self, epoch: int) -> bool:
        """Return whether a network is to give only its warm-up heads in this epoch."""
        asked = getattr(self.loss, "warming_up", None)
        return asked is not None and bool(asked(epoch))

    def extra_repr(self) -> str:
        """Return the parameters, for ``repr``."""
        return f"reduction={self.reduction!r}, weights={self.weights!r}"

    def _weights(self, heads: int) -> tuple[float, ...]:
        if heads == 0:
            raise ParameterError("Expected at least one head, got none.")
        if self.weights is None or (heads == 1 and self.reduction == "mean"):
            return (1.0,) * heads
        if len(self.weights) != heads:
            raise ParameterError(
                f"Expected {len(self.weights)} heads, one for each weight, got {heads}."
            )
        return tuple(self.weights)


def _masks(mask: Tensor, heads: list[Tensor]) -> list[Tensor]:
    """Return the mask at the size of each head."""
    if mask.ndim != 4:
        raise ShapeError(f"Expected a mask of shape (B, 1, H, W), got {tuple(mask.shape)}.")
    if all(head.shape[-2:] == mask.shape[-2:] for head in heads):
        return [mask] * len(heads)
    pyramid = [mask if mask.dtype == torch.float64 else mask.float()]  # pooling takes no bools
    least = min(head.shape[-2] * head.shape[-1] for head in heads)
    while pyramid[-1].shape[-2] * pyramid[-1].shape[-1] > max(least, 1):
        pyramid.append(F.max_pool2d(pyramid[-1], 2, ceil_mode=True))
    return [_fitting(pyramid, head) for head in heads]


def _fitting(pyramid: list[Tensor], head: Tensor) -> Tensor:
    for level in pyramid:
        if level.shape[-2:] == head.shape[-2:]:
            return level
    sizes = ", ".join(f"{level.shape[-2]} × {level.shape[-1]}" for level in pyramid)
    raise ShapeError(
        f"Expected heads at the mask's size or at its halves, rounded up ({sizes} …), got "
        f"{head.shape[-2]} × {head.shape[-1]}. Cut padding off first, as Network.heads does."
    )
