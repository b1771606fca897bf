"""Thresholds moved onto the scale of the scores, so that no sigmoid need be computed.

Every rule "positive where f(score) exceeds t" with a growing ``f`` is "positive where score
exceeds a cut". The cut is found once for each threshold, exactly, rounding of the published
float32 sigmoid included.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from sirst5k.metrics.arrays import Inputs, Scores2D

Cuts = NDArray[np.float64]
"""``(K,)`` float64; a pixel is positive where its score is strictly above."""

_DISTINCT = 23.0


def exact_cuts(probabilities: Sequence[float], inputs: Inputs) -> Cuts:
    """Return the cuts for ``sigmoid(logit) > t`` with a sigmoid of infinite precision."""
    if inputs == "prob":
        return np.array(probabilities, np.float64)
    return np.array([_logit(t) for t in probabilities])


def float32_cuts(probabilities: Sequence[float], inputs: Inputs, *, reached: bool = False) -> Cuts:
    """Return the cuts for ``float32(sigmoid(logit)) > float32(t)``, as torch computes it.

    Parameters
    ----------
    probabilities : sequence of float
    inputs : {"logits", "prob"}
    reached : bool
        Whether a score that equals the threshold is positive: ``>=`` instead of ``>``.
    """
    levels = np.array(probabilities, np.float32)
    if inputs == "logits":
        return _invert(tuple(levels.tolist()), reached).copy()
    if reached:
        levels = np.nextafter(levels, np.float32(-np.inf))
    return levels.astype(np.float64)


def logit_cuts(logits: Sequence[float], inputs: Inputs) -> Cuts:
    """Return the cuts for ``logit > t``; for probabilities, those of the float32 sigmoid."""
    levels = np.array(logits, np.float32)
    return (levels if inputs == "logits" else sigmoid32(levels)).astype(np.float64)


def cuts_for(scores: NDArray[np.floating[Any]], cuts: Cuts) -> NDArray[np.floating[Any]]:
    """Return the cuts in the dtype of the scores, such that no comparison changes.

    NumPy rounds a Python float to the nearest float32 before it compares; a cut that is
    rounded up would lose the score between. Rounded down, it loses none.
    """
    if scores.dtype == np.float64:
        return cuts
    rounded = cuts.astype(np.float32)
    above = rounded > cuts
    rounded[above] = np.nextafter(rounded[above], np.float32(-np.inf))
    return rounded


def sigmoid32(logits: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return the sigmoid rounded to float32 once; it underflows to 0 below -103.97."""
    result: NDArray[np.float32] = expit(np.asarray(logits, np.float64)).astype(np.float32)
    return result


def as_probable(logits: Scores2D) -> Scores2D:
    """Return the logits with those made equal whose probabilities are equal in float64.

    Ranks then are those of probabilities: beyond a logit of 37 all are 1. Below 23 a float32
    logit always has a probability of its own, so that most maps come back as they are.
    """
    if logits.max() <= _DISTINCT:
        return logits
    result = logits.copy()
    high = logits > _DISTINCT
    result[high] = logit(expit(logits[high].astype(np.float64)))
    return result


def _logit(probability: float) -> float:
    if probability <= 0:
        return -math.inf
    if probability >= 1:
        return math.inf
    return math.log(probability / (1 - probability))


@lru_cache(maxsize=64)
def _invert(levels: tuple[float, ...], reached: bool) -> Cuts:
    """Return the greatest float32 logit whose float32 sigmoid is not yet positive."""
    level = np.array(levels, np.float32)
    # Floats of one sign are ordered as their bits are; bisection runs over all of them.
    low = np.full(level.shape, _order(np.float32(-np.inf)))
    high = np.full(level.shape, _order(np.float32(np.inf)))
    while (high - low > 1).any():
        middle = (low + high) // 2
        value = sigmoid32(_unorder(middle))
        positive = value >= level if reached else value > level
        high = np.where(positive, middle, high)
        low = np.where(positive, low, middle)
    top = sigmoid32(np.array([np.inf]))[0]
    never = level > top if reached else level >= top
    cuts = _unorder(low).astype(np.float64)
    cuts[never] = np.inf
    cuts.flags.writeable = False
    return cuts


def _order(value: np.float32) -> int:
    bits = int(value.view(np.int32))
    return bits if bits >= 0 else -(bits & 0x7FFFFFFF)


def _unorder(order: NDArray[np.int64]) -> NDArray[np.float32]:
    magnitude = np.abs(order).astype(np.int32).view(np.float32)
    return np.where(order < 0, -magnitude, magnitude).astype(np.float32)
