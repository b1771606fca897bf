"""The result of scoring boxes."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.metrics.boxes.curve import DetectionCurve

NAN = math.nan


@dataclass(frozen=True, eq=False, kw_only=True)
class DetectionScores:
    """Every figure of one profile over a set of frames.

    Rates are fractions. NaN stands for what is undefined on this set, as recall without
    targets, or for what a profile's code does not have.

    Attributes
    ----------
    profile : str
        Whose definitions.
    frames, empty_frames, sequences : int
        Frames scored, those of them without a target, and sequences they belong to.
    targets, detections : int
    iou : float
        Overlap that a hit needs, but for AP.
    confidence : float
        Least score behind `precision`, `recall`, `f1` and the counts; NaN where a profile
        derives the three from the whole curve (then the counts belong to its least score).
    ap50, ap75, ap : float
        COCO's average precision at IoU 0.5, 0.75, and over ten IoUs.
    precision, recall, f1 : float
    best_f1, best_threshold, best_precision, best_recall : float
        The largest F1 that any confidence gives, and where. Chosen on these very frames: an
        upper bound of what a threshold chosen beforehand gives.
    recall_limit : float
        Share of targets found by all detections, whatever their score.
    hits, misses, false_alarms : int
        Targets found and not found, and detections of nothing, at `confidence`.
    near : int
        Targets with a detection within 3 pixels of them, one to one, whatever its extent.
    pd, near_precision : float
        `near` over targets, and over detections: what is left of recall and precision when only
        the place counts, as for detectors of pixels. Boxes of 3 to 8 pixels fail IoU 0.5 by a
        pixel or two.
    false_alarms_on_empty : int
        Those on frames without a target.
    false_alarms_per_frame, false_alarms_per_empty_frame : float
    left_out_frames, left_out_detections : int
        Frames without targets that the profile does not score, with the detections on them.
    curve : DetectionCurve or None
        Over every distinct score.
    interpolated : (101,) float64 or None
        COCO's precision at recalls 0, 0.01 … 1 and IoU 0.5.
    notes : tuple of str
        What to know before comparing these figures with others.
    """

    profile: str
    frames: int
    empty_frames: int
    sequences: int
    targets: int
    detections: int
    iou: float
    confidence: float
    ap50: float = NAN
    ap75: float = NAN
    ap: float = NAN
    precision: float = NAN
    recall: float = NAN
    f1: float = NAN
    best_f1: float = NAN
    best_threshold: float = NAN
    best_precision: float = NAN
    best_recall: float = NAN
    recall_limit: float = NAN
    hits: int = 0
    misses: int = 0
    false_alarms: int = 0
    near: int = 0
    pd: float = NAN
    near_precision: float = NAN
    false_alarms_on_empty: int = 0
    false_alarms_per_frame: float = NAN
    false_alarms_per_empty_frame: float = NAN
    left_out_frames: int = 0
    left_out_detections: int = 0
    curve: DetectionCurve | None = field(default=None, repr=False)
    interpolated: NDArray[np.float64] | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()

    def to_dict(self, *, curves: bool = False, points: int = 1000) -> dict[str, Any]:
        """Return plain numbers, NaN where undefined.

        Parameters
        ----------
        curves : bool
            Whether the curves come along, as lists.
        points : int
            About how many points of the exact curve at most.
        """
        result: dict[str, Any] = {
            entry.name: getattr(self, entry.name)
            for entry in fields(self)
            if entry.name not in ("curve", "interpolated")
        }
        result["notes"] = list(self.notes)
        if curves and self.curve is not None and self.interpolated is not None:
            result["curve"] = self.curve.thinned(points).to_dict()
            result["interpolated"] = self.interpolated.tolist()
        return result

    def to_json(self, *, curves: bool = False) -> str:
        """Return `to_dict` as JSON, with null for what is undefined."""
        plain = {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in self.to_dict(curves=curves).items()
        }
        return json.dumps(plain, indent=2)

    def __str__(self) -> str:
        return (
            f"{self.profile}: {self.frames} frames, {self.targets} targets, "
            f"AP50 {self.ap50:.4f}, precision {self.precision:.4f}, recall {self.recall:.4f}, "
            f"F1 {self.f1:.4f}, best F1 {self.best_f1:.4f}"
        )
