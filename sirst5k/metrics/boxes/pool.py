"""All detections of a set of frames together, ready for one resample after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirst5k.metrics.boxes.curve import (
    DetectionCurve,
    Floats,
    best_f1_of,
    detection_curve,
    interpolated_precision,
    published_point,
)
from sirst5k.metrics.boxes.frame import BoxFrame
from sirst5k.metrics.boxes.matching import IOUS, match_boxes
from sirst5k.metrics.boxes.nearby import found_nearby
from sirst5k.metrics.detection import DISTANCE
from sirst5k.metrics.ratios import ratio

FIGURES = (
    "ap50",
    "ap",
    "precision",
    "recall",
    "f1",
    "best_f1",
    "pd",
    "false_alarms_per_frame",
    "false_alarms_per_empty_frame",
)
"""Figures of a set of frames that resampling its sequences gives intervals of."""


@dataclass(frozen=True, eq=False, slots=True)
class Pool:
    """Detections of all frames by falling score, with what each found.

    Attributes
    ----------
    sequences : tuple of str
        G names.
    scores : (N,) float64
    hits : (1 + 10, N) bool
        True positives at the IoU asked for, then at the ten IoUs of AP.
    classes, sequence : (N,) int64
        Class, and place in `sequences`.
    on_empty : (N,) bool
        Whether the frame holds no target.
    kinds : (K,) int64
        Classes that have targets.
    targets : (G, K) int64
    frames, empty_frames : (G,) int64
    near : (G,) int64
        Targets with a detection within 3 pixels, at the confidence given when pooling.
    """

    sequences: tuple[str, ...]
    scores: Floats
    hits: NDArray[np.bool_]
    classes: NDArray[np.int64]
    sequence: NDArray[np.int64]
    on_empty: NDArray[np.bool_]
    kinds: NDArray[np.int64]
    targets: NDArray[np.int64]
    frames: NDArray[np.int64]
    empty_frames: NDArray[np.int64]
    near: NDArray[np.int64]

    @classmethod
    def of(cls, frames: Sequence[BoxFrame], iou: float, confidence: float) -> Pool:
        """Match and pool frames; equal scores stay in the order of the frames."""
        names = tuple(dict.fromkeys(frame.sequence for frame in frames))
        place = {name: number for number, name in enumerate(names)}
        number = np.array([place[frame.sequence] for frame in frames], np.int64)
        counts = np.array([len(frame.scores) for frame in frames], np.int64)
        empty = np.array([len(frame.truth) == 0 for frame in frames], np.bool_)
        scores = np.concatenate([np.zeros(0), *(frame.scores for frame in frames)])
        matched = [match_boxes(frame, (iou, *IOUS)) >= 0 for frame in frames]
        order = np.argsort(-scores, kind="stable")
        truth = _joined([frame.truth_classes for frame in frames])
        owner = np.repeat(number, [len(frame.truth) for frame in frames])
        kinds = np.unique(truth)
        targets = np.zeros((len(names), len(kinds)), np.int64)
        np.add.at(targets, (owner, np.searchsorted(kinds, truth)), 1)
        near = np.zeros(len(names), np.int64)
        np.add.at(near, number, [found_nearby(one, confidence, DISTANCE) for one in frames])
        hits = np.hstack(matched) if matched else np.zeros((1 + len(IOUS), 0), np.bool_)
        return cls(
            sequences=names,
            scores=scores[order],
            hits=hits[:, order],
            classes=_joined([frame.classes for frame in frames])[order],
            sequence=np.repeat(number, counts)[order],
            on_empty=np.repeat(empty, counts)[order],
            kinds=kinds,
            targets=targets,
            frames=np.bincount(number, minlength=len(names)),
            empty_frames=np.bincount(number[empty], minlength=len(names)),
            near=near,
        )

    def curve(self, weights: Floats | None = None) -> DetectionCurve:
        """Return the curve over all classes, each sequence counting `weights` times, ``(G,)``."""
        times = self._times(weights)
        return detection_curve(
            self.scores, self.hits[0], times, float((self._groups(weights) @ self.targets).sum())
        )

    def figures(
        self, confidence: float, along_curve: bool, weights: Floats | None = None
    ) -> dict[str, float]:
        """Return `FIGURES`; the meaning of the other parameters is that of `figures_of`."""
        groups, times = self._groups(weights), self._times(weights)
        targets = groups @ self.targets
        average = []
        for kind, count in zip(self.kinds, targets.tolist(), strict=True):
            if count:
                mine = self.classes == kind
                gains, hits = times[mine], self.hits[1:, mine]
                totals = np.cumsum(gains)
                average.append(
                    [interpolated_precision(gains[hit], totals[hit], count) for hit in hits]
                )
        precisions = np.array(average) if average else np.full((1, len(IOUS), 101), np.nan)
        curve = self.curve(weights)
        tp, fp = curve.counts_at(confidence)
        sure = self.scores >= confidence
        on_empty = float(times[sure & self.on_empty].sum())
        result = {
            "ap50": float(precisions[:, 0].mean()),
            "ap": float(precisions.mean()),
            "precision": ratio(tp, tp + fp),
            "recall": ratio(tp, curve.targets),
            "f1": ratio(2 * tp, tp + fp + curve.targets),
            "best_f1": math.nan,
            "pd": ratio(float(groups @ self.near), curve.targets),
            "false_alarms_per_frame": ratio(fp, float(groups @ self.frames)),
            "false_alarms_per_empty_frame": ratio(on_empty, float(groups @ self.empty_frames)),
        }
        if along_curve:
            interpolated = precisions[:, 0].mean(axis=0)
            end = float(curve.recall[-1]) if len(curve.tp) else ratio(0.0, curve.targets)
            result["recall"] = end
            result["precision"], result["f1"] = published_point(interpolated, end)
            result["best_f1"] = best_f1_of(interpolated)
        elif (best := curve.best()) is not None:
            result["best_f1"] = float(curve.f1[best])
        elif curve.targets:
            result["best_f1"] = 0.0
        return result

    def _groups(self, weights: Floats | None) -> Floats:
        return np.ones(len(self.sequences)) if weights is None else weights

    def _times(self, weights: Floats | None) -> Floats:
        return self._groups(weights)[self.sequence]


def figures_of(
    pool: Pool, confidence: float, along_curve: bool, weights: Floats | None = None
) -> dict[str, float]:
    """Return the figures of a pool of frames, or of a resample of its sequences.

    Parameters
    ----------
    pool : Pool
    confidence : float
        Least score of a detection that counts for precision, recall, F1 and false alarms.
    along_curve : bool
        Derive precision, recall and F1 from the curve, as the published code does.
    weights : (G,) float64, optional
        How often each sequence counts; once if not given.

    Returns
    -------
    dict of str to float
        `FIGURES`; NaN for what is undefined.
    """
    return pool.figures(confidence, along_curve, weights)


def _joined(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(0, np.int64), *parts])
