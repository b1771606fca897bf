"""The marginal distribution of noise: how often each grey level occurs in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = 4096
"""Steps into which a field is sorted; a step is a 340th of its standard deviation."""
REACH = 6.0
"""Standard deviations that the steps cover to either side."""
KNOTS = 32768
"""Equally probable parts that describe a distribution."""


def quantile_table(values: NDArray[Any], knots: int = KNOTS) -> NDArray[np.float64]:
    """Describe a distribution by the means of equally probable parts of it.

    Means of parts, not quantiles, so that the table has the mean of the values, and its
    far tails weigh what they weigh there.

    Parameters
    ----------
    values : array
        Samples of the distribution.
    knots : int
        How many parts; fewer if there are fewer values.

    Returns
    -------
    (knots,) float64
        Ascending.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64), axis=None)
    knots = min(knots, ordered.size)
    edges = np.linspace(0, ordered.size, knots + 1).astype(int)
    return np.add.reduceat(ordered, edges[:-1]) / np.diff(edges)


def match_marginal(
    field: NDArray[np.float32], deviation: float, table: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Give a field the marginal distribution of a quantile table, keeping the order.

    The ranks are taken from a histogram of `LEVELS` steps rather than by sorting, which
    is ten times faster and differs by less than a step.

    Parameters
    ----------
    field : (H, W) float32
        Zero-mean.
    deviation : float
        Its standard deviation, which scales the steps.
    table : (K,) float64
        From `quantile_table`.

    Returns
    -------
    (H, W) float32
        Zero-mean, in the table's units.
    """
    scale = np.float32(LEVELS / (2 * REACH * deviation))
    steps = field * scale
    steps += np.float32(LEVELS / 2)
    np.clip(steps, 0, LEVELS - 1, out=steps)
    index = steps.astype(np.intp)
    counts = np.bincount(index.ravel(), minlength=LEVELS)
    lookup = _mean_between_ranks(table, np.concatenate([[0], np.cumsum(counts)]) / field.size)
    lookup -= (lookup @ counts) / field.size
    matched: NDArray[np.float32] = lookup.astype(np.float32)[index]
    return matched


def _mean_between_ranks(
    table: NDArray[np.float64], ranks: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the distribution's mean between neighbouring ranks.

    A mean, where a quantile at the middle rank would cut the far tails off.

    Parameters
    ----------
    table : (K,) float64
    ranks : (n + 1,) float64
        Ascending from 0 to 1.

    Returns
    -------
    (n,) float64
        0 between equal ranks.
    """
    integral = np.concatenate([[0.0], np.cumsum(table)]) / table.size
    edges = np.arange(table.size + 1) / table.size
    width = np.diff(ranks)
    rise = np.diff(np.interp(ranks, edges, integral))
    mean: NDArray[np.float64] = np.divide(rise, width, out=np.zeros_like(rise), where=width > 0)
    return mean
