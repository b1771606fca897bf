"""The instances of a mask: its 8-connected targets, outlined."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sirst5k.components import Target, label_targets
from sirst5k.datasets.outlines import Point, trace
from sirst5k.sample import Mask


class Region(NamedTuple):
    """A target with its outline in pixels of the image."""

    target: Target
    outline: list[Point]
    has_holes: bool
    pixels: Mask
    """Its own pixels, within its bounding box."""


def outlined(mask: Mask) -> Iterator[Region]:
    """Yield the targets of an ``(H, W)`` mask in raster order, with their outlines."""
    labels, targets = label_targets(mask)
    for target in targets:
        rows, columns = slice(target.top, target.bottom), slice(target.left, target.right)
        pixels = labels[rows, columns] == target.label
        outline, holes = trace(pixels)
        moved = [(x + target.left, y + target.top) for x, y in outline]
        yield Region(target, moved, bool(holes), pixels)
