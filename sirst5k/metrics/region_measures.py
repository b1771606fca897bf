"""Area and coordinate sums of single regions, read off a label image."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_REACH = 12
"""Pixels around a place within which a region is measured without looking further."""


def measure_window(
    labels: NDArray[Any], count: int, row: int, column: int
) -> Callable[[int], tuple[int, int, int] | None]:
    """Measure all labels in a window; those that leave it, or miss it, are answered by None."""
    height, width = labels.shape
    top, left = max(0, row - _REACH), max(0, column - _REACH)
    window = labels[top : row + _REACH + 1, left : column + _REACH + 1]
    tall, wide = window.shape
    open_sides = (top > 0, left > 0, top + tall < height, left + wide < width)
    sums = np.bincount(window.ravel(), _window_weights(tall, wide, open_sides), count + 1)

    def measured(label: int) -> tuple[int, int, int] | None:
        code = int(sums[label])
        area, rows, columns = code >> 28 & 1023, code >> 14 & 16383, code & 16383
        if code >> 38 or not area:
            return None
        return area, rows + top * area, columns + left * area

    return measured


@lru_cache(maxsize=256)
def _window_weights(
    tall: int, wide: int, open_sides: tuple[bool, bool, bool, bool]
) -> NDArray[np.float64]:
    """Return a number for each pixel that holds its column, its row, a one, and "at an edge".

    So one weighted count gives four sums: up to 625 pixels, each field has bits enough, and
    together they stay below the 2^53 up to which floats are exact.
    """
    edge = np.zeros((tall, wide), np.int64)
    sides = (edge[:1], edge[:, :1], edge[-1:], edge[:, -1:])
    for is_open, side in zip(open_sides, sides, strict=True):
        if is_open:
            side[:] = 1
    rows, columns = np.indices((tall, wide))
    weights: NDArray[np.float64] = (edge << 38 | 1 << 28 | rows << 14 | columns).astype(np.float64)
    return weights.ravel()


def measure_whole(labels: NDArray[Any], label: int) -> tuple[int, int, int]:
    """Return the area and the sums of rows and columns of one label."""
    inside = (labels == label).view(np.uint8)
    # Twenty times faster than moments. OpenCV sums bytes fast into integers only.
    rows = cv2.reduce(inside, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel().astype(np.float64)
    columns = cv2.reduce(inside, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel().astype(np.float64)
    return int(rows.sum()), int(rows @ _places(len(rows))), int(columns @ _places(len(columns)))


@lru_cache(maxsize=64)
def _places(count: int) -> NDArray[np.float64]:
    return np.arange(count, dtype=np.float64)
