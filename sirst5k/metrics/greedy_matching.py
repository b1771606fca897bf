"""The matching of the published codes: first come, first served, in raster order."""

from __future__ import annotations

import numpy as np

from sirst5k.metrics.candidates import nearby
from sirst5k.metrics.regions import Indices, Regions
from sirst5k.metrics.target_table import TargetTable

_NEAR_TIE = 1e-6


def match_greedy(table: TargetTable, regions: Regions, distance: float) -> tuple[Indices, Indices]:
    """Give each target the first unused region whose centroid is nearer than `distance`.

    Targets and regions are both taken in raster order of their first pixel, so that the
    result depends on how the image is turned. The first region is taken, not the nearest.

    Returns
    -------
    targets, regions : (h,) int
        Indices of the matched pairs.
    """
    target, region, far = nearby(table.regions, regions, distance)
    possible = far < distance
    for place in np.flatnonzero(np.abs(far - distance) < _NEAR_TIE).tolist():
        # The published decision between 3 and 3 - 4e-16 is that of this function.
        offset = regions.centroids[region[place]] - table.regions.centroids[target[place]]
        possible[place] = np.linalg.norm(offset) < distance
    near: dict[int, list[int]] = {}
    for one, other in zip(target[possible].tolist(), region[possible].tolist(), strict=True):
        near.setdefault(one, []).append(other)
    used: set[int] = set()
    pairs = []
    for one in table.order.tolist() if near else ():
        free = [other for other in near.get(one, ()) if other not in used]
        if free:
            first = min(free, key=regions.first_pixel) if len(free) > 1 else free[0]
            used.add(first)
            pairs.append((one, first))
    matched = np.array(pairs, np.intp).reshape(-1, 2)
    return matched[:, 0], matched[:, 1]
