"""Detections of one frame, whoever found them."""

from __future__ import annotations

from typing import Any

import numpy as np

from sirst5k.detectors.boxes import Detections


def found_boxes(boxes: Any, scores: Any, classes: Any = None) -> Detections:
    """Return detections from plain numbers, sorted; classes are 0 if not given.

    Parameters
    ----------
    boxes : (N, 4)
        x1, y1, x2, y2 in pixels of the frame, ends exclusive.
    scores : (N,)
    classes : (N,), optional
    """
    corners = np.asarray(boxes, np.float32).reshape(-1, 4)
    sure = np.asarray(scores, np.float32).reshape(-1)
    kinds = np.zeros(len(sure), np.int64) if classes is None else np.asarray(classes, np.int64)
    order = np.argsort(-sure, kind="stable")
    return Detections(corners[order], sure[order], kinds.reshape(-1)[order])


def best(found: Detections, most: int | None = None, least: float = 0.0) -> Detections:
    """Return the surest detections.

    Parameters
    ----------
    found : Detections
        Sorted, as `found_boxes` returns them.
    most : int, optional
        How many at most.
    least : float
        Score that each must have.
    """
    kept = int(np.count_nonzero(found.scores >= least))
    kept = kept if most is None else min(kept, most)
    if kept == len(found):
        return found
    return Detections(found.boxes[:kept], found.scores[:kept], found.classes[:kept])


NOTHING = found_boxes([], [])
"""Silence."""
