"""Targets of a mask: its 8-connected components, in raster order of their first pixel.

The order is part of the contract: a target's number names it in recipes, file names and
manifests, so it must not depend on which labelling algorithm a library happens to use.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.sample import Mask


@dataclass(frozen=True, slots=True)
class Target:
    """One connected component of a mask.

    Attributes
    ----------
    top, left, bottom, right : int
        Bounding box in pixels, half-open: rows ``top … bottom - 1``.
    area : int
        Number of pixels.
    x, y : float
        Centroid, the unweighted mean of the pixels' column and row.
    label : int
        Value of its pixels in the label image of `label_targets`.
    """

    top: int
    left: int
    bottom: int
    right: int
    area: int
    x: float
    y: float
    label: int

    @property
    def height(self) -> int:
        """Rows of the bounding box."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns of the bounding box."""
        return self.right - self.left


def label_targets(mask: Mask) -> tuple[NDArray[np.int32], list[Target]]:
    """Label the 8-connected components of a mask.

    Parameters
    ----------
    mask : (H, W) bool

    Returns
    -------
    labels : (H, W) int32
        0 on background; the k-th target in the list has the value ``targets[k].label``.
    targets : list of Target
        In raster order (row, then column) of each component's first pixel.
    """
    labels = np.zeros(mask.shape, np.int32)
    part = _occupied(mask)
    if part is None:
        return labels, []
    labels[part], targets = _label(mask[part], part[0].start, part[1].start)
    return labels, targets


def find_targets(mask: Mask) -> list[Target]:
    """Return the targets of an ``(H, W)`` bool mask in raster order."""
    part = _occupied(mask)
    return [] if part is None else _label(mask[part], part[0].start, part[1].start)[1]


def count_targets(mask: Mask) -> int:
    """Return the number of 8-connected components of an ``(H, W)`` bool mask."""
    part = _occupied(mask)
    if part is None:
        return 0
    occupied = np.ascontiguousarray(mask[part]).view(np.uint8)
    return int(cv2.connectedComponents(occupied, connectivity=8, ltype=cv2.CV_32S)[0]) - 1


def _occupied(mask: Mask) -> tuple[slice, slice] | None:
    """Return the rows and columns that hold all targets; small targets fill little of a frame."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return (slice(top, top + height), slice(left, left + width)) if width else None


def _label(mask: Mask, top: int, left: int) -> tuple[NDArray[np.int32], list[Target]]:
    """Label a part of a mask whose first pixel lies at ``(top, left)``."""
    count, labels, stats, centroids = cv2.connectedComponentsWithStats(
        np.ascontiguousarray(mask).view(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    boxes, centres = stats.tolist(), centroids.tolist()
    found = []
    for label in range(1, count):
        x0, y0, width, height, area = boxes[label]
        first_row = labels[y0, x0 : x0 + width]
        first_pixel = (y0, x0 + int(np.argmax(first_row == label)))
        y0, x0 = y0 + top, x0 + left
        x, y = centres[label]
        target = Target(y0, x0, y0 + height, x0 + width, area, x + left, y + top, label)
        found.append((first_pixel, target))
    found.sort(key=lambda pair: pair[0])
    return labels.astype(np.int32, copy=False), [target for _, target in found]
