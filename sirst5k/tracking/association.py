"""Which detection continues which track."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_IMPOSSIBLE = 1e6  # above any cost within the gate, so that pairs are as many as possible


def associate(
    predicted: NDArray[np.float64],
    variances: NDArray[np.float64],
    measured: NDArray[np.float64],
    gate: float,
) -> list[tuple[int, int]]:
    """Assign measurements to predictions one to one: as many as possible, the likeliest.

    The cost of a pair is ``d² / v + 2 ln v``, for a distance ``d`` and a variance ``v``: minus
    twice the logarithm of its Gaussian likelihood, but for a constant (the generalised distance
    of S. Blackman and R. Popoli, "Design and Analysis of Modern Tracking Systems", 1999). Pairs
    further apart than `gate` standard deviations are none.

    Parameters
    ----------
    predicted : (T, 2) float64
        x, y in pixels.
    variances : (T,) float64
        Of what a measurement will differ by, along either axis, pixels².
    measured : (D, 2) float64
        x, y in pixels.
    gate : float
        Standard deviations.

    Returns
    -------
    list of (int, int)
        Places in `predicted` and `measured`.

    Examples
    --------
    >>> predicted, measured = np.array([[0.0, 0], [9, 9]]), np.array([[8.0, 9], [50, 50], [1, 0]])
    >>> associate(predicted, np.ones(2), measured, gate=3)
    [(0, 2), (1, 0)]
    """
    from scipy.optimize import linear_sum_assignment  # slow to import, and seldom needed

    if not len(predicted) or not len(measured):
        return []
    squared = ((predicted[:, None] - measured[None]) ** 2).sum(axis=2) / variances[:, None]
    cost = np.where(squared <= gate**2, squared + 2 * np.log(variances)[:, None], _IMPOSSIBLE)
    rows, columns = linear_sum_assignment(cost)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(row, column) for row, column in pairs if cost[row, column] < _IMPOSSIBLE]
