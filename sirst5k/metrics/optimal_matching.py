"""One-to-one matching that no order of targets or regions can change."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.metrics.candidates import nearby
from sirst5k.metrics.regions import Indices, Regions
from sirst5k.metrics.target_table import TargetTable

TIE = 1e-9
"""Pixels; a centroid distance nearer than this to the limit counts as the limit: a miss."""

_OVERLAP = 1e-6
_AREA = 1e-9


def match_optimal(table: TargetTable, regions: Regions, distance: float) -> tuple[Indices, Indices]:
    """Match targets to predicted regions one to one.

    A pair is possible where the centroids are strictly nearer than `distance`. As many
    targets as can be are matched; among such matchings the one of least total distance is
    taken. A shared pixel counts as 1e-6 px and a pixel of a region's area as 1e-9 px less, so
    that hits and unmatched area are unique where distances tie.

    Returns
    -------
    targets, regions : (h,) int
        Indices of the matched pairs.
    """
    target, region, far = nearby(table.regions, regions, distance)
    if not len(target):
        return target, region
    possible = far < distance - TIE
    target, region, far = target[possible], region[possible], far[possible]
    if len(target) < 2:
        return target, region
    shared = (np.bincount(target)[target] > 1) | (np.bincount(region)[region] > 1)
    if not shared.any():
        return target, region
    cost: NDArray[np.floating[Any]] = far[shared] - _bonus(
        table, regions, target[shared], region[shared]
    )
    chosen = _assign(target[shared], region[shared], cost, distance)
    alone = ~shared
    return (
        np.concatenate([target[alone], target[shared][chosen]]),
        np.concatenate([region[alone], region[shared][chosen]]),
    )


def _bonus(
    table: TargetTable, regions: Regions, target: Indices, region: Indices
) -> NDArray[np.floating[Any]]:
    """Return what each pair gains by its overlap and its region's area."""
    width = len(regions)
    owner, other, pixels = table.overlaps(regions)
    codes = owner * width + other  # ascending
    wanted = target * width + region
    gain: NDArray[np.floating[Any]] = regions.areas[region] * _AREA
    if len(codes):
        place = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
        gain = gain + np.where(codes[place] == wanted, pixels[place], 0) * _OVERLAP
    return gain


def _assign(
    target: Indices, region: Indices, cost: NDArray[np.floating[Any]], distance: float
) -> Indices:
    """Return which of the possible pairs are chosen."""
    from scipy.optimize import linear_sum_assignment  # slow to import, and seldom needed

    rows, row = np.unique(target, return_inverse=True)
    columns, column = np.unique(region, return_inverse=True)
    # One more match must outweigh any gain of distance by all the others.
    impossible = 2 * distance * (min(len(rows), len(columns)) + 1)
    costs = np.full((len(rows), len(columns)), impossible)
    costs[row, column] = cost
    pair = np.full(costs.shape, -1, np.intp)
    pair[row, column] = np.arange(len(target))
    chosen = pair[linear_sum_assignment(costs)]
    kept: Indices = chosen[chosen >= 0]
    return kept
