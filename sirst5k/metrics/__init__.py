"""Scores one can publish, and the field's own old numbers beside them.

Functions on arrays (`pixel_iou`, `mean_sample_iou`, `detection_rates`, `roc_curve`, …) compute
one figure of images at hand. `Evaluator` computes all of them over a stream, under the corrected
definitions or under those of a published code, defects included; `DetectionEvaluator` does the
same for boxes, with the parts of `sirst5k.metrics.boxes`. Nothing here knows datasets or files,
and nothing needs torch; tensors are taken as they are.
"""

from __future__ import annotations

from sirst5k.metrics.boxes import (
    DETECTION_PROFILES,
    DetectionCurve,
    DetectionEvaluator,
    DetectionProfile,
    DetectionScores,
    get_detection_profile,
)
from sirst5k.metrics.curves import PdFaCurve, PrCurve, RocCurve
from sirst5k.metrics.detection import (
    DetectionRates,
    Matching,
    detection_rates,
    match_targets,
)
from sirst5k.metrics.evaluator import Evaluator
from sirst5k.metrics.exact_curves import pr_curve, roc_curve
from sirst5k.metrics.image_scores import ImageScores, pool
from sirst5k.metrics.overlap import PixelCounts, count_pixels, mean_sample_iou, pixel_iou
from sirst5k.metrics.pd_fa import pd_fa_curve
from sirst5k.metrics.profile import Profile
from sirst5k.metrics.profiles import PROFILES, get_profile
from sirst5k.metrics.scores import Scores
from sirst5k.metrics.suppression import Suppression, measure_suppression

__all__ = [
    "DETECTION_PROFILES",
    "PROFILES",
    "DetectionCurve",
    "DetectionEvaluator",
    "DetectionProfile",
    "DetectionRates",
    "DetectionScores",
    "Evaluator",
    "ImageScores",
    "Matching",
    "PdFaCurve",
    "PixelCounts",
    "PrCurve",
    "Profile",
    "RocCurve",
    "Scores",
    "Suppression",
    "count_pixels",
    "detection_rates",
    "get_detection_profile",
    "get_profile",
    "match_targets",
    "mean_sample_iou",
    "measure_suppression",
    "pd_fa_curve",
    "pixel_iou",
    "pool",
    "pr_curve",
    "roc_curve",
]
