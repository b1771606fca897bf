"""Windows of a picture at sub-pixel places: what a camera sees that moves over a scene.

The picture is taken for the cubic B-spline through its pixels (M. Unser, A. Aldroubi,
M. Eden, "B-spline signal processing", IEEE Trans. Signal Processing 41, 1993): its
coefficients are found once, and a window at any place is then four rows and four columns of
them, weighted alike for all pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sirst5k.datasets.demo.canvas import Field


@dataclass(frozen=True, eq=False, slots=True)
class Surface:
    """A picture that can be looked at between its pixels.

    Attributes
    ----------
    coefficients : (h, w) float64
    periodic : bool
        Whether it goes on with its other end at its border; else it is mirrored there.
    """

    coefficients: Field
    periodic: bool = False

    def window(self, top: float, left: float, height: int, width: int) -> Field:
        """Return the pixels whose centres lie at ``(top + i, left + j)``.

        Parameters
        ----------
        top, left : float
            Where the first pixel's centre lies, in pixels of the picture.
        height, width : int
        """
        (rows, down), (columns, across) = _split(top), _split(left)
        mode = "wrap" if self.periodic else "reflect"
        part = _part(self.coefficients, (rows - 1, columns - 1), (height + 3, width + 3), mode)
        tall = np.zeros((height, width + 3))
        for k, weight in enumerate(down):
            tall += weight * part[k : k + height]
        window = np.zeros((height, width))
        for k, weight in enumerate(across):
            window += weight * tall[:, k : k + width]
        return window


def surface(picture: Field, periodic: bool = False) -> Surface:
    """Return a picture as a `Surface`: it passes exactly through its pixels."""
    from scipy import ndimage  # slow to import, and only embedded sequences need it

    mode: Literal["grid-wrap", "mirror"] = "grid-wrap" if periodic else "mirror"
    return Surface(ndimage.spline_filter(picture, order=3, mode=mode), periodic)


def _split(place: float) -> tuple[int, tuple[float, ...]]:
    """Return the whole part of a place, and the cubic B-spline's weights for the rest."""
    whole = int(np.floor(place))
    f = place - whole
    return whole, (
        (1 - f) ** 3 / 6,
        (4 - 6 * f * f + 3 * f**3) / 6,
        (1 + 3 * f + 3 * f * f - 3 * f**3) / 6,
        f**3 / 6,
    )


def _part(array: Field, first: tuple[int, int], size: tuple[int, int], mode: str) -> Field:
    (top, left), (height, width) = first, size
    inside = top >= 0 and left >= 0 and top + height <= len(array)
    if inside and left + width <= array.shape[1]:
        return array[top : top + height, left : left + width]
    rows = _indices(top, height, array.shape[0], mode)
    columns = _indices(left, width, array.shape[1], mode)
    return np.asarray(array[np.ix_(rows, columns)])


def _indices(first: int, count: int, size: int, mode: str) -> NDArray[np.int64]:
    places = np.arange(first, first + count)
    if mode == "wrap" or size == 1:
        return np.asarray(places % size)
    places = np.abs(places) % (2 * size - 2)
    return np.where(places < size, places, 2 * size - 2 - places)
