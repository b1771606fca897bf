"""Confidence intervals of figures of boxes, by resampling sequences."""

from __future__ import annotations

import numpy as np

from sirst5k.evaluation.bootstrap import Bootstrap, Interval, draw_counts, interval
from sirst5k.metrics.boxes import FIGURES, DetectionEvaluator, figures_of


def sequence_intervals(evaluator: DetectionEvaluator, rule: Bootstrap) -> dict[str, Interval]:
    """Return percentile intervals of the figures of a set of sequences.

    Whole sequences are drawn with replacement, as many as there are: frames of one sequence
    are so alike that drawing them apart would make intervals far too narrow (the cluster
    bootstrap; Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section
    3.8). Each resample is scored like the set itself, AP included, which is no mean over
    frames. The best F1 of a resample has that resample's own threshold.

    Parameters
    ----------
    evaluator : DetectionEvaluator
        With its frames; sequences in an order that does not change, for the same seed to draw
        the same ones for every detector.
    rule : Bootstrap

    Returns
    -------
    dict of str to (float, float)
        By name in `sirst5k.metrics.boxes.FIGURES`; empty with fewer than two sequences.
    """
    pool = evaluator.pool()
    count = len(pool.sequences)
    if count < 2:
        return {}
    along = evaluator.profile.along_curve
    rows = [
        list(figures_of(pool, evaluator.reached, along, weights).values())
        for part in draw_counts(count, rule)
        for weights in part
    ]
    samples = np.array(rows, np.float64)
    return {name: interval(samples[:, place], rule) for place, name in enumerate(FIGURES)}
