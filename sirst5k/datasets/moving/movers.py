"""Moving targets: what each looks like in a frame, and which pixels and box are its own.

A target's light is the same wherever in a pixel it falls, so that its brightest pixel
flickers as it moves, as in real frames. Its pixels follow the mask rule of
`sirst5k.datasets.demo.targets`: those with at least a quarter of its largest value; its box
is the box of those pixels. A target at the border counts while at least half of its pixels
lie in the frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirst5k.datasets.demo.canvas import Field
from sirst5k.datasets.demo.optics import Optics
from sirst5k.datasets.demo.targets import MASK_LEVEL, Shape, irradiance
from sirst5k.datasets.moving.paths import Path
from sirst5k.sample import Mask

_SEEN = 0.5  # share of a target's pixels that must lie in the frame


@dataclass(frozen=True, slots=True)
class Mover:
    """A target with its path.

    Attributes
    ----------
    track : int
        Its identity.
    shape : Shape
    path : Path
        Of its middle, in pixels of a frame that does not shake.
    amplitude : float
        What it adds to the pixel that it is centred on, in fractions of full scale.
    scintillation : float
        Standard deviation of its brightness as a share of it: aspect and air.
    """

    track: int
    shape: Shape
    path: Path
    amplitude: float
    scintillation: float = 0.0

    @property
    def radius(self) -> int:
        """Half of the window that holds all of its light but what no digit shows, in pixels."""
        return int(np.ceil(5.0 * self.shape.size * np.sqrt(self.shape.aspect) + 5))


@dataclass(frozen=True, eq=False, slots=True)
class Sighting:
    """A target in one frame.

    Attributes
    ----------
    track : int
    window : (slice, slice)
        Rows and columns of the frame.
    light : (h, w) float64
        What it adds there.
    mask : (h, w) bool
        Its pixels there.
    box : (int, int, int, int)
        x1, y1, x2, y2 of its pixels in the frame, ends exclusive.
    counts : bool
        Whether enough of it lies in the frame to be a target of it.
    """

    track: int
    window: tuple[slice, slice]
    light: Field
    mask: Mask
    box: tuple[int, int, int, int]
    counts: bool


def unit_light(mover: Mover, optics: Optics, shift: tuple[float, float] = (0.0, 0.0)) -> Field:
    """Return a target's picture, 1 at the pixel that it is centred on if that is exact."""
    centred = irradiance(mover.shape, optics, (0.0, 0.0), mover.radius)
    if shift == (0.0, 0.0):
        return np.asarray(centred / centred.max())
    return np.asarray(irradiance(mover.shape, optics, shift, mover.radius) / centred.max())


def sight(
    mover: Mover,
    optics: Optics,
    place: tuple[float, float],
    brightness: float,
    height: int,
    width: int,
) -> Sighting | None:
    """Return what a frame shows of a target, or None if nothing.

    Parameters
    ----------
    mover : Mover
    optics : Optics
        The camera, the same as of the scene.
    place : (float, float)
        Row and column of its middle, in pixels of the frame.
    brightness : float
        Factor on its amplitude.
    height, width : int
        Of the frame.
    """
    row, column = (int(np.floor(at + 0.5)) for at in place)
    radius = mover.radius
    top, left = row - radius, column - radius
    y0, y1 = max(top, 0), min(row + radius + 1, height)
    x0, x1 = max(left, 0), min(column + radius + 1, width)
    if y0 >= y1 or x0 >= x1:
        return None
    light = unit_light(mover, optics, (place[0] - row, place[1] - column))
    mask = light >= MASK_LEVEL * light.max()
    seen = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
    inside = mask[seen]
    box = (0, 0, 0, 0)
    if inside.any():
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        box = (
            x0 + int(columns[0]),
            y0 + int(rows[0]),
            x0 + int(columns[-1]) + 1,
            y0 + int(rows[-1]) + 1,
        )
    counts = bool(inside.sum() >= _SEEN * mask.sum())
    added = light[seen] * (mover.amplitude * brightness)
    return Sighting(mover.track, np.s_[y0:y1, x0:x1], added, inside, box, counts)
