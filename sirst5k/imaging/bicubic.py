"""Resizing as Pillow does it with its bicubic filter, to the grey level.

A pixel of the new picture is centred at ``c = (i + ½) s`` in the old one, with ``s`` the old
pixels per new one. It is the weighted mean of the old pixels at ``j + ½`` with the weights
``k((j + ½ - c) / max(s, 1))``, made to sum to 1, over those within two widths: enlarging
interpolates, shrinking averages. ``k`` is the cubic convolution kernel with ``a = -½`` (R. Keys,
IEEE Trans. ASSP 29, 1981):

    ``k(x) = (a+2)|x|³ - (a+3)|x|² + 1`` for ``|x| < 1``,  ``a|x|³ - 5a|x|² + 8a|x| - 4a`` to 2.

First the rows are resized, then the columns. Grey levels of 8 bits are rounded and cut between
the two, and weights are whole multiples of 2⁻²², which is why no other library gives the same
levels. (Pillow 13.0 takes the columns first where it shrinks pictures that are much taller
than wide, which changes grey levels at their edges; here the order is always the same.)
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError, ShapeError
from sirst5k.sample import IMAGE_DTYPES

_BITS = 22
_REACH = 2.0


def resize_bicubic(frames: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Resize frames.

    Parameters
    ----------
    frames : (..., H, W) uint8 | uint16 | float32
    height, width : int
        New size, at least 1.

    Returns
    -------
    (..., height, width) array of the dtype of `frames`
        Of ``uint8``, exactly what Pillow gives. ``uint16`` is computed in float64 and rounded
        once, ``float32`` is not rounded and may overshoot.

    Raises
    ------
    ShapeError, ParameterError
        If these are no frames, or a side is below 1.
    """
    if frames.ndim < 2 or frames.dtype not in IMAGE_DTYPES or 0 in frames.shape:
        raise ShapeError(
            f"Expected frames (..., H, W) of uint8, uint16 or float32, got {frames.shape} of "
            f"{frames.dtype}."
        )
    if min(height, width) < 1:
        raise ParameterError(f"Expected a size of at least 1×1 pixels, got {width}×{height}.")
    across = taps(frames.shape[-1], width)
    down = taps(frames.shape[-2], height)
    if frames.dtype == np.uint8:
        return _levels(np.swapaxes(_levels(np.swapaxes(frames, -1, -2), across), -1, -2), down)
    wide = np.swapaxes(_mean(np.swapaxes(frames, -1, -2).astype(np.float64), across), -1, -2)
    resized = _mean(wide, down)
    if frames.dtype == np.uint16:
        return np.clip(np.rint(resized), 0, 65535).astype(np.uint16)
    return resized.astype(np.float32)


@lru_cache(maxsize=64)
def taps(size: int, resized: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return what each pixel along an axis is made of.

    Parameters
    ----------
    size, resized : int
        Pixels along the axis before and after.

    Returns
    -------
    pixels : (k, resized) int64
        The old pixels of each new one.
    weights : (k, resized) float64
        Their weights, 0 beyond the reach; they sum to 1.
    """
    step = size / resized
    width = max(step, 1.0)
    centres = (np.arange(resized) + 0.5) * step
    first = np.maximum(np.floor(centres - _REACH * width + 0.5), 0).astype(np.int64)
    end = np.minimum(np.floor(centres + _REACH * width + 0.5), size).astype(np.int64)
    pixels = first + np.arange(int((end - first).max()))[:, None]
    weights = _kernel((pixels - centres + 0.5) / width)
    weights[pixels >= end] = 0.0
    weights /= weights.sum(axis=0)
    return np.minimum(pixels, size - 1), weights


def _kernel(x: NDArray[np.float64]) -> NDArray[np.float64]:
    a, x = -0.5, np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < _REACH, far, 0.0))


def _levels(
    frames: NDArray[np.uint8], kernel: tuple[NDArray[np.int64], NDArray[np.float64]]
) -> NDArray[np.uint8]:
    """Resize the axis before the last in whole numbers."""
    pixels, weights = kernel
    # Halves away from zero, as C rounds. 255 times the sum of weights stays below 2³¹.
    whole = np.trunc(weights * (1 << _BITS) + np.copysign(0.5, weights)).astype(np.int32)
    total = np.full((*frames.shape[:-2], pixels.shape[1], frames.shape[-1]), 1 << (_BITS - 1))
    total = total.astype(np.int32)
    for places, shares in zip(pixels, whole, strict=True):
        total += frames[..., places, :] * shares[:, None]
    total >>= _BITS
    levels: NDArray[np.uint8] = np.clip(total, 0, 255).astype(np.uint8)
    return levels


def _mean(
    frames: NDArray[np.float64], kernel: tuple[NDArray[np.int64], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Resize the axis before the last."""
    pixels, weights = kernel
    total = np.zeros((*frames.shape[:-2], pixels.shape[1], frames.shape[-1]))
    for places, shares in zip(pixels, weights, strict=True):
        total += frames[..., places, :] * shares[:, None]
    return total
