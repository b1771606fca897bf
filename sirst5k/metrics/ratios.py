"""Division that says "undefined" instead of raising or inventing a number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def ratio(part: float, whole: float) -> float:
    """Return ``part / whole``, NaN if `whole` is 0."""
    return float(part) / float(whole) if whole else math.nan


def ratios(part: NDArray[Any], whole: NDArray[Any] | float) -> NDArray[np.float64]:
    """Return ``part / whole`` element by element, NaN where `whole` is 0."""
    parts, wholes = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    result = np.full(parts.shape, np.nan)
    np.divide(parts, wholes, out=result, where=wholes != 0)
    return result


def f1_score(precision: float, recall: float) -> float:
    """Return the harmonic mean of two fractions: 0 if both are, NaN if one is."""
    if precision == 0 and recall == 0:
        return 0.0
    return ratio(2 * precision * recall, precision + recall)
