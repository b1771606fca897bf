"""Targets found by where a detection lies, whatever its extent."""

from __future__ import annotations

import numpy as np

from sirst5k.metrics.boxes.frame import BoxFrame

_FAR = 1e6


def found_nearby(frame: BoxFrame, confidence: float, distance: float) -> int:
    """Return how many targets have a detection of their own near by.

    Detections of at least `confidence` are matched to targets of their class one to one, as
    many as possible, where the centres of the boxes are strictly nearer than `distance`: the
    rule by which detectors of pixels are scored (`sirst5k.metrics.detection_rates`), with the
    centres of boxes for centroids.

    Parameters
    ----------
    frame : BoxFrame
    confidence : float
    distance : float
        Pixels.
    """
    from scipy.optimize import linear_sum_assignment  # slow to import, and seldom needed

    count = int(np.count_nonzero(frame.scores >= confidence))
    if not count or not len(frame.truth):
        return 0
    found = (frame.boxes[:count, :2] + frame.boxes[:count, 2:]) / 2
    real = (frame.truth[:, :2] + frame.truth[:, 2:]) / 2
    apart = np.linalg.norm(found[:, None] - real[None], axis=2)
    alike = frame.classes[:count, None] == frame.truth_classes[None]
    cost = np.where((apart < distance) & alike, apart, _FAR)
    rows, columns = linear_sum_assignment(cost)
    return int(np.count_nonzero(cost[rows, columns] < _FAR))
