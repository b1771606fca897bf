"""The targets of one mask, looked up once for all thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirst5k.metrics.regions import Indices, Regions, find_regions
from sirst5k.sample import Mask


@dataclass(frozen=True, eq=False, slots=True)
class TargetTable:
    """Targets in raster order of their first pixel, and their pixels.

    Attributes
    ----------
    regions : Regions
    order : (n,) int
        ``order[k]`` is the region of the k-th target in raster order, the order of
        `sirst5k.components.find_targets`.
    rows, columns : (p,) int
        Every target pixel.
    labels : (p,) int
        The region's label at each.
    """

    regions: Regions
    order: Indices
    rows: Indices
    columns: Indices
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.regions)

    def overlaps(self, predicted: Regions) -> tuple[Indices, Indices, NDArray[np.int64]]:
        """Return target, predicted region, and shared pixels of every pair that overlaps."""
        other = predicted.labels_at(self.rows, self.columns)
        both = other > 0
        codes = (self.labels[both] - 1) * max(len(predicted), 1) + (other[both] - 1)
        pairs, counts = np.unique(codes, return_counts=True)
        target, region = np.divmod(pairs, max(len(predicted), 1))
        return target, region, counts.astype(np.int64)


def tabulate(mask: Mask) -> TargetTable:
    """Return the targets of an ``(H, W)`` bool mask."""
    regions = find_regions(mask)
    firsts = [regions.first_pixel(index) for index in range(len(regions))]
    order = np.array(sorted(range(len(firsts)), key=firsts.__getitem__), np.intp)
    rows, columns = np.nonzero(regions.labels)
    labels = regions.labels[rows, columns].astype(np.int64)
    return TargetTable(regions, order, rows + regions.top, columns + regions.left, labels)
