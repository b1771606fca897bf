"""Precision and recall of boxes at every distinct score."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.metrics.ratios import ratio, ratios

Floats = NDArray[np.float64]

RECALLS = np.linspace(0.0, 1.0, 101)
"""Recalls at which the interpolated precision is read, as COCO does."""


@dataclass(frozen=True, eq=False, slots=True)
class DetectionCurve:
    """What is found and what is false alarm, over the confidence required.

    Attributes
    ----------
    thresholds : (n,) float64
        Distinct scores, falling; at each, detections of at least that score count.
    tp, fp : (n,) float64
        True and false positives.
    targets : float
        Targets there are.
    """

    thresholds: Floats
    tp: Floats
    fp: Floats
    targets: float

    @property
    def precision(self) -> Floats:
        """Share of the detections that are targets, ``(n,)``."""
        return ratios(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> Floats:
        """Share of the targets that are found, ``(n,)``; NaN without targets."""
        return ratios(self.tp, self.targets)

    @property
    def f1(self) -> Floats:
        """``2 TP / (2 TP + FP + FN)``, ``(n,)``."""
        return ratios(2 * self.tp, self.tp + self.fp + self.targets)

    def counts_at(self, confidence: float) -> tuple[float, float]:
        """Return true and false positives among the detections of at least `confidence`."""
        inside = int(np.searchsorted(-self.thresholds, -confidence, side="right"))
        return (float(self.tp[inside - 1]), float(self.fp[inside - 1])) if inside else (0.0, 0.0)

    def best(self) -> int | None:
        """Return where F1 is largest, at the highest such threshold; None if nowhere defined."""
        f1 = self.f1
        if not len(f1) or np.isnan(f1).all():
            return None
        return int(np.nanargmax(f1))

    def thinned(self, points: int) -> DetectionCurve:
        """Return about `points` points of the curve, its ends among them."""
        count = len(self.thresholds)
        if count <= points:
            return self
        keep = np.unique(np.rint(np.linspace(0, count - 1, points)).astype(np.intp))
        return DetectionCurve(self.thresholds[keep], self.tp[keep], self.fp[keep], self.targets)

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists."""
        return {
            "thresholds": self.thresholds.tolist(),
            "precision": self.precision.tolist(),
            "recall": self.recall.tolist(),
            "tp": self.tp.tolist(),
            "fp": self.fp.tolist(),
        }


def detection_curve(
    scores: Floats, hits: NDArray[np.bool_], weights: Floats, targets: float
) -> DetectionCurve:
    """Return the curve of pooled detections.

    Parameters
    ----------
    scores : (N,) float64
        Falling.
    hits : (N,) bool
        Whether each is a true positive.
    weights : (N,) float64
        How often each counts; 1, but in a resample.
    targets : float
        Targets there are, as often as they count.
    """
    last = np.flatnonzero(np.diff(scores, append=-math.inf))  # the last of each equal score
    tp = np.cumsum(weights * hits)[last]
    return DetectionCurve(scores[last], tp, np.cumsum(weights)[last] - tp, targets)


def interpolated_precision(gains: Floats, totals: Floats, targets: float) -> Floats:
    """Return COCO's precision at 101 recalls, of detections by falling score.

    Precision is made non-increasing from the right, and read at the first detection whose
    recall reaches each of 0, 0.01 … 1; 0 where none does. Between true positives precision
    only falls, so these alone are looked at.

    Parameters
    ----------
    gains : (K,) float64
        How often each true positive counts; 1, but in a resample.
    totals : (K,) float64
        Detections up to each of them, itself included, as often as they count.
    targets : float

    Returns
    -------
    (101,) float64
        NaN without targets.
    """
    if not targets:
        return np.full(len(RECALLS), np.nan)
    counted = gains > 0
    tp, totals = np.cumsum(gains[counted]), totals[counted]
    precision = np.maximum.accumulate((tp / totals)[::-1])[::-1]
    place = np.searchsorted(tp / targets, RECALLS, side="left")
    return np.append(precision, 0.0)[np.minimum(place, len(precision))]


def best_f1_of(interpolated: Floats) -> float:
    """Return the largest F1 at any of the 101 points of an interpolated curve."""
    f1 = ratios(2 * interpolated * RECALLS, interpolated + RECALLS)
    return float(np.nanmax(f1)) if not np.isnan(f1).all() else math.nan


def published_point(interpolated: Floats, recall: float) -> tuple[float, float]:
    """Return the published precision and F1.

    Precision is the mean of the first ``int(100 R)`` interpolated precisions, where R, the
    largest recall that any confidence reaches, is taken for recall (``video.md``, section 11).
    It belongs to no operating point. NaN where R is below 0.01.

    Parameters
    ----------
    interpolated : (101,) float64
    recall : float
        R.
    """
    count = 0 if math.isnan(recall) else int(100 * recall)
    if not count:
        return math.nan, math.nan
    precision = float(interpolated[:count].mean())
    return precision, ratio(2 * precision * recall, precision + recall)
