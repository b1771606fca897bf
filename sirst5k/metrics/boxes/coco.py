"""AP by COCO's definitions, as faster-coco-eval computes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.metrics.boxes.frame import BoxFrame
from sirst5k.optional import require


@dataclass(frozen=True, eq=False, slots=True)
class CocoFigures:
    """AP and what it is a mean of.

    Attributes
    ----------
    ap50, ap75, ap : float
        At IoU 0.5 and 0.75; mean over ten IoUs. NaN without targets.
    interpolated : (101,) float64
        Precision at recalls 0, 0.01 … 1, at IoU 0.5; mean over classes.
    recall : float
        Share of targets found at IoU 0.5 by all detections, whatever their score.
    """

    ap50: float
    ap75: float
    ap: float
    interpolated: NDArray[np.float64]
    recall: float


def coco_figures(frames: Sequence[BoxFrame]) -> CocoFigures:
    """Return the figures of COCO's evaluation over all frames, all areas, every detection.

    Raises
    ------
    MissingDependencyError
        If faster-coco-eval is not installed.
    """
    package = require("faster_coco_eval", "AP")
    truth = _truth(frames)
    if not truth["annotations"]:
        nan = float("nan")
        return CocoFigures(nan, nan, nan, np.full(101, nan), nan)
    known = {category["id"] for category in truth["categories"]}
    # Detections of a class without targets are no part of COCO's mean over classes.
    found = [row for row in _detections(frames) if row["category_id"] in known]
    if not found:
        return CocoFigures(0.0, 0.0, 0.0, np.zeros(101), 0.0)
    labels = package.COCO(truth)
    run = package.COCOeval_faster(labels, labels.loadRes(found), "bbox", print_function=_silent)
    run.params.maxDets = [max(len(frame.boxes) for frame in frames)]
    run.params.areaRng, run.params.areaRngLbl = [[0.0, 1e10]], ["all"]
    run.evaluate()
    run.accumulate()
    # (IoUs, recalls, classes, areas, caps), -1 for a class without targets.
    precision = np.asarray(run.eval["precision"], np.float64)[:, :, :, 0, -1]
    recall = np.asarray(run.eval["recall"], np.float64)[0, :, 0, -1]
    with_targets = precision[0, 0] > -1
    precision, recall = precision[:, :, with_targets], recall[with_targets]
    return CocoFigures(
        ap50=float(precision[0].mean()),
        ap75=float(precision[5].mean()),
        ap=float(precision.mean()),
        interpolated=precision[0].mean(axis=1),
        recall=float(recall.mean()),
    )


def _truth(frames: Sequence[BoxFrame]) -> dict[str, Any]:
    annotations: list[dict[str, Any]] = [
        {
            "image_id": number,
            "category_id": int(kind) + 1,
            "bbox": _xywh(box),
            "area": float(np.prod(box[2:] - box[:2])),
            "iscrowd": 0,
        }
        for number, frame in enumerate(frames, 1)
        for box, kind in zip(frame.truth, frame.truth_classes, strict=True)
    ]
    for number, annotation in enumerate(annotations, 1):
        annotation["id"] = number
    kinds = sorted({annotation["category_id"] for annotation in annotations})
    return {
        "images": [{"id": number} for number in range(1, len(frames) + 1)],
        "annotations": annotations,
        "categories": [{"id": kind, "name": str(kind)} for kind in kinds],
    }


def _detections(frames: Sequence[BoxFrame]) -> list[dict[str, Any]]:
    return [
        {
            "image_id": number,
            "category_id": int(kind) + 1,
            "bbox": _xywh(box),
            "score": float(score),
        }
        for number, frame in enumerate(frames, 1)
        for box, score, kind in zip(frame.boxes, frame.scores, frame.classes, strict=True)
    ]


def _xywh(box: NDArray[np.float64]) -> list[float]:
    left, top, right, bottom = box.tolist()
    return [left, top, right - left, bottom - top]


def _silent(*_: Any, **__: Any) -> None:
    """Print nothing: progress is the caller's to show."""
