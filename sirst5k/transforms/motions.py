"""How a transform moves what lies on the scene: masks, boxes and points.

Boxes are x1, y1, x2, y2 along pixel edges: a target in columns 3 to 5 spans x from 3 to 6.
Points are x, y with whole numbers at pixel centres, as `sirst5k.components.Target` has them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.negatives import PatchWindow, apply_symmetry
from sirst5k.sample import Mask

Rows = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Motion:
    """A window of the scene, and where it goes.

    Attributes
    ----------
    window : PatchWindow
        The rectangle that is taken up.
    top, left : int
        First row and column of where it is put down.
    symmetry : int
        0 to 7; see `sirst5k.negatives.apply_symmetry`.
    pixels : (h, w) bool, optional
        Where given, only these pixels of the window go, and what they leave stays where it
        was, too: a copy. None moves the whole window.
    """

    window: PatchWindow
    top: int
    left: int
    symmetry: int
    pixels: Mask | None = None

    @property
    def target_slices(self) -> tuple[slice, slice]:
        """Rows and columns of where it is put down."""
        height, width = self.window.height, self.window.width
        if self.symmetry % 2:
            height, width = width, height
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def move_plane(plane: NDArray[Any], motions: Iterable[Motion]) -> NDArray[Any]:
    """Move the values of an ``(H, W)`` array, as a mask or an image of labels; a new array."""
    moved = plane.copy()
    for motion in motions:
        taken = apply_symmetry(moved[motion.window.slices], motion.symmetry).copy()
        place = motion.target_slices
        if motion.pixels is None:
            moved[place] = taken
        else:
            pixels = apply_symmetry(motion.pixels, motion.symmetry)
            moved[place][pixels] = taken[pixels]
    return moved


def move_boxes(boxes: Rows, motions: Iterable[Motion]) -> Rows:
    """Move boxes ``(N, 4 or more)`` whose centre lies in a moved window; a new array.

    A copy adds rows behind the others. Further columns stay with their box.
    """
    moved = boxes.copy()
    for motion in motions:
        window = motion.window
        x, y = (moved[:, 0] + moved[:, 2]) / 2, (moved[:, 1] + moved[:, 3]) / 2
        inside = _inside(x - window.left, y - window.top, window)
        rows = moved[inside]
        corners = rows[:, [0, 2]], rows[:, [1, 3]]
        x, y = _turned(corners[0] - window.left, corners[1] - window.top, motion, 0)
        rows[:, 0], rows[:, 2] = x.min(axis=1) + motion.left, x.max(axis=1) + motion.left
        rows[:, 1], rows[:, 3] = y.min(axis=1) + motion.top, y.max(axis=1) + motion.top
        moved = _put(moved, inside, rows, motion)
    return moved


def move_points(points: Rows, motions: Iterable[Motion]) -> Rows:
    """Move points ``(N, 2 or more)`` on the pixels of a moved window; a new array.

    A copy adds rows behind the others. Further columns stay with their point.
    """
    moved = points.copy()
    for motion in motions:
        window = motion.window
        x, y = moved[:, 0] - window.left, moved[:, 1] - window.top
        inside = _inside(x + 0.5, y + 0.5, window)
        rows = moved[inside]
        x, y = _turned(x[inside], y[inside], motion, 1)
        rows[:, 0], rows[:, 1] = x + motion.left, y + motion.top
        moved = _put(moved, inside, rows, motion)
    return moved


def _inside(x: Rows, y: Rows, window: PatchWindow) -> Mask:
    inside: Mask = (x >= 0) & (x < window.width) & (y >= 0) & (y < window.height)
    return inside


def _turned(x: Rows, y: Rows, motion: Motion, last: int) -> tuple[Rows, Rows]:
    """Turn coordinates within a window; `last` is what an edge and a pixel's centre differ by."""
    width, height = motion.window.width - last, motion.window.height - last
    if motion.symmetry >= 4:
        x = width - x
    turns = motion.symmetry % 4
    if turns == 0:
        return x, y
    if turns == 1:
        return y, width - x
    return (width - x, height - y) if turns == 2 else (height - y, x)


def _put(moved: Rows, inside: Mask, rows: Rows, motion: Motion) -> Rows:
    if motion.pixels is not None:
        return np.concatenate([moved, rows])
    moved[inside] = rows
    return moved
