"""Windows centred on each target, as large as its surroundings allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sirst5k.components import Target
from sirst5k.errors import ParameterError
from sirst5k.negatives.patch import PatchWindow
from sirst5k.negatives.symmetries import ALL, KEEP_BOX, KEEP_COLUMNS, KEEP_ROWS


@dataclass(frozen=True, slots=True)
class TargetWindow:
    """Where and how one target may be turned.

    Attributes
    ----------
    window : PatchWindow
        Centred on the target; square, of odd side, where there is room for it.
    margin : int
        Pixels around the target's reach, within which the seam may be feathered.
    symmetries : tuple of int
        What may be done to the window; 0, to leave it, is always among them.
    """

    window: PatchWindow
    margin: int
    symmetries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Box:
    """Half-open rows and columns."""

    top: int
    left: int
    bottom: int
    right: int

    def grown(self, margin: int) -> _Box:
        return _Box(
            self.top - margin, self.left - margin, self.bottom + margin, self.right + margin
        )

    def distance(self, other: _Box) -> int:
        """Return the number of free pixels between two boxes, along the wider gap."""
        rows = max(self.top - other.bottom, other.top - self.bottom)
        columns = max(self.left - other.right, other.left - self.right)
        return max(rows, columns)

    def room(self, shape: tuple[int, int]) -> int:
        """Return how far the box can grow inside an image; negative if it sticks out."""
        return min(self.top, self.left, shape[0] - self.bottom, shape[1] - self.right)


def target_windows(
    targets: Sequence[Target],
    shape: tuple[int, int],
    margin: int = 3,
    margin_ratio: float = 0.5,
    even: bool = False,
) -> list[TargetWindow]:
    """Find the window of each target of an image.

    A window is centred on its target's box and reaches `margin` pixels beyond it, or
    `margin_ratio` of the box's longer side if that is more. It never holds a pixel that a
    neighbour occupies, or could come to occupy when it is turned itself, and keeps one
    free pixel to it, so that no order of turning makes two targets touch. Where the square
    does not fit, the box itself is taken, which still allows a half turn and two flips. A
    target that the image's border cuts off is only flipped along that border.

    Parameters
    ----------
    targets : sequence of Target
        All targets of the image, from `sirst5k.components.find_targets`.
    shape : (int, int)
        Height and width of the image.
    margin : int
        Least margin in pixels, at least 1.
    margin_ratio : float
        Margin as a share of the target's longer side.
    even : bool
        Whether a window may have an even side. It then lies half a pixel nearer to the middle
        of targets of even size, which matters where they move from frame to frame.

    Returns
    -------
    list of TargetWindow
        One a target, in their order.
    """
    if margin < 1 or margin_ratio < 0:
        raise ParameterError(
            f"Expected margin >= 1 and margin_ratio >= 0, got {margin} and {margin_ratio}."
        )
    reaches = [_reach(target, even) for target in targets]
    windows = []
    for index, target in enumerate(targets):
        others = [box for place, box in enumerate(reaches) if place != index]
        wanted = max(margin, round(margin_ratio * max(target.height, target.width)))
        windows.append(_window(target, reaches[index], others, shape, wanted))
    return windows


def _reach(target: Target, even: bool) -> _Box:
    """Return the square around a box's middle in which any symmetry keeps it."""
    if even:
        side = max(target.height, target.width)
        top = target.top - (side - target.height) // 2
        left = target.left - (side - target.width) // 2
        return _Box(top, left, top + side, left + side)
    y, x = (target.top + target.bottom - 1) // 2, (target.left + target.right - 1) // 2
    radius = max(target.bottom - 1 - y, target.right - 1 - x)
    return _Box(y - radius, x - radius, y + radius + 1, x + radius + 1)


def _window(
    target: Target, reach: _Box, others: Sequence[_Box], shape: tuple[int, int], wanted: int
) -> TargetWindow:
    box = _Box(target.top, target.left, target.bottom, target.right)
    cut_rows = box.top == 0 or box.bottom == shape[0]
    cut_columns = box.left == 0 or box.right == shape[1]
    if not cut_rows and not cut_columns:
        free = _freedom(reach, others, shape, wanted)
        if free is not None:
            return _grown(reach, free, ALL)
    free = _freedom(box, others, shape, wanted)
    if free is None or (cut_rows and cut_columns):
        return _grown(box, 0, (0,))
    if cut_rows:
        return _grown(box, free, KEEP_ROWS)
    if cut_columns:
        return _grown(box, free, KEEP_COLUMNS)
    return _grown(box, free, KEEP_BOX)


def _freedom(core: _Box, others: Sequence[_Box], shape: tuple[int, int], wanted: int) -> int | None:
    """Return the margin that a core can have, or None where it cannot be turned at all."""
    to_border = core.room(shape)
    to_neighbour = min((core.distance(other) for other in others), default=wanted)
    # Nothing lies beyond the border, but a neighbour must stay one free pixel away.
    if to_border < 0 or to_neighbour < 1:
        return None
    return min(wanted, to_border, to_neighbour)


def _grown(core: _Box, margin: int, symmetries: tuple[int, ...]) -> TargetWindow:
    box = core.grown(margin)
    window = PatchWindow(box.top, box.left, box.bottom - box.top, box.right - box.left)
    return TargetWindow(window, margin, symmetries)
