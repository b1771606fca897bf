"""Finding the few small targets of a mask without looking at all of it twice."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from sirst5k.components import Target
from sirst5k.sample import Mask

_ROWS = 32  # that hold most single targets
_SMALL = 2048  # pixels of a box that is labelled whole in no time
_FEW = 512  # target pixels; with more, labelling everything at once is as fast

_Box = tuple[int, int, int, int]
_Found = tuple[int, int, int, int, int, int, float, float]


def find_targets(mask: Mask) -> list[Target]:
    """Return what `sirst5k.components.find_targets` returns, faster where targets are few.

    Rows without a target pixel, and in what lies between them columns without one, part a
    mask into boxes that no component crosses. Only those are labelled: two targets in
    opposite corners cost two small boxes, not the whole frame.

    Parameters
    ----------
    mask : (H, W) bool

    Returns
    -------
    list of Target
        In raster order of each component's first pixel; `label` counts them from 1.
    """
    # A first pixel is found at ten times the speed at which all are: look for one at all,
    # and for one beyond the rows that hold most targets, before all that lies between.
    flat, width = mask.ravel(), mask.shape[1]
    first = int(flat.argmax())
    if not flat[first]:
        return []
    skipped = first - first % width
    end = skipped + _ROWS * width
    rest = flat[end:]
    if rest.size and rest[rest.argmax()]:
        end = flat.size
    pixels = flat[skipped:end].nonzero()[0]
    top, bottom = first // width, (skipped + int(pixels[-1])) // width + 1
    left, right = 0, width
    boxes: list[_Box] = []
    if pixels.size <= _FEW:
        places = pixels.tolist()
        columns = [place % width for place in places]
        left, right = min(columns), max(columns) + 1
        if (bottom - top) * (right - left) > _SMALL:
            boxes = _parts([skipped + place for place in places], width)
    found: list[_Found] = []
    for box in boxes or [(top, left, bottom, right)]:
        found += _label(mask, box)
    # The first pixel's place comes first; boxes beside each other are not in its order.
    found.sort()
    return [
        Target(top, left, bottom, right, area, x, y, place)
        for place, (_, top, left, bottom, right, area, x, y) in enumerate(found, 1)
    ]


def _parts(pixels: list[int], width: int) -> list[_Box]:
    """Return boxes (top, left, bottom, right) that part pixels along empty rows and columns.

    In plain Python, which is through with a few pixels before numpy has begun.
    """
    boxes: list[_Box] = []
    columns: list[int] = []
    top = bottom = pixels[0] // width
    for pixel in pixels:
        row, column = divmod(pixel, width)
        if row > bottom + 1:
            boxes += [(top, left, bottom + 1, right) for left, right in _runs(columns)]
            top, columns = row, []
        columns.append(column)
        bottom = row
    return boxes + [(top, left, bottom + 1, right) for left, right in _runs(columns)]


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Return the half-open ranges that numbers fill without leaving one out."""
    ordered = sorted(set(numbers))
    if ordered[-1] - ordered[0] < len(ordered):
        return [(ordered[0], ordered[-1] + 1)]
    runs, start = [], ordered[0]
    for number, following in pairwise(ordered):
        if following > number + 1:
            runs.append((start, number + 1))
            start = following
    return [*runs, (start, ordered[-1] + 1)]


def _label(mask: Mask, box: _Box) -> list[_Found]:
    """Return (first pixel's place in raster order, box, area, centroid) of a box's components."""
    top, left, bottom, right = box
    part = mask[top:bottom, left:right].view(np.uint8)
    _, labels, stats, centroids = cv2.connectedComponentsWithStats(
        part, connectivity=8, ltype=cv2.CV_32S
    )
    found = []
    for label, ((x, y, width, height, area), (centre_x, centre_y)) in enumerate(
        zip(stats.tolist(), centroids.tolist(), strict=True)
    ):
        if not label:
            continue
        row = labels[y, x : x + width].tolist()
        first = x + row.index(label)
        place = (top + y) * mask.shape[1] + left + first
        y, x = top + y, left + x
        found.append((place, y, x, y + height, x + width, area, centre_x + left, centre_y + top))
    return found
