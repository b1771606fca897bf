"""How much of the prediction and of the target is shared: sums that region losses divide."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from sirst5k.errors import ParameterError, suggest

REDUCTIONS = ("batch", "sample")


class Overlap(NamedTuple):
    """Sums of probabilities ``p`` and mask levels ``y``, one each or one for each sample.

    Attributes
    ----------
    shared : (1,) or (B,) tensor
        Σ p·y.
    predicted, true : (1,) or (B,) tensor
        Σ p and Σ y.
    """

    shared: Tensor
    predicted: Tensor
    true: Tensor


def overlap(probability: Tensor, levels: Tensor, reduction: str = "sample") -> Overlap:
    """Return the sums of a batch as a whole, or of each sample by itself."""
    whole = reduction == "batch"
    p, y = (v.reshape(1, -1) if whole else v.flatten(1) for v in (probability, levels))
    return Overlap((p * y).sum(1), p.sum(1), y.sum(1))


def ratio(part: Tensor, whole: Tensor) -> Tensor:
    """Return ``part / whole``, and 0 with no gradient where `whole` is 0.

    A part is never larger than its whole here, so 0/0 alone is at stake: nothing predicted
    where there is nothing. Its value is the limit as the prediction fades.
    """
    # Below the smallest normal number a reciprocal overflows, and a gradient with it.
    nothing = whole < torch.finfo(whole.dtype).tiny
    # Dividing first and choosing afterwards would let NaN into the gradient.
    return torch.where(nothing, 0.0, part / torch.where(nothing, 1.0, whole))


def check_reduction(reduction: str) -> str:
    """Return it, or raise `ParameterError` if it is neither ``batch`` nor ``sample``."""
    if reduction not in REDUCTIONS:
        raise ParameterError(
            f"Expected reduction to be 'batch' or 'sample', got {reduction!r}."
            f"{suggest(str(reduction), REDUCTIONS)}"
        )
    return reduction


def check_range(name: str, value: float, least: float, most: float = float("inf")) -> float:
    """Return a number, or raise `ParameterError` if it lies outside a closed range."""
    if not least <= value <= most or value == float("inf"):
        wanted = f"of at least {least:g}" if most == float("inf") else f"in {least:g}…{most:g}"
        raise ParameterError(f"Expected {name} {wanted}, got {value}.")
    return float(value)
