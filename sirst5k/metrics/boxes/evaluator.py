"""Boxes of frame after frame, and their scores."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np

from sirst5k.errors import ParameterError
from sirst5k.metrics.boxes.coco import coco_figures
from sirst5k.metrics.boxes.curve import DetectionCurve, best_f1_of, published_point
from sirst5k.metrics.boxes.frame import BoxFrame
from sirst5k.metrics.boxes.pool import Pool
from sirst5k.metrics.boxes.profiles import DetectionProfile, get_detection_profile
from sirst5k.metrics.boxes.rows import FrameScores, frame_scores
from sirst5k.metrics.boxes.scores import DetectionScores
from sirst5k.metrics.ratios import ratio

CONFIDENCE = 0.5
"""Least score behind precision, recall and F1; the published code draws boxes from 0.5 on."""


class DetectionEvaluator:
    """Scores boxes under one profile, frame after frame.

    Parameters
    ----------
    profile : str
        ``corrected``: every frame counts, false alarms on empty frames among them;
        precision, recall and F1 are those at `confidence`. ``published``: the protocol of the
        published video detectors, which scores frames with targets only, the best 100
        detections of a score of at least 0.001, takes a mean along the curve for precision
        and its end for recall. ``published_all``: the same over all frames.
    confidence : float, optional
        Detections of at least this score count at the operating point; 0.5 by default.
        The published profiles have none.
    iou : float
        Overlap of a hit at the operating point, on the curve and for the best F1; AP has
        COCO's own.

    Attributes
    ----------
    confidence : float
        As asked for.
    reached : float
        The least score that counts as that, rounding to float32 forgiven.

    Examples
    --------
    >>> evaluator = DetectionEvaluator()
    >>> evaluator.update("a/1", [[10, 10, 14, 14]], [0.9], None, [[10, 10, 14, 14]])
    >>> evaluator.update("a/2", [[30, 3, 34, 6]], [0.8], None, [])
    >>> curve = evaluator.curve()
    >>> curve.precision, curve.recall
    (array([1. , 0.5]), array([1., 1.]))
    """

    _frames: list[BoxFrame]
    _names: set[str]
    _left_out: tuple[int, int]

    def __init__(
        self,
        profile: str = "corrected",
        *,
        confidence: float | None = None,
        iou: float = 0.5,
    ) -> None:
        self.profile: DetectionProfile = get_detection_profile(profile)
        if confidence is not None and self.profile.along_curve:
            raise ParameterError(
                f"The profile {profile} takes no confidence: its precision and recall belong to "
                "the whole curve. Score with the profile 'corrected' at one."
            )
        if confidence is not None and not math.isfinite(confidence):
            raise ParameterError(f"Expected a finite confidence, got {confidence}.")
        if not 0 < iou <= 1:
            raise ParameterError(f"Expected an IoU above 0 and up to 1, got {iou}.")
        at = CONFIDENCE if confidence is None else confidence
        self.confidence = self.profile.least if self.profile.along_curve else at
        # Scores come as float32 from most detectors: one of 0.9 is a little less than 0.9.
        self.reached = min(self.confidence, float(np.float32(self.confidence)))
        self.iou = iou
        self.reset()

    def update(
        self,
        name: str,
        boxes: Any,
        scores: Any,
        classes: Any,
        truth: Any,
        truth_classes: Any = None,
        *,
        sequence: str | None = None,
    ) -> None:
        """Add a frame.

        Parameters
        ----------
        name : str
            Of the frame, each once.
        boxes : (N, 4) array or tensor
            Detections: x1, y1, x2, y2 in pixels, ends exclusive.
        scores : (N,)
        classes : (N,) of integers, or None
            None where there is one class.
        truth : (M, 4)
            Targets, in the same form.
        truth_classes : (M,) of integers, optional
        sequence : str, optional
            What the frame belongs to; by default the name up to its last ``/``.

        Raises
        ------
        ShapeError, ParameterError
            If arrays do not fit, a box is none, or the frame was there already.
        """
        if name in self._names:
            raise ParameterError(f"Expected every frame once, got {name!r} again.")
        group = name.rpartition("/")[0] if sequence is None else sequence
        frame = BoxFrame.checked(name, group, boxes, scores, classes, truth, truth_classes)
        self._names.add(name)
        if not len(frame.truth) and not self.profile.empty_frames:
            left = self._left_out
            self._left_out = left[0] + 1, left[1] + len(frame.scores)
            return
        self._frames.append(frame.best(self.profile.most, self.profile.least))

    def compute(self) -> DetectionScores:
        """Return the scores of all frames so far; more may follow.

        Raises
        ------
        MissingDependencyError
            If faster-coco-eval is not installed, which computes AP.
        ParameterError
            If there is no frame to score.
        """
        if not self._frames:
            left = f" {self._left_out[0]} without targets are left out." if self._names else ""
            raise ParameterError(
                f"Expected at least one frame for the profile {self.profile.name}, got none.{left}"
            )
        pool, coco = self.pool(), coco_figures(self._frames)
        curve = pool.curve()
        own = pool.figures(self.reached, self.profile.along_curve)
        precision, recall, f1 = own["precision"], own["recall"], own["f1"]
        best = best_f1_of(coco.interpolated), math.nan, math.nan, math.nan
        if self.profile.along_curve:
            recall = coco.recall
            precision, f1 = published_point(coco.interpolated, recall)
        else:
            best = _best(curve, own["best_f1"])
        tp, fp = curve.counts_at(self.reached)
        frames, empty = int(pool.frames.sum()), int(pool.empty_frames.sum())
        on_empty = int((pool.on_empty & (pool.scores >= self.reached)).sum())
        return DetectionScores(
            profile=self.profile.name,
            frames=frames,
            empty_frames=empty,
            sequences=len(pool.sequences),
            targets=int(curve.targets),
            detections=len(pool.scores),
            iou=self.iou,
            confidence=math.nan if self.profile.along_curve else self.confidence,
            ap50=coco.ap50,
            ap75=coco.ap75,
            ap=coco.ap,
            precision=precision,
            recall=recall,
            f1=f1,
            best_f1=best[0],
            best_threshold=best[1],
            best_precision=best[2],
            best_recall=best[3],
            recall_limit=float(curve.recall[-1]) if len(curve.tp) else ratio(0, curve.targets),
            hits=int(tp),
            misses=int(curve.targets - tp),
            false_alarms=int(fp),
            near=int(pool.near.sum()),
            pd=own["pd"],
            near_precision=ratio(int(pool.near.sum()), tp + fp),
            false_alarms_on_empty=on_empty,
            false_alarms_per_frame=own["false_alarms_per_frame"],
            false_alarms_per_empty_frame=own["false_alarms_per_empty_frame"],
            left_out_frames=self._left_out[0],
            left_out_detections=self._left_out[1],
            curve=curve,
            interpolated=coco.interpolated,
            notes=tuple(self._notes()),
        )

    def pool(self) -> Pool:
        """Return all detections together, for curves and resampling."""
        return Pool.of(self._frames, self.iou, self.reached)

    def curve(self) -> DetectionCurve:
        """Return precision and recall over every distinct score."""
        return self.pool().curve()

    @property
    def frames(self) -> tuple[BoxFrame, ...]:
        """The frames that are scored."""
        return tuple(self._frames)

    @property
    def rows(self) -> list[FrameScores]:
        """What each scored frame contributed, at the confidence."""
        return [frame_scores(frame, self.reached, self.iou) for frame in self._frames]

    def merge(self, other: Self) -> Self:
        """Add the frames of another evaluator, as if they had come here; return self.

        Raises
        ------
        ParameterError
            If the two score differently, or share a frame.
        """
        mine = (self.profile, self.confidence, self.iou)
        if mine != (other.profile, other.confidence, other.iou):
            raise ParameterError(
                "Expected two evaluators of equal profile, confidence and IoU to merge, got "
                f"{self!r} and {other!r}."
            )
        if shared := self._names & other._names:
            raise ParameterError(f"Expected every frame once, got {min(shared)!r} in both.")
        self._frames += other._frames
        self._names |= other._names
        mine_out, others_out = self._left_out, other._left_out
        self._left_out = mine_out[0] + others_out[0], mine_out[1] + others_out[1]
        return self

    def reset(self) -> None:
        """Forget all frames."""
        self._frames = []
        self._names = set()
        self._left_out = 0, 0  # frames, and detections on them

    def __repr__(self) -> str:
        return (
            f"DetectionEvaluator({self.profile.name!r}, confidence={self.confidence:g}, "
            f"iou={self.iou:g}): {len(self._frames)} frames"
        )

    def _notes(self) -> list[str]:
        notes = []
        if self.profile.along_curve:
            notes.append(
                "Precision is a mean along the curve and recall its end; no confidence gives both."
            )
        if self._left_out[0]:
            notes.append(
                f"{self._left_out[0]} frames without targets, with {self._left_out[1]} "
                "detections, are left out."
            )
        return notes


def _best(curve: DetectionCurve, f1: float) -> tuple[float, float, float, float]:
    """Return the best F1 with its threshold, precision and recall."""
    place = curve.best()
    if place is None:
        return f1, math.nan, math.nan, ratio(0, curve.targets)
    return (
        f1,
        float(curve.thresholds[place]),
        float(curve.precision[place]),
        float(curve.recall[place]),
    )
