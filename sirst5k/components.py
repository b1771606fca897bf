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
    count, labels, stats, centroids = cv2.connectedComponentsWithStats(
        np.ascontiguousarray(mask).view(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    targets = []
    for label in range(1, count):
        left, top, width, height, area = stats[label].tolist()
        x, y = centroids[label].tolist()
        targets.append(Target(top, left, top + height, left + width, area, x, y, label))
    targets.sort(key=lambda target: _first_pixel(labels, target))
    return labels, targets


def find_targets(mask: Mask) -> list[Target]:
    """Return the targets of an ``(H, W)`` bool mask in raster order."""
    return label_targets(mask)[1]


def count_targets(mask: Mask) -> int:
    """Return the number of 8-connected components of an ``(H, W)`` bool mask."""
    count, _ = cv2.connectedComponents(np.ascontiguousarray(mask).view(np.uint8), connectivity=8)
    return int(count) - 1


def _first_pixel(labels: NDArray[np.int32], target: Target) -> tuple[int, int]:
    top_row = labels[target.top, target.left : target.right]
    return target.top, target.left + int(np.argmax(top_row == target.label))
