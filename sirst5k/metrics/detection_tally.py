"""Detections counted at every threshold of a grid, with optimal matching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.metrics.arrays import Scores2D
from sirst5k.metrics.candidates import FEW
from sirst5k.metrics.curves import PdFaCurve
from sirst5k.metrics.cuts import Cuts, cuts_for
from sirst5k.metrics.optimal_matching import match_optimal
from sirst5k.metrics.ratios import ratios
from sirst5k.metrics.regions import Indices, Regions, sweep
from sirst5k.metrics.target_table import TargetTable, tabulate
from sirst5k.sample import Mask

COLUMNS = ("hits", "regions", "false_area", "predicted", "tp")


@dataclass(frozen=True, eq=False, slots=True)
class Detections:
    """One image over all thresholds.

    Attributes
    ----------
    counts : (5, K) int64
        Rows as in `COLUMNS`: hits, regions, area of unmatched regions, predicted pixels, and
        target pixels among them.
    table : TargetTable
    regions : Regions
        At the headline threshold.
    matched : (h,) int
        Targets hit there.
    """

    counts: NDArray[np.int64]
    table: TargetTable
    regions: Regions
    matched: Indices


def detect(
    scores: Scores2D, mask: Mask, cuts: Cuts, distance: float, headline: int = 0
) -> Detections:
    """Match regions and targets of one image at every cut.

    Parameters
    ----------
    scores : (H, W) float
    mask : (H, W) bool
    cuts : (K,) float64
        Ascending.
    distance : float
        Pixels.
    headline : int
        Which cut's regions to return.
    """
    table = tabulate(mask)
    levels: NDArray[np.floating[Any]] = cuts_for(scores, cuts)
    on_target = scores[table.rows, table.columns]
    tp = np.count_nonzero(on_target > levels[:, np.newaxis], axis=1)
    columns: list[tuple[int, int, int, int]] = []
    last = kept = None
    matched = kept_matched = np.zeros(0, np.intp)
    for place, regions in enumerate(sweep(scores, levels, measure=len(table) > FEW)):
        if regions is last:
            columns.append(columns[-1])
        else:
            matched, used = match_optimal(table, regions, distance)
            false_area = regions.pixels - regions.total_area(used)
            columns.append((len(used), len(regions), false_area, regions.pixels))
        if place == headline:
            kept, kept_matched = regions, matched
        last = regions
    if kept is None:
        raise IndexError(f"No cut {headline} among {len(cuts)}.")
    counts = np.vstack([np.array(columns, np.int64).T, tp])
    return Detections(counts, table, kept, kept_matched)


def curve_from(
    thresholds: NDArray[np.float64],
    counts: NDArray[np.int64],
    targets: int,
    images: int,
    pixels: int,
) -> PdFaCurve:
    """Return the Pd-Fa curve of counts summed over images."""
    hits, regions, false_area, predicted, tp = counts
    return PdFaCurve(
        thresholds=thresholds,
        pd=ratios(hits, targets),
        fa=ratios(false_area, pixels),
        hits=hits.copy(),
        targets=np.full(len(hits), targets),
        false_targets=regions - hits,
        false_area=false_area.copy(),
        false_targets_per_image=ratios(regions - hits, images),
        fa_pixel=ratios(predicted - tp, pixels),
    )
