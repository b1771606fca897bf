"""Where in an image something may be put: inside it, and clear of its targets."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError
from sirst5k.sample import Mask


def free_places(mask: Mask, height: int, width: int, guard: int) -> NDArray[np.bool_]:
    """Find every place for a rectangle that lies inside an image and clear of its targets.

    Parameters
    ----------
    mask : (H, W) bool
        True where a target is.
    height, width : int
        Size of the rectangle in pixels, at least 1.
    guard : int
        Free pixels to keep between the rectangle and any target, along rows, columns and
        diagonals; not negative.

    Returns
    -------
    (H - height + 1, W - width + 1) bool
        True where the rectangle's first row and column may be. Empty if it is larger than
        the image.

    Examples
    --------
    >>> mask = np.zeros((4, 6), dtype=bool)
    >>> mask[0, 0] = True
    >>> free_places(mask, 2, 2, guard=1).astype(int)
    array([[0, 0, 1, 1, 1],
           [0, 0, 1, 1, 1],
           [1, 1, 1, 1, 1]])
    """
    if height < 1 or width < 1 or guard < 0:
        raise ParameterError(
            f"Expected a rectangle of at least 1×1 pixels and guard >= 0, got {height}×{width} "
            f"and {guard}."
        )
    rows, columns = mask.shape[0] - height + 1, mask.shape[1] - width + 1
    if rows < 1 or columns < 1:
        return np.zeros((max(rows, 0), max(columns, 0)), np.bool_)
    # The image's border needs no clearance: nothing lies beyond it.
    padded = np.pad(mask, guard).view(np.uint8)
    sums = cv2.integral(padded)
    tall, wide = height + 2 * guard, width + 2 * guard
    inside = sums[tall:, wide:] - sums[:-tall, wide:] - sums[tall:, :-wide] + sums[:-tall, :-wide]
    free: NDArray[np.bool_] = inside == 0
    return free


def draw_place(free: NDArray[np.bool_], rng: np.random.Generator) -> tuple[int, int] | None:
    """Draw one of the places of `free_places`, each alike; None if there is none.

    Parameters
    ----------
    free : (h, w) bool
    rng : numpy.random.Generator

    Returns
    -------
    (int, int), optional
        Row and column.
    """
    places = np.flatnonzero(free)
    if not len(places):
        return None
    top, left = divmod(int(places[rng.integers(len(places))]), free.shape[1])
    return top, left
