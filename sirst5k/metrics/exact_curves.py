"""ROC and precision-recall from counts at every distinct score."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.metrics.arrays import as_batch, as_scores, check_same
from sirst5k.metrics.curves import PrCurve, RocCurve
from sirst5k.metrics.ratios import ratios
from sirst5k.metrics.score_histogram import Tally, tally_scores
from sirst5k.metrics.target_mask import read_mask

PARTIAL = 1e-4
"""False-positive rate up to which the partial area is taken."""


def roc_curve(scores: Any, masks: Any) -> RocCurve:
    """Return the exact ROC over pixels, over all thresholds.

    Parameters
    ----------
    scores : (B, 1, H, W), (B, H, W) or (H, W) array or tensor
        Logits, probabilities, or any other score that is high on targets.
    masks : same shape
        Bool, 0/1, or 0…255; above half is target.

    Returns
    -------
    RocCurve
        From (0, 0) to (1, 1), with a point wherever the curve bends; at the thresholds
        between, it is a straight line. Equal scores are one point, so that `auc` is the
        probability that a target pixel scores above a background pixel, ties counting half.

    Raises
    ------
    ShapeError, ParameterError
        If shapes differ or a score is NaN.

    Examples
    --------
    >>> scores = np.array([[0.9, 0.8, 0.2, 0.1]])
    >>> roc_curve(scores, np.array([[1, 0, 1, 0]])).auc
    0.75
    """
    return roc_from(_tally(scores, masks))


def pr_curve(scores: Any, masks: Any) -> PrCurve:
    """Return the exact precision-recall curve over pixels; parameters as in `roc_curve`.

    Examples
    --------
    >>> scores = np.array([[0.9, 0.8, 0.2, 0.1]])
    >>> round(pr_curve(scores, np.array([[1, 0, 1, 0]])).ap, 6)
    0.833333
    """
    return pr_from(_tally(scores, masks))


def roc_from(tally: Tally) -> RocCurve:
    """Return the ROC of cumulative counts."""
    tp = np.concatenate([[0], tally.tp])
    fp = np.concatenate([[0], tally.fp])
    positives, negatives = int(tp[-1]), int(fp[-1])
    fpr, tpr = ratios(fp, negatives), ratios(tp, positives)
    if positives and negatives:
        # In integers, so that no order of images can round it differently.
        twice = int(np.dot(np.diff(fp), tp[1:] + tp[:-1]))
        auc = twice / (2 * positives * negatives)
        mixed = int(np.dot(np.diff(fp), np.diff(tp)))
        error = 0.0 if tally.exact else mixed / (2 * positives * negatives)
        partial = _partial_area(fpr, tpr)
    else:
        auc = partial = math.nan
        error = 0.0 if tally.exact else math.nan
    return RocCurve(
        thresholds=np.concatenate([[np.inf], tally.thresholds]),
        fpr=fpr,
        tpr=tpr,
        tp=tp,
        fp=fp,
        positives=np.full(len(tp), positives),
        negatives=np.full(len(tp), negatives),
        auc=auc,
        auc_error=error,
        partial_auc=partial,
        exact=tally.exact,
    )


def pr_from(tally: Tally) -> PrCurve:
    """Return the precision-recall curve of cumulative counts."""
    tp, fp = tally.tp, tally.fp
    positives, negatives = (int(tp[-1]), int(fp[-1])) if len(tp) else (0, 0)
    precision, recall = ratios(tp, tp + fp), ratios(tp, positives)
    steps = np.diff(tp, prepend=0)
    ap = math.nan
    if positives and negatives:
        ap = math.fsum((precision * steps)[steps > 0]) / positives
    f1 = ratios(2 * tp, tp + fp + positives)
    return PrCurve(tally.thresholds, precision, recall, f1, ap)


def _partial_area(fpr: NDArray[np.float64], tpr: NDArray[np.float64]) -> float:
    """Return the area under the curve up to `PARTIAL`, as a share of what it could be."""
    inside = int(np.searchsorted(fpr, PARTIAL, side="right"))
    x = np.append(fpr[:inside], PARTIAL)
    y = np.append(tpr[:inside], np.interp(PARTIAL, fpr, tpr))
    return float(np.dot(np.diff(x), y[1:] + y[:-1]) / 2 / PARTIAL)


def _tally(scores: Any, masks: Any) -> Tally:
    scores, masks = as_batch(scores, "scores"), as_batch(masks, "masks")
    check_same(scores, masks, ("scores", "masks"))
    every, targets = [], []
    for place, (score, mask) in enumerate(zip(scores, masks, strict=True)):
        checked = as_scores(score, "logits", f"scores of image {place}")
        every.append(checked.ravel())
        targets.append(checked[read_mask(mask, f"mask of image {place}").target])
    if not every:
        return tally_scores(np.zeros(0), np.zeros(0))
    if len(every) == 1:
        return tally_scores(every[0], targets[0])
    return tally_scores(np.concatenate(every), np.concatenate(targets))
