"""The forms of decoys, as functions of coordinates in pixels along and across them.

Every one is 1 at most, and fades to 0 at the distance from the centre that its kind reaches;
only hot pixels end at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float64]

_BLUR = 0.9  # pixels, standard deviation of a line seen through the optics


def _fall(distance: Grid, width: float) -> Grid:
    """Return 1 at no distance, falling as a raised cosine to 0 at a width."""
    fall: Grid = 0.5 + 0.5 * np.cos(np.pi * np.clip(distance / width, 0, 1))
    return fall


def _bright_side(distance: Grid) -> Grid:
    """Return a straight edge, as soft as optics leave it."""
    side: Grid = np.clip(distance / (2 * _BLUR) + 0.5, 0, 1)
    return side


def _soft_ends(along: Grid, size: int) -> Grid:
    """Return 1 along a length of `size` about the centre, but for soft ends."""
    return _fall(np.maximum(np.abs(along) - (size / 2 - 2), 0), 4)


def streak(along: Grid, across: Grid, size: int) -> Grid:
    """Return a line, `size` long, with soft ends."""
    line: Grid = _soft_ends(along, size) * np.exp(-0.5 * (across / _BLUR) ** 2)
    return line


def edge(along: Grid, across: Grid, size: int) -> Grid:
    """Return a straight edge, `size` long, its bright side fading over half of that."""
    lit = _bright_side(across) * _fall(np.maximum(across, 0), size / 2)
    return lit * _fall(np.maximum(np.abs(along) - size / 6, 0), size / 3)


def corner(along: Grid, across: Grid, size: int) -> Grid:
    """Return two edges that meet at a right angle, each two thirds of `size` long."""
    arm = 2 * size / 3
    inside = _bright_side(along) * _bright_side(across)
    first = _fall(np.maximum(across, 0), 4) * _fall(np.maximum(along - arm / 2, 0), arm / 2)
    second = _fall(np.maximum(along, 0), 4) * _fall(np.maximum(across - arm / 2, 0), arm / 2)
    bracket: Grid = inside * np.maximum(first, second)
    return bracket


def blob(along: Grid, across: Grid, size: int) -> Grid:
    """Return a soft ellipse, `size` long."""
    return _fall(np.hypot(along, across / 0.7), size / 2)


def hot_pixel(along: Grid, across: Grid, size: int) -> Grid:
    """Return `size` pixels in a row, without any blur."""
    # Those nearest to a half-line from the centre: the pixel itself, then along it.
    reach = along.shape[0] // 2
    order = np.where(along > -0.5, along + 3 * np.abs(across), np.inf)
    order[reach, reach] = -1
    hot: Grid = np.zeros(along.shape)
    hot.ravel()[np.argsort(order, axis=None, kind="stable")[:size]] = 1
    return hot


def spot(along: Grid, across: Grid, size: int) -> Grid:
    """Return a soft point, `size` wide."""
    return _fall(np.hypot(along, across), size / 2 + 1)
