"""Connected regions of a map, measured only where somebody asks.

`sirst5k.components` gives objects in raster order; here nothing is ordered and nothing becomes
an object, because a noisy map has thousands of regions at every threshold, of which those near
a target matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.metrics.arrays import Scores2D
from sirst5k.metrics.region_measures import measure_whole, measure_window
from sirst5k.sample import Mask

Indices = NDArray[np.intp]


class Measures(NamedTuple):
    """Areas in pixels, centroids as row and column in the whole image."""

    areas: NDArray[np.int64]
    centroids: NDArray[np.float64]


class Regions:
    """The 8-connected regions of a binary map, in no particular order.

    Parameters
    ----------
    labels : (h, w) int
        Part of the image that holds all regions; region ``i`` has the value ``i + 1``.
    count : int
        How many there are.
    pixels : int
        Pixels of all together.
    top, left : int
        Where the part lies in the image.
    measures : Measures, optional
        If known; else they are found when asked for.
    """

    def __init__(
        self,
        labels: NDArray[Any],
        count: int,
        pixels: int,
        top: int,
        left: int,
        measures: Measures | None = None,
    ) -> None:
        self.labels = labels
        self.count = count
        self.pixels = pixels
        self.top = top
        self.left = left
        self._measures = measures
        self._areas: NDArray[np.int64] | None = None
        self._known: dict[int, tuple[int, int, int]] = {}

    def __len__(self) -> int:
        return self.count

    @property
    def measured(self) -> bool:
        """Whether the centroids of all regions are known already."""
        return self._measures is not None

    @property
    def areas(self) -> NDArray[np.int64]:
        """Pixels of every region, ``(n,)``."""
        if self._measures is not None:
            return self._measures.areas
        if self._areas is None:
            counts = np.bincount(self.labels.ravel(), minlength=self.count + 1)
            self._areas = counts[1:].astype(np.int64)
        return self._areas

    @property
    def centroids(self) -> NDArray[np.float64]:
        """Row and column of every region's centroid in the whole image, ``(n, 2)``."""
        if self._measures is None:
            # The same algorithm on the same map: the labels stay what they are.
            self._measures = label_part(self.labels > 0, self.top, self.left)._measures
        assert self._measures is not None
        return self._measures.centroids

    def total_area(self, indices: Indices) -> int:
        """Return the pixels of some regions together."""
        if self._measures is None and all(index in self._known for index in indices.tolist()):
            return sum(self._known[index][0] for index in indices.tolist())
        return int(self.areas[indices].sum())

    def measure(self, indices: list[int], row: int, column: int) -> list[tuple[int, int, int]]:
        """Return areas and sums of rows and columns, within the part, of some regions.

        Parameters
        ----------
        indices : list of int
            Which regions.
        row, column : int
            Place in the part near which they probably lie.
        """
        unknown = [index for index in indices if index not in self._known]
        if unknown:
            inside = measure_window(self.labels, self.count, row, column)
            for index in unknown:
                self._known[index] = inside(index + 1) or measure_whole(self.labels, index + 1)
        return [self._known[index] for index in indices]

    def labels_at(self, rows: Indices, columns: Indices) -> NDArray[np.int64]:
        """Return the label at each pixel, 0 where no region is."""
        rows, columns = rows - self.top, columns - self.left
        height, width = self.labels.shape
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        found = np.zeros(len(rows), np.int64)
        found[inside] = self.labels[rows[inside], columns[inside]]
        return found

    def first_pixel(self, index: int) -> tuple[int, int]:
        """Return row and column of a region's first pixel in raster order."""
        row, column = divmod(int(np.argmax(self.labels == index + 1)), self.labels.shape[1])
        return row + self.top, column + self.left

    def rows(self, indices: Indices) -> Indices:
        """Return the rows that any of some regions touches."""
        chosen = np.zeros(self.count + 1, np.bool_)
        chosen[indices + 1] = True
        return np.flatnonzero(chosen[self.labels].any(axis=1)) + self.top


EMPTY = Regions(
    np.zeros((0, 0), np.int32), 0, 0, 0, 0, Measures(np.zeros(0, np.int64), np.zeros((0, 2)))
)


def find_regions(mask: Mask) -> Regions:
    """Return the 8-connected regions of an ``(H, W)`` bool map, measured."""
    part = _occupied(mask)
    return EMPTY if part is None else label_part(mask[part], part[0].start, part[1].start)


def sweep(scores: Scores2D, cuts: NDArray[np.floating[Any]], *, measure: bool) -> Iterator[Regions]:
    """Yield the regions of ``scores > cut`` for cuts in ascending order.

    The sets are nested, so each is looked for only where the last one was; a set that did
    not change is yielded as the same object.

    Parameters
    ----------
    scores : (H, W) float
    cuts : (K,) float
        Of the scores' dtype.
    measure : bool
        Whether all regions will be asked for; measuring them at once is then cheaper.
    """
    top = left = 0
    found: Regions | None = None
    for cut in cuts:
        if found is EMPTY:
            yield EMPTY
            continue
        lit = scores > cut
        pixels = cv2.countNonZero(lit.view(np.uint8))
        if found is not None and pixels == found.pixels:
            yield found
            continue
        if not pixels:
            found = EMPTY
            yield EMPTY
            continue
        # Scattered pixels fill the frame: then nothing is gained by cutting.
        if 32 * pixels < lit.size and (part := _occupied(lit)) is not None:
            rows, columns = part
            lit, scores = lit[part], scores[part]
            top, left = top + rows.start, left + columns.start
        found = label_part(lit, top, left) if measure else _label_only(lit, pixels, top, left)
        yield found


def label_part(mask: Mask, top: int, left: int) -> Regions:
    """Return the regions, measured, of a part whose first pixel lies at ``(top, left)``."""
    count, labels, stats, centres = cv2.connectedComponentsWithStats(
        np.ascontiguousarray(mask).view(np.uint8), connectivity=8, ltype=_label_type(mask)
    )
    areas = stats[1:, cv2.CC_STAT_AREA].astype(np.int64)
    column = areas[:, np.newaxis]
    sums = np.rint(centres[1:, ::-1] * column)
    # Rounded once, from integer sums, as if no part had been cut out.
    centroids = (sums + np.array((top, left)) * column) / column
    return Regions(labels, count - 1, int(areas.sum()), top, left, Measures(areas, centroids))


def _label_only(mask: Mask, pixels: int, top: int, left: int) -> Regions:
    if pixels == mask.size:
        return Regions(np.ones(mask.shape, np.uint16), 1, pixels, top, left)
    count, labels = cv2.connectedComponents(
        np.ascontiguousarray(mask).view(np.uint8), connectivity=8, ltype=_label_type(mask)
    )
    return Regions(labels, count - 1, pixels, top, left)


def _label_type(mask: Mask) -> int:
    height, width = mask.shape
    # No two regions share a block of 2×2 pixels, so this many fit; 16 bits are faster.
    most = ((height + 1) // 2) * ((width + 1) // 2)
    return cv2.CV_16U if most < 2**16 else cv2.CV_32S


def _occupied(mask: Mask) -> tuple[slice, slice] | None:
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
