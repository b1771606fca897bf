"""Which detection continues which track."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

_IMPOSSIBLE = 1e6  # above any cost within the gate, so that pairs are as many as possible


def associate(
    predicted: NDArray[np.float64],
    variances: NDArray[np.float64],
    measured: NDArray[np.float64],
    gate: float,
) -> list[tuple[int, int]]:
    """Assign measurements to predictions one to one: as many as possible, the likeliest.

    The cost of a pair is minus twice the logarithm of its Gaussian likelihood; pairs further
    apart than `gate` standard deviations are none.

    Parameters
    ----------
    predicted : (T, 2) float64
    variances : (T,) float64
        Of what a measurement will differ by, along either axis, pixels².
    measured : (D, 2) float64
    gate : float

    Returns
    -------
    list of (int, int)
        Places in `predicted` and `measured`.
    """
    if not len(predicted) or not len(measured):
        return []
    squared = ((predicted[:, None] - measured[None]) ** 2).sum(axis=2) / variances[:, None]
    cost = np.where(squared <= gate**2, squared + 2 * np.log(variances)[:, None], _IMPOSSIBLE)
    rows, columns = linear_sum_assignment(cost)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(row, column) for row, column in pairs if cost[row, column] < _IMPOSSIBLE]
