"""The marginal distribution of noise: how often each grey level occurs in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = 2048
"""Steps into which a field is sorted; a step is a 170th of its standard deviation."""
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


class Marginal:
    """A distribution of grey levels, ready to be given to fields.

    Parameters
    ----------
    table : (K,) float64
        From `quantile_table`.
    """

    def __init__(self, table: NDArray[np.float64]) -> None:
        self.table = table
        self._integral = np.concatenate([[0.0], np.cumsum(table)])
        # One more part of no width, for the rank 1 itself.
        self._padded = np.append(table, 0.0)

    def match(self, field: NDArray[np.float32], deviation: float) -> NDArray[np.float32]:
        """Give a field this distribution, keeping the order of its values.

        The ranks are taken from a histogram of `LEVELS` steps rather than by sorting,
        which is ten times faster and differs by less than a step.

        Parameters
        ----------
        field : (H, W) float32
            Zero-mean.
        deviation : float
            Its standard deviation, which scales the steps.

        Returns
        -------
        (H, W) float32
            Zero-mean, in the table's units.
        """
        steps = field * np.float32(LEVELS / (2 * REACH * deviation))
        steps += np.float32(LEVELS / 2)
        np.clip(steps, 0, LEVELS - 1, out=steps)
        index = steps.astype(np.intp)
        counts = np.bincount(index.ravel(), minlength=LEVELS)
        lookup = self._mean_of_next(counts, field.size)
        lookup -= (lookup @ counts) / field.size
        matched: NDArray[np.float32] = lookup.astype(np.float32).take(index)
        return matched

    def _mean_of_next(self, counts: NDArray[np.intp], total: int) -> NDArray[np.float64]:
        """Return the distribution's mean over successive shares of it.

        A mean, where a quantile at a middle rank would cut the far tails off.

        Parameters
        ----------
        counts : (n,) int
            The shares, as numbers of a total.

        Returns
        -------
        (n,) float64
            0 for shares of nothing.
        """
        ends = np.cumsum(counts) * (self.table.size / total)
        part = ends.astype(np.intp)
        reached = self._integral[part] + self._padded[part] * (ends - part)
        rise = np.diff(reached, prepend=0.0)
        width = counts * (self.table.size / total)
        mean: NDArray[np.float64] = np.divide(rise, width, out=rise, where=counts > 0)
        return mean
