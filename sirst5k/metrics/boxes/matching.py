"""Which detections are true positives: the rule of COCO, greedy by falling score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sirst5k.metrics.boxes.frame import Boxes, BoxFrame

IOUS = tuple(np.linspace(0.5, 0.95, 10).tolist())
"""The ten overlaps over which COCO's AP is a mean; the first is that of AP50."""

_MOST = 1 - 1e-10  # the reference asks no more than this even where 1 is asked for


def box_iou(first: Boxes, second: Boxes) -> NDArray[np.float64]:
    """Return the intersection over union of every pair of boxes.

    Parameters
    ----------
    first : (N, 4) float64
    second : (M, 4) float64
        x1, y1, x2, y2, ends exclusive.

    Returns
    -------
    (N, M) float64
        0 where both boxes are empty.

    Examples
    --------
    >>> box_iou(np.array([[0.0, 0, 3, 3]]), np.array([[1.0, 0, 4, 3], [5, 5, 6, 6]]))
    array([[0.5, 0. ]])
    """
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = np.prod(first[:, 2:] - first[:, :2], axis=1)
    others = np.prod(second[:, 2:] - second[:, :2], axis=1)
    union = areas[:, None] + others[None, :] - common
    overlap = np.zeros(union.shape)
    np.divide(common, union, out=overlap, where=union > 0)
    return overlap


def match_boxes(frame: BoxFrame, ious: Sequence[float] = (0.5,)) -> NDArray[np.intp]:
    """Return which target each detection finds, for each required overlap.

    By falling score, a detection takes the target of its class that no better one took and
    that it overlaps most, if by at least the required IoU; of equal overlaps, the later target.
    It is the matching of COCO's evaluation code.

    Parameters
    ----------
    frame : BoxFrame
    ious : sequence of float

    Returns
    -------
    (len(ious), N) intp
        Places in ``frame.truth``; -1 for a false positive.
    """
    found = np.full((len(ious), len(frame.boxes)), -1, np.intp)
    if not len(frame.truth) or not len(frame.boxes):
        return found
    overlap = box_iou(frame.boxes, frame.truth)
    overlap[frame.classes[:, None] != frame.truth_classes[None, :]] = -1.0
    reach = overlap.max(axis=1)
    for level, iou in enumerate(ious):
        need = min(iou, _MOST)
        free = np.ones(len(frame.truth), np.bool_)
        for place in np.flatnonzero(reach >= need):
            row = np.where(free, overlap[place], -1.0)
            last_best = len(row) - 1 - int(np.argmax(row[::-1]))
            if row[last_best] >= need:
                found[level, place] = last_best
                free[last_best] = False
    return found
