"""Putting ink of one colour on a picture, softly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirst5k.drawing.theme import PAGE, Colour

Picture = NDArray[np.uint8]
"""``(H, W, 3)`` array of ``uint8``: red, green, blue."""


def blank(height: int, width: int, colour: Colour = PAGE) -> Picture:
    """Return a picture of one colour."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = colour
    return picture


def grey_picture(levels: NDArray[np.uint8]) -> Picture:
    """Return an ``(H, W)`` uint8 image as a picture."""
    return np.repeat(levels[..., None], 3, axis=2)


def blend(
    picture: Picture, ink: NDArray[np.float32], colour: Colour, top: int = 0, left: int = 0
) -> None:
    """Lay ink over a picture, in place.

    Parameters
    ----------
    picture : (H, W, 3) uint8
    ink : (h, w) float32
        How much of each pixel is covered, 0 to 1.
    colour : Colour
    top, left : int
        Where the ink begins; what sticks out is cut.
    """
    rows, columns, inner = _overlap(picture, ink.shape, top, left)
    below = picture[rows, columns].astype(np.float32)
    cover = ink[inner][..., None]
    below += cover * (np.asarray(colour, np.float32) - below)
    picture[rows, columns] = np.rint(below).astype(np.uint8)


def place(picture: Picture, part: Picture, top: int, left: int) -> None:
    """Copy a smaller picture into a larger one, in place; what sticks out is cut."""
    rows, columns, inner = _overlap(picture, part.shape, top, left)
    picture[rows, columns] = part[inner]


def fill(picture: Picture, colour: Colour, top: int, left: int, height: int, width: int) -> None:
    """Fill a rectangle, in place; what sticks out is cut."""
    rows, columns, _ = _overlap(picture, (height, width), top, left)
    picture[rows, columns] = colour


def _overlap(
    picture: Picture, shape: tuple[int, ...], top: int, left: int
) -> tuple[slice, slice, tuple[slice, slice]]:
    """Return the rows and columns of a picture that a part covers, and those of the part."""
    spans = []
    for start, length, limit in zip((top, left), shape[:2], picture.shape[:2], strict=True):
        first = min(max(start, 0), limit)
        last = max(min(start + length, limit), first)
        spans.append((slice(first, last), slice(first - start, last - start)))
    (rows, inner_rows), (columns, inner_columns) = spans
    return rows, columns, (inner_rows, inner_columns)
