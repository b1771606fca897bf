"""Where the enlarged parts of a row of a contact sheet are: around one target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.components import Target, find_targets
from sirst5k.drawing import Box, Stretch, local_stretch
from sirst5k.negatives import PatchWindow
from sirst5k.sample import Sample
from sirst5k.synthesis.sheet_choice import Turn, main_target, turns_of

Point = tuple[float, float]
"""Row and column; the middle of the first pixel is (0.5, 0.5)."""

_AROUND = 4  # pixels to show beside what the zoom is about
_SMALLEST_PART, _LARGEST_FACTOR = 11, 12


@dataclass(frozen=True, slots=True)
class Focus:
    """The place that all zooms of a row show.

    Attributes
    ----------
    y, x : float
        Its row and column in the image that is varied.
    shape : (int, int)
        Of that image; a source may have another size before it is brought to this one.
    extent : int
        Pixels that should be seen at least, along each axis.
    target : int, optional
        Number of the target there, if it is turned.
    """

    y: float
    x: float
    shape: tuple[int, int]
    extent: int
    target: int | None

    def centre_in(self, shape: tuple[int, ...]) -> Point:
        """Return the place in the same image at another size."""
        return self.y / self.shape[0] * shape[0], self.x / self.shape[1] * shape[1]

    def centre_after(self, turns: Sequence[Turn]) -> Point:
        """Return where the place is in an output, after its turns."""
        for turn in turns:
            if turn.target == self.target:
                return _turned((self.y, self.x), turn)
        return self.y, self.x

    def factor(self, side: int) -> int:
        """Return how much to enlarge for a zoom of this side in pixels."""
        return min(_LARGEST_FACTOR, max(1, side // self._part()))

    def stretch(self, views: Sequence[tuple[NDArray[Any], Point]]) -> Stretch:
        """Return one stretch for what is seen around a point of each of some images."""
        seen = [_around(image, point, self._part() / 2).ravel() for image, point in views]
        return local_stretch(np.concatenate(seen))

    def _part(self) -> int:
        return max(self.extent + _AROUND, _SMALLEST_PART)


def find_focus(base: Sample, variants: Sequence[Sample]) -> Focus:
    """Return where the target is that most variants turn, or the largest, or the middle.

    Parameters
    ----------
    base : Sample
        The image that is varied.
    variants : sequence of Sample
        With ``operations`` in their ``meta``.
    """
    shown = [turns_of(variant.meta["operations"]) for variant in variants]
    index = main_target([variant.meta["operations"] for variant in variants])
    targets = find_targets(base.mask)
    if index is not None and index < len(targets):
        windows = [turn.window for turns in shown for turn in turns if turn.target == index]
        # The smallest window, if there are several, but the whole target in any case:
        # published windows can be smaller than it.
        side = min(max(window.height, window.width) for window in windows)
        return _steadied(_on(targets[index], base, side, index), windows)
    if targets:
        return _on(max(targets, key=lambda target: target.area), base, 0, None)
    return Focus(base.shape[0] / 2, base.shape[1] / 2, base.shape, 0, None)


def nearest_target(sample: Sample, point: Point) -> Target | None:
    """Return the target of a sample that is nearest to a point, if it has any."""
    return min(
        find_targets(sample.mask),
        key=lambda target: (target.y + 0.5 - point[0]) ** 2 + (target.x + 0.5 - point[1]) ** 2,
        default=None,
    )


def box_of(window: PatchWindow) -> Box:
    """Return a window as a box to draw."""
    bottom, right = window.top + window.height, window.left + window.width
    return window.top, window.left, bottom, right


def _on(target: Target, base: Sample, side: int, index: int | None) -> Focus:
    y, x = (target.top + target.bottom) / 2, (target.left + target.right) / 2
    return Focus(y, x, base.shape, max(target.height, target.width, side), index)


def _steadied(focus: Focus, windows: Sequence[PatchWindow]) -> Focus:
    """Return the focus at its windows' centre if that is as near as whole pixels allow.

    No turn moves that centre, so that the window stands still from variant to variant.
    """
    centres = {((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for box in map(box_of, windows)}
    y, x = centres.pop()
    if centres or max(abs(y - focus.y), abs(x - focus.x)) > 0.5:
        return focus
    return replace(focus, y=y, x=x)


def _turned(point: Point, turn: Turn) -> Point:
    """Return where a symmetry of its window takes a point."""
    top, left, bottom, right = box_of(turn.window)
    middle = (top + bottom) / 2, (left + right) / 2
    dy, dx = point[0] - middle[0], point[1] - middle[1]
    if turn.symmetry >= 4:
        dx = -dx
    for _ in range(turn.symmetry % 4):  # counter-clockwise, rows counted downwards
        dy, dx = -dx, dy
    return middle[0] + dy, middle[1] + dx


def _around(image: NDArray[Any], point: Point, reach: float) -> NDArray[Any]:
    """Return the part of an image within a distance of a point, at least one pixel."""
    spans = []
    for middle, length in zip(point, image.shape, strict=True):
        first = min(max(0, int(middle - reach)), length - 1)
        spans.append(slice(first, max(first + 1, int(middle + reach) + 1)))
    return image[spans[0], spans[1]]
