"""Scores of detections that are boxes: AP, operating points, and the published video protocol.

`DetectionEvaluator` collects the boxes of frame after frame and computes `DetectionScores`, under
the corrected definitions or under those of the published video detectors. `read_published_pr`
reads the curves that their repositories ship. Nothing here needs torch; AP is computed by
faster-coco-eval.
"""

from __future__ import annotations

from sirst5k.metrics.boxes.curve import DetectionCurve
from sirst5k.metrics.boxes.evaluator import DetectionEvaluator
from sirst5k.metrics.boxes.frame import BoxFrame
from sirst5k.metrics.boxes.matching import box_iou, match_boxes
from sirst5k.metrics.boxes.pool import FIGURES, Pool, figures_of
from sirst5k.metrics.boxes.profiles import (
    DETECTION_PROFILES,
    DetectionProfile,
    get_detection_profile,
)
from sirst5k.metrics.boxes.published import PublishedPr, read_published_pr, write_published_pr
from sirst5k.metrics.boxes.rows import FrameScores
from sirst5k.metrics.boxes.scores import DetectionScores

__all__ = [
    "DETECTION_PROFILES",
    "FIGURES",
    "BoxFrame",
    "DetectionCurve",
    "DetectionEvaluator",
    "DetectionProfile",
    "DetectionScores",
    "FrameScores",
    "Pool",
    "PublishedPr",
    "box_iou",
    "figures_of",
    "get_detection_profile",
    "match_boxes",
    "read_published_pr",
    "write_published_pr",
]
