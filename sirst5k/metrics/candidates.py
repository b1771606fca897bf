"""Which regions are near enough to which targets to be their detection."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sirst5k.metrics.regions import Indices, Regions

FEW = 4
"""Up to so many targets are looked around one by one; for more, all regions are measured."""

_DENSE = 1_000_000
"""Most distances computed at once; beyond, targets are taken in groups."""

_SLACK = 1e-6
"""Pixels; candidates are taken a little wider, for the caller decides what a tie is."""

Found = tuple[Indices, Indices, NDArray[np.float64]]


def nearby(targets: Regions, regions: Regions, distance: float) -> Found:
    """Return target, region and centroid distance of all pairs within a distance, inclusive.

    Parameters
    ----------
    targets, regions : Regions
    distance : float
        Pixels.
    """
    if not len(targets) or not len(regions):
        nothing = np.zeros(0, np.intp)
        return nothing, nothing, np.zeros(0)
    if len(targets) <= FEW and not regions.measured:
        groups = [(k, _around(regions, p, distance)) for k, p in enumerate(targets.centroids)]
    else:
        size = max(1, _DENSE // len(regions))
        starts = range(0, len(targets), size)
        groups = [(k, _among(targets, regions, distance, k, size)) for k in starts]
    if len(groups) == 1:
        return groups[0][1]
    target = np.concatenate([found[0] + start for start, found in groups])
    region = np.concatenate([found[1] for _, found in groups])
    return target, region, np.concatenate([found[2] for _, found in groups])


def _among(targets: Regions, regions: Regions, distance: float, start: int, size: int) -> Found:
    """Compare a group of targets with all regions."""
    some = targets.centroids[start : start + size]
    rows = regions.centroids[:, 0] - some[:, 0, np.newaxis]
    columns = regions.centroids[:, 1] - some[:, 1, np.newaxis]
    squares = rows * rows + columns * columns
    target, region = np.nonzero(squares <= (distance + _SLACK) ** 2)
    return target, region, np.sqrt(squares[target, region])


def _around(regions: Regions, point: NDArray[np.float64], distance: float) -> Found:
    """Find the regions whose centroid is near one point, measuring as few as can be.

    A connected region has a pixel in the row and in the column of its centroid. So one with
    its centroid nearby is met in the band of rows and in the band of columns around the point.
    """
    labels, top, left = regions.labels, regions.top, regions.left
    y, x = point.tolist()
    wanted = [0]
    if len(regions) > 1:
        met = np.zeros(len(regions) + 1, np.bool_)
        met[labels[_band(y - top, distance)]] = True
        met[0] = False
        across = labels[:, _band(x - left, distance)].ravel()
        wanted = [label - 1 for label in sorted(set(across[met[across]].tolist()))]
    region, far = [], []
    # In plain numbers: there are a few, and arrays of a few are slow.
    place = max(0, int(y) - top), max(0, int(x) - left)
    for index, (area, rows, columns) in zip(wanted, regions.measure(wanted, *place), strict=True):
        down = (rows + top * area) / area - y
        beside = (columns + left * area) / area - x
        square = down * down + beside * beside
        if square <= (distance + _SLACK) ** 2:
            region.append(index)
            far.append(math.sqrt(square))
    return np.zeros(len(region), np.intp), np.array(region, np.intp), np.array(far, np.float64)


def _band(centre: float, distance: float) -> slice:
    reach = distance + _SLACK
    return slice(max(0, math.floor(centre - reach)), max(0, math.ceil(centre + reach) + 1))
