"""Curves over thresholds: ROC, precision-recall, and Pd against false alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Counts = NDArray[Any]


@dataclass(frozen=True, eq=False)
class RocCurve:
    """Receiver operating characteristic over pixels.

    Attributes
    ----------
    thresholds : (n,) float
        On the scale of the scores; in the order of the other arrays.
    fpr, tpr : (n,) float64
        False-positive and true-positive rate, fractions.
    tp, fp : (n,) int or float
        Pixel counts.
    positives, negatives : (n,) int or float
        Pixels the rates refer to. One number throughout, but for published codes on grey masks.
    auc : float
        Area under it; NaN without positives or without negatives.
    auc_error : float
        Bound on how far `auc` is from that of the exact curve; 0 if it is exact.
    partial_auc : float
        Mean tpr over fpr of 0 … 1e-4, the range that matters for small targets.
    exact : bool
        True if no two distinct scores were counted as ties.
    """

    thresholds: Floats
    fpr: Floats
    tpr: Floats
    tp: Counts
    fp: Counts
    positives: Counts
    negatives: Counts
    auc: float
    auc_error: float
    partial_auc: float
    exact: bool

    def __str__(self) -> str:
        kind = "all thresholds" if self.exact else f"± {self.auc_error:.1g}"
        return f"ROC: AUC {self.auc:.6f} ({kind}), {len(self.fpr)} points"

    def thinned(self, points: int = 1000) -> RocCurve:
        """Return at most about so many points, spread evenly along the curve, for a plot."""
        keep = _spread(self.fpr, self.tpr, points)
        names = ("thresholds", "fpr", "tpr", "tp", "fp", "positives", "negatives")
        return replace(self, **{name: getattr(self, name)[keep] for name in names})


@dataclass(frozen=True, eq=False)
class PrCurve:
    """Precision against recall over pixels, at the scores of targets and the next above.

    Attributes
    ----------
    thresholds : (n,) float
        On the scale of the scores.
    precision, recall, f1 : (n,) float64
        Fractions.
    ap : float
        Average precision, the sum of precision times the step of recall; NaN without positives
        or without negatives.
    """

    thresholds: Floats
    precision: Floats
    recall: Floats
    f1: Floats
    ap: float

    def __str__(self) -> str:
        return f"PR: AP {self.ap:.6f}, {len(self.recall)} points"

    def thinned(self, points: int = 1000) -> PrCurve:
        """Return at most about so many points, spread evenly along the curve, for a plot."""
        keep = _spread(self.recall, self.precision, points)
        names = ("thresholds", "precision", "recall", "f1")
        return replace(self, **{name: getattr(self, name)[keep] for name in names})


@dataclass(frozen=True, eq=False)
class PdFaCurve:
    """Detection probability and false alarms over a grid of thresholds.

    Attributes
    ----------
    thresholds : (n,) float64
        Ascending, as probabilities; as logits where a published code compares logits.
    pd, fa : (n,) float64
        Detected targets over targets; false-alarm area over pixels.
    hits, targets : (n,) int
        Detected targets, and targets there were.
    false_targets : (n,) int
        Unmatched regions.
    false_area : (n,) int
        Pixels that count as false alarm under the profile's rule.
    false_targets_per_image : (n,) float64
    fa_pixel : (n,) float64
        False-positive pixels over pixels, whatever region they belong to.
    variants : mapping of str to (n,) float64
        Further curves that a published code prints.
    """

    thresholds: Floats
    pd: Floats
    fa: Floats
    hits: Counts
    targets: Counts
    false_targets: Counts
    false_area: Counts
    false_targets_per_image: Floats
    fa_pixel: Floats
    variants: Mapping[str, Floats] = field(default_factory=dict)

    def __str__(self) -> str:
        head = "threshold       Pd   Fa (1e-6)  false targets per image"
        rows = zip(self.thresholds, self.pd, self.fa, self.false_targets_per_image, strict=True)
        return "\n".join(
            [head, *(f"{t:9.4g} {p:8.4f} {1e6 * f:11.3f} {n:11.3f}" for t, p, f, n in rows)]
        )


def _spread(x: Floats, y: Floats, points: int) -> NDArray[np.intp]:
    """Return indices of about so many points, evenly spaced in length along the curve."""
    if len(x) <= points:
        return np.arange(len(x))
    steps = np.abs(np.diff(np.nan_to_num(x))) + np.abs(np.diff(np.nan_to_num(y)))
    along = np.concatenate([[0.0], np.cumsum(steps)])
    # A small share by index, so that a flat stretch keeps some of its thresholds.
    along = along / max(along[-1], 1e-300) + 0.1 * np.arange(len(x)) / len(x)
    wanted = np.linspace(0, along[-1], points)
    return np.unique(np.concatenate([np.searchsorted(along, wanted), [len(x) - 1]]))
