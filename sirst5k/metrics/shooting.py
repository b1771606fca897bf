"""DTUM's shooting rules: a response near a target hits it, a response far from all is false."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sirst5k.metrics.curves import PdFaCurve
from sirst5k.metrics.cuts import cuts_for, float32_cuts
from sirst5k.metrics.image_scores import ImageScores
from sirst5k.metrics.ratios import ratio, ratios
from sirst5k.metrics.regions import find_regions
from sirst5k.metrics.scores import Scores
from sirst5k.metrics.state import Frame, Settings
from sirst5k.metrics.target_table import TargetTable, tabulate

_HIT = 1
_GUARD = 4


class ShootingState:
    """Running sums of hits and false pixels at each threshold.

    Windows of 3×3 (hits) and 9×9 (protection) are cut around every target pixel with slices
    whose start may be negative, which Python counts from the far end: the window is then
    empty, and a target in the first row or column can never be hit.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.grid = settings.profile.detection
        self.cuts = float32_cuts(self.grid.thresholds, settings.inputs, reached=True)
        self.counts = np.zeros((4, len(self.cuts)), np.int64)  # hits, false, predicted, tp
        self.targets = self.target_pixels = self.regions = 0

    def add(self, frame: Frame) -> ImageScores:
        """Add one image and return its row."""
        scores = frame.scores.astype(np.float32, copy=False)
        mask = frame.mask.full
        cuts = cuts_for(scores, self.cuts)
        table = tabulate(mask)
        best, guarded = _windows(scores, table)
        outside, on_target = scores[~guarded], scores[mask]
        counts = np.array(
            [
                [np.count_nonzero(values > cut) for cut in cuts]
                for values in (best, outside, scores, on_target)
            ],
            np.int64,
        )
        place = self.grid.place
        hits, false, predicted, tp = counts[:, place].tolist()
        regions = len(find_regions(scores > cuts[place]))
        self.counts += counts
        self.targets += len(table)
        self.target_pixels += len(table.rows)
        self.regions += regions
        union = predicted + len(table.rows) - tp
        height, width = scores.shape
        return ImageScores(
            name=frame.name,
            height=height,
            width=width,
            iou=ratio(tp, union),
            intersection=tp,
            union=union,
            predicted_pixels=predicted,
            target_pixels=len(table.rows),
            hits=hits,
            targets=len(table),
            regions=regions,
            false_targets=max(0, regions - hits),
            false_area=false,
            false_pixels=predicted - tp,
            found=tuple((best[table.order] > cuts[place]).tolist()),
        )

    def end_update(self) -> None:
        """Do nothing: batches do not matter here."""

    def merge(self, other: Self) -> None:
        """Add the images of another one."""
        self.counts += other.counts
        self.targets += other.targets
        self.target_pixels += other.target_pixels
        self.regions += other.regions

    def restart(self) -> Self:
        """Return an empty one."""
        return type(self)(self.settings)

    def compute(self, images: int, pixels: int) -> Scores:
        """Return the figures of all images so far."""
        place = self.grid.place
        hits, false, predicted, tp = self.counts
        nothing = np.full(len(hits), math.nan)
        curve = PdFaCurve(
            thresholds=np.array(self.grid.thresholds),
            pd=ratios(hits, self.targets),
            fa=ratios(false, pixels),
            hits=hits.copy(),
            targets=np.full(len(hits), self.targets),
            false_targets=nothing,
            false_area=false.copy(),
            false_targets_per_image=nothing,
            fa_pixel=ratios(predicted - tp, pixels),
        )
        return Scores(
            profile=self.settings.profile.name,
            images=images,
            pixels=pixels,
            threshold=f"probability >= {self.grid.thresholds[place]:g}",
            pd=float(curve.pd[place]),
            fa=float(curve.fa[place]),
            fa_pixel=float(curve.fa_pixel[place]),
            tp=int(tp[place]),
            fp=int(predicted[place] - tp[place]),
            fn=int(self.target_pixels - tp[place]),
            tn=int(pixels - self.target_pixels - predicted[place] + tp[place]),
            hits=int(hits[place]),
            targets=self.targets,
            regions=self.regions,
            false_area=int(false[place]),
            pd_fa=curve,
        )


def _windows(
    scores: NDArray[np.floating[Any]], table: TargetTable
) -> tuple[NDArray[np.floating[Any]], NDArray[np.bool_]]:
    """Return each region's best score in its windows, and which pixels are protected."""
    best = np.full(len(table), -np.inf, scores.dtype)
    guarded = np.zeros(scores.shape, np.bool_)
    pixels = zip(table.rows.tolist(), table.columns.tolist(), table.labels.tolist(), strict=True)
    for row, column, label in pixels:
        guarded[_window(row, _GUARD), _window(column, _GUARD)] = True
        near = scores[_window(row, _HIT), _window(column, _HIT)]
        if near.size:
            best[label - 1] = max(best[label - 1], near.max())
    return best, guarded


def _window(centre: int, reach: int) -> slice:
    return slice(centre - reach, centre + reach + 1)
