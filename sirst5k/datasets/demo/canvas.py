"""The raster that scenes are painted on, and what painting gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Field = NDArray[np.float64]
"""A real function on the pixels."""

_OVERSIZE = 1.06
"""Side of the periodic grid over that of the picture."""


class Painting(NamedTuple):
    """What a scene looks like to a perfect camera.

    Attributes
    ----------
    radiance : (H, W) float64
        In fractions of full scale; may exceed 0 … 1 where the display saturates.
    kind : str
        What was painted, for a sample's meta.
    surface : float
        Height from the top, in shorter sides, below which ships and vehicles may stand.
    """

    radiance: Field
    kind: str
    surface: float = 0.0


@dataclass(frozen=True, slots=True)
class Canvas:
    """The pixel raster that a scene is painted on, or a window of it.

    Attributes
    ----------
    height, width : int
        In pixels.
    unit : int
        Pixels of one scene unit; 0 for the shorter side, which a whole picture has.
    first_row, first_column : int
        Where a window lies in its picture.
    """

    height: int
    width: int
    unit: int = 0
    first_row: int = 0
    first_column: int = 0

    @property
    def short(self) -> int:
        """The picture's shorter side in pixels: the unit of scene coordinates."""
        return self.unit or min(self.height, self.width)

    @property
    def x(self) -> Field:
        """(1, W) column coordinates of the pixel centres, from 0, in shorter sides."""
        return (np.arange(self.width)[None, :] + self.first_column + 0.5) / self.short

    @property
    def y(self) -> Field:
        """(H, 1) row coordinates of the pixel centres, from 0 at the top."""
        return (np.arange(self.height)[:, None] + self.first_row + 0.5) / self.short

    def window(self, left: float, top: float, right: float) -> tuple[tuple[slice, slice], Canvas]:
        """Return the part from `top` to the lower edge: its slices and its own canvas."""
        row = min(max(int(top * self.short), 0), self.height)
        first = min(max(int(left * self.short), 0), self.width)
        last = min(max(int(np.ceil(right * self.short)), first), self.width)
        part = Canvas(self.height - row, last - first, self.short, row, first)
        return np.s_[row:, first:last], part

    @property
    def right(self) -> float:
        """Largest x."""
        return self.width / self.short

    @property
    def bottom(self) -> float:
        """Largest y."""
        return self.height / self.short

    @property
    def grid(self) -> tuple[int, int]:
        """Shape of the periodic grid that fields live on, in pixels."""
        height, width = (
            fft.next_fast_len(int(side * _OVERSIZE), real=True)
            for side in (self.height, self.width)
        )
        return height, width

    def cut(self, field: Field) -> Field:
        """Return the picture's part of a periodic field."""
        return field[: self.height, : self.width]
