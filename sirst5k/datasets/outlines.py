"""Masks as polygons along the edges of their pixels, and polygons as masks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import DatasetError
from sirst5k.sample import Mask

Point = tuple[int, int]
_MOST_CROSSINGS = 4_000_000


class Filled(NamedTuple):
    """The pixels of a polygon: which part of the image, which of its pixels, and the work."""

    rows: slice
    columns: slice
    inside: Mask
    cost: int


def trace(mask: Mask) -> tuple[list[Point], list[list[Point]]]:
    """Return the outline of one 8-connected region, and the outlines of its holes.

    The corners are those of pixels: a target of one pixel is a square of four corners, not a
    point, and filling the outline gives back exactly the region. Where pixels touch at a
    corner only, the outline passes through that corner twice.

    Parameters
    ----------
    mask : (H, W) bool
        One 8-connected region, for instance a component cut out with its bounding box.

    Returns
    -------
    outline : list of (x, y)
        Clockwise as seen on a screen; pixel (row, column) covers ``column … column + 1`` in x
        and ``row … row + 1`` in y.
    holes : list of list of (x, y)
        Counterclockwise.
    """
    steps = _edges(mask)
    outline: list[Point] = []
    holes = []
    while steps:
        loop = _take_loop(steps)
        if _doubled_area(loop) > 0:
            outline = loop
        else:
            holes.append(loop)
    return outline, holes


def fill(polygon: NDArray[np.float64], shape: tuple[int, int]) -> Filled:
    """Return the pixels whose centres a polygon encloses, by the even-odd rule.

    Parameters
    ----------
    polygon : (N, 2) float64
        x and y of its corners.
    shape : (int, int)
        Height and width of the image; what lies outside is cut off.

    Returns
    -------
    Filled
        `rows` and `columns` of the image, the ``(h, w)`` bool mask `inside` of them, and how
        many crossings and pixels that took.

    Raises
    ------
    DatasetError
        If the polygon has so many corners over so many rows that it would take minutes.
    """
    height, width = shape
    x0, y0 = np.clip(np.floor(polygon.min(axis=0)), 0, (width, height)).astype(int)
    x1, y1 = np.clip(np.ceil(polygon.max(axis=0)), 0, (width, height)).astype(int)
    rows, columns = slice(int(y0), int(y1)), slice(int(x0), int(x1))
    # Whether a number is odd survives its overflow, and eight bits take the least memory.
    toggles = np.zeros((max(0, y1 - y0), max(0, x1 - x0) + 1), np.uint8)
    cost = toggles.size
    if toggles.shape[0] and toggles.shape[1] > 1:
        row, place = _crossings(polygon, int(y0), int(y1))
        column = np.clip(np.ceil(place - 0.5), x0, x1).astype(int) - x0
        np.add.at(toggles, (row - y0, column), 1)
        cost += 10 * row.size
    sums = np.cumsum(toggles, axis=1, dtype=np.uint8)[:, :-1]
    return Filled(rows, columns, (sums & 1).astype(np.bool_), cost)


def _crossings(
    polygon: NDArray[np.float64], top: int, bottom: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return where the edges of a polygon cross the middles of rows: row and x of each."""
    ends = np.roll(polygon, -1, axis=0)
    upper = np.where((polygon[:, 1] <= ends[:, 1])[:, None], polygon, ends)
    lower = np.where((polygon[:, 1] <= ends[:, 1])[:, None], ends, polygon)
    first = np.clip(np.ceil(upper[:, 1] - 0.5), top, bottom).astype(np.int64)
    last = np.clip(np.ceil(lower[:, 1] - 0.5), top, bottom).astype(np.int64)
    counts = last - first
    total = int(counts.sum())
    if total > _MOST_CROSSINGS:
        raise DatasetError(
            f"Expected polygons around targets, but one of {len(polygon):,} corners crosses "
            f"{total:,} rows. Correct the annotation."
        )
    edge = np.repeat(np.arange(len(polygon)), counts)
    starts = np.cumsum(counts) - counts
    row = np.arange(total) - starts[edge] + first[edge]
    slope = (lower[edge, 0] - upper[edge, 0]) / (lower[edge, 1] - upper[edge, 1])
    return row, upper[edge, 0] + (row + 0.5 - upper[edge, 1]) * slope


def _edges(mask: Mask) -> dict[Point, list[Point]]:
    """Return the border between region and background: corner -> directions to go on from it.

    The region lies to the right of each step, on a screen.
    """
    framed = np.pad(mask, 1)
    inner = framed[1:-1, 1:-1]
    steps: dict[Point, list[Point]] = {}
    for outside, (left, down), direction in (
        (framed[:-2, 1:-1], (0, 0), (1, 0)),  # nothing above: along the top, to the right
        (framed[1:-1, 2:], (1, 0), (0, 1)),
        (framed[2:, 1:-1], (1, 1), (-1, 0)),
        (framed[1:-1, :-2], (0, 1), (0, -1)),
    ):
        rows, columns = np.nonzero(inner & ~outside)
        for y, x in zip(rows.tolist(), columns.tolist(), strict=True):
            steps.setdefault((x + left, y + down), []).append(direction)
    return steps


def _take_loop(steps: dict[Point, list[Point]]) -> list[Point]:
    """Take one loop out of the steps, and return its corners without those on straight lines."""
    here = start = next(iter(steps))
    way = began = steps[start][0]
    corners = [start]
    while True:
        before, here = way, (here[0] + way[0], here[1] + way[1])
        ways = steps[here]
        # Two ways where pixels touch at a corner; the left one goes over to the other pixel.
        left = before[1], -before[0]
        way = left if len(ways) > 1 and left in ways else ways[0]
        ways.remove(way)
        if not ways:
            del steps[here]
        if here == start and way == began:
            break
        if way != before:
            corners.append(here)
    return corners


def _doubled_area(corners: list[Point]) -> int:
    """Return twice the area that corners enclose; negative if they run counterclockwise."""
    following = [*corners[1:], corners[0]]
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(corners, following, strict=True))
