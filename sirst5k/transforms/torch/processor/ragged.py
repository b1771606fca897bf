"""Lists of different lengths: one behind the other, or as rows that are filled up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def restarted(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 0, 1, … ``count - 1`` for each count, one after the other.

    Examples
    --------
    >>> restarted(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    begins = counts.cumsum() - counts
    return np.arange(counts.sum()) - begins.repeat(counts)


def fullest(there: NDArray[np.bool_]) -> int:
    """Return how many columns of ``(B, K)`` rows are in use, at least one."""
    counts = there.sum(axis=0)
    return max(1, len(np.trim_zeros(counts, "b")))


def pad_rows(rows: Tensor, count: int, value: int) -> Tensor:
    """Lengthen ``(B, K, …)`` rows by a number of columns."""
    return F.pad(rows, (*[0, 0] * (rows.ndim - 2), 0, count), value=value)
