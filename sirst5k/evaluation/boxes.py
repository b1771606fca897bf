"""Detections as boxes, and as COCO documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sirst5k.components import label_targets
from sirst5k.evaluation.prediction import Prediction

CATEGORY = {"id": 1, "name": "target"}


@dataclass(frozen=True, slots=True)
class Detection:
    """One connected region of a predicted mask.

    Attributes
    ----------
    left, top, width, height : int
        Bounding box in pixels.
    area : int
        Pixels.
    score : float
        Largest probability in it.
    """

    left: int
    top: int
    width: int
    height: int
    area: int
    score: float


def detections(prediction: Prediction) -> list[Detection]:
    """Return the 8-connected regions of a predicted mask, in raster order."""
    labels, targets = label_targets(prediction.mask)
    found = []
    for target in targets:
        box = np.s_[target.top : target.bottom, target.left : target.right]
        score = float(prediction.probability[box][labels[box] == target.label].max())
        found.append(
            Detection(
                target.left, target.top, target.width, target.height, target.area, round(score, 6)
            )
        )
    return found


def coco_document(frames: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return detections as a COCO document; each annotation carries a ``score``.

    Parameters
    ----------
    frames : iterable of mapping
        With ``id``, ``file``, ``width``, ``height`` and ``boxes``: lists of
        ``[left, top, width, height, area, score]``.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, frame in enumerate(frames, 1):
        images.append(
            {
                "id": number,
                "file_name": frame["file"],
                "width": frame["width"],
                "height": frame["height"],
            }
        )
        for left, top, width, height, area, score in frame["boxes"]:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": CATEGORY["id"],
                    "bbox": [left, top, width, height],
                    "area": area,
                    "score": score,
                    "iscrowd": 0,
                }
            )
    return {"images": images, "annotations": annotations, "categories": [CATEGORY]}
