"""Removing a least-squares plane, so that a window's slope is not taken for noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def remove_plane(windows: NDArray[Any]) -> NDArray[np.float32]:
    """Subtract the least-squares plane ``a + b·x + c·y`` from each window.

    Rows and columns counted from the centre are orthogonal to each other and to a
    constant, so the three coefficients are three independent means.

    Parameters
    ----------
    windows : (..., h, w) array
        Windows in grey levels, any real dtype.

    Returns
    -------
    (..., h, w) float32
        Zero-mean residuals in the same units; computed in float64.
    """
    values = np.asarray(windows, dtype=np.float64)
    height, width = values.shape[-2:]
    y = np.arange(height) - (height - 1) / 2
    x = np.arange(width) - (width - 1) / 2
    values = values - values.mean(axis=(-2, -1), keepdims=True)
    # A window of one row or column has no slope along it.
    if width > 1:
        values -= ((values.mean(axis=-2) @ x) / (x @ x))[..., None, None] * x
    if height > 1:
        values -= ((values.mean(axis=-1) @ y) / (y @ y))[..., None, None] * y[:, None]
    residual: NDArray[np.float32] = values.astype(np.float32)
    return residual
