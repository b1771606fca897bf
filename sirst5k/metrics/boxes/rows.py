"""What one frame contributed, for tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirst5k.metrics.boxes.frame import BoxFrame
from sirst5k.metrics.boxes.matching import match_boxes
from sirst5k.metrics.boxes.nearby import found_nearby
from sirst5k.metrics.detection import DISTANCE


@dataclass(frozen=True, slots=True)
class FrameScores:
    """Counts of one frame at one confidence and one IoU.

    Attributes
    ----------
    name, sequence : str
    targets, detections : int
        Targets there are, and detections of at least the confidence.
    hits, misses, false_alarms : int
        Targets found, targets not found, and detections of nothing, by overlap.
    near : int
        Targets with a detection within `DISTANCE` pixels, whatever its extent.
    best_score : float
        Of the surest detection, whether it counts or not; 0 if there is none.
    """

    name: str
    sequence: str
    targets: int
    detections: int
    hits: int
    misses: int
    false_alarms: int
    near: int
    best_score: float


def frame_scores(frame: BoxFrame, confidence: float, iou: float) -> FrameScores:
    """Return the counts of a frame."""
    count = int(np.count_nonzero(frame.scores >= confidence))
    hits = int(np.count_nonzero(match_boxes(frame, (iou,))[0, :count] >= 0))
    best = float(frame.scores[0]) if len(frame.scores) else 0.0
    return FrameScores(
        frame.name,
        frame.sequence,
        len(frame.truth),
        count,
        hits,
        len(frame.truth) - hits,
        count - hits,
        found_nearby(frame, confidence, DISTANCE),
        best,
    )
