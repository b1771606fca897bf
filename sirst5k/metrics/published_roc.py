"""The published ROC: counts at a few thresholds, added up in float32."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.metrics.arrays import Inputs
from sirst5k.metrics.curves import PrCurve, RocCurve
from sirst5k.metrics.cuts import cuts_for
from sirst5k.metrics.profile import Grid
from sirst5k.metrics.state import Frame

_EPSILON = 0.001


class PublishedRoc:
    """Pixels by prediction and mask at each threshold of a grid.

    A mask pixel that is neither 0 nor 1 equals no prediction: it counts as false whatever is
    predicted there. Batches are added in float32, so that a count above 2^24 loses units.
    """

    def __init__(self, grid: Grid, inputs: Inputs) -> None:
        self.grid = grid
        self.cuts = grid.cuts(inputs)
        self.sums = np.zeros((4, len(self.cuts)), np.float32)
        self._batch = np.zeros((4, len(self.cuts)), np.int64)

    def add(self, frame: Frame) -> None:
        """Count one image."""
        scores, mask = frame.scores, frame.mask
        cuts = cuts_for(scores, self.cuts)
        predicted = _count_above(scores, cuts)
        tp = _count_above(scores[mask.full], cuts)
        lit = tp if mask.lit is mask.full else _count_above(scores[mask.lit], cuts)
        all_lit = int(np.count_nonzero(mask.lit))
        dark = scores.size - all_lit
        self._batch += (tp, predicted - tp, all_lit - lit, dark - (predicted - lit))

    def end_update(self) -> None:
        """Add the batch to the sums, rounding as the published code does."""
        self.sums += self._batch.astype(np.float32)
        self._batch[:] = 0

    def merge(self, other: PublishedRoc) -> None:
        """Add the images of another one; exact up to 2^24 pixels of a kind."""
        self.sums += other.sums

    def curves(self, *, with_auc: bool) -> tuple[RocCurve, PrCurve]:
        """Return ROC and precision-recall with the small constants of the published formulas."""
        tp, fp, fn, tn = self.sums.astype(np.float64)
        positives, negatives = tp + fn, fp + tn
        tpr = tp / (positives + _EPSILON)
        fpr = fp / (negatives + _EPSILON)
        precision = tp / (tp + fp + _EPSILON)
        f1 = 2 * tpr * precision / (tpr + precision + 1e-5)
        thresholds = np.array(self.grid.thresholds)
        roc = RocCurve(
            thresholds=thresholds,
            fpr=fpr,
            tpr=tpr,
            tp=tp,
            fp=fp,
            positives=positives,
            negatives=negatives,
            auc=trapezoids(fpr, tpr) if with_auc else math.nan,
            auc_error=0.0,
            partial_auc=math.nan,
            exact=False,
        )
        return roc, PrCurve(thresholds, precision, tpr, f1, math.nan)


def trapezoids(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return the area under the points as they are, no end points added.

    NaN where `x` goes both up and down, which the published code refuses.
    """
    steps = np.diff(x)
    falling = bool((steps < 0).any())
    if falling and not (steps <= 0).all():
        return math.nan
    area = float((steps * (y[1:] + y[:-1]) / 2).sum())
    return -area if falling else area


def _count_above(
    scores: NDArray[np.floating[Any]], cuts: NDArray[np.floating[Any]]
) -> NDArray[np.int64]:
    return np.array([np.count_nonzero(scores > cut) for cut in cuts], np.int64)
