"""Pd and Fa of the published codes, defects included."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.metrics.arrays import Inputs, Scores2D
from sirst5k.metrics.candidates import FEW
from sirst5k.metrics.curves import PdFaCurve
from sirst5k.metrics.cuts import cuts_for
from sirst5k.metrics.greedy_matching import match_greedy
from sirst5k.metrics.profile import Profile
from sirst5k.metrics.ratios import ratios
from sirst5k.metrics.regions import Indices, Regions, sweep
from sirst5k.metrics.target_table import TargetTable, tabulate
from sirst5k.sample import Mask

COLUMNS = ("hits", "regions", "false_area", "predicted", "tp", "rows_gt", "rows_pred")


class PublishedDetection:
    """Detections at each threshold of a published grid."""

    def __init__(self, profile: Profile, inputs: Inputs, distance: float) -> None:
        self.profile = profile
        self.distance = distance
        self.cuts = profile.detection.cuts(inputs)
        self.counts = np.zeros((len(COLUMNS), len(self.cuts)), np.int64)
        self.targets = 0

    def add(self, scores: Scores2D, mask: Mask) -> tuple[NDArray[np.int64], tuple[bool, ...]]:
        """Count one image; return its counts and which targets the headline threshold found."""
        table = tabulate(mask)
        on_target = scores[table.rows, table.columns]
        cuts = cuts_for(scores, self.cuts)
        counts = np.zeros_like(self.counts)
        found: tuple[bool, ...] = ()
        last = None
        matched = np.zeros(0, np.intp)
        for place, regions in enumerate(sweep(scores, cuts, measure=len(table) > FEW)):
            if regions is last:
                counts[:, place] = counts[:, place - 1]
            else:
                matched, used = match_greedy(table, regions, self.distance)
                tp = int(np.count_nonzero(on_target > cuts[place]))
                false_area = self._false_area(regions, used)
                basic = (len(used), len(regions), false_area, regions.pixels, tp)
                rows = self._by_rows(scores, cuts[place], table, matched, regions, used)
                counts[:, place] = (*basic, *rows)
            if place == self.profile.detection.place:
                hit = set(matched.tolist())
                found = tuple(index in hit for index in table.order.tolist())
            last = regions
        self.counts += counts
        self.targets += len(table)
        return counts, found

    def merge(self, other: PublishedDetection) -> None:
        """Add the images of another one."""
        self.counts += other.counts
        self.targets += other.targets

    def curve(self, images: int, pixels: int) -> PdFaCurve:
        """Return Pd and Fa over the published grid."""
        hits, regions, false_area, predicted, tp, rows_gt, rows_pred = self.counts
        variants = {}
        if self.profile.row_variants:
            variants = {
                "fa_rows_gt": ratios(rows_gt, pixels),
                "fa_rows_pred": ratios(rows_pred, pixels),
            }
        return PdFaCurve(
            thresholds=np.array(self.profile.detection.thresholds),
            pd=ratios(hits, self.targets),
            fa=self._rate(false_area, pixels),
            hits=hits.copy(),
            targets=np.full(len(hits), self.targets),
            false_targets=regions - hits,
            false_area=false_area.copy(),
            false_targets_per_image=ratios(regions - hits, images),
            fa_pixel=ratios(predicted - tp, pixels),
            variants=variants,
        )

    def _rate(self, area: NDArray[np.int64], pixels: int) -> NDArray[np.float64]:
        if self.profile.float32_fa and pixels:
            reciprocal = np.float32(1) / np.float32(pixels)
            return (reciprocal * area.astype(np.float32)).astype(np.float64)
        return ratios(area, pixels)

    def _false_area(self, regions: Regions, used: Indices) -> int:
        if self.profile.false_alarm == "pixel_set" or not len(used):
            return regions.pixels - regions.total_area(used)
        # An unmatched region is forgotten if any matched one of the image is of its size.
        unlike = ~np.isin(regions.areas, regions.areas[used])
        return int(regions.areas[unlike].sum())

    def _by_rows(
        self,
        scores: Scores2D,
        cut: np.floating[Any],
        table: TargetTable,
        matched: Indices,
        regions: Regions,
        used: Indices,
    ) -> tuple[int, int]:
        """Count false pixels as the code does that clears whole rows instead of regions."""
        if not self.profile.row_variants or not len(regions):
            return 0, 0
        if not len(used):
            return regions.pixels, regions.pixels
        cleared = scores[table.regions.rows(matched)] > cut
        outside_targets = regions.pixels - int(np.count_nonzero(cleared))
        return outside_targets, regions.pixels - scores.shape[1] * len(regions.rows(used))
