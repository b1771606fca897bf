"""Boxes, scores and classes of a frame, decoded from a raw map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.cells import decode_cells
from sirst5k.detectors.boxes.suppression import suppress
from sirst5k.errors import ParameterError, ShapeError
from sirst5k.optional import require


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What a detector found in one frame, by falling score.

    Attributes
    ----------
    boxes : (N, 4) float32
        x1, y1, x2, y2 in pixels of the network's input; not cut at the frame's border.
    scores : (N,) float32
        In (0, 1).
    classes : (N,) int64
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]

    def __post_init__(self) -> None:
        count = len(self.scores)
        if self.boxes.shape != (count, 4) or self.classes.shape != (count,):
            raise ShapeError(
                f"Expected boxes (N, 4) with a score and a class each, got {self.boxes.shape}, "
                f"{self.scores.shape} and {self.classes.shape}."
            )

    def __len__(self) -> int:
        return len(self.scores)


def detections(
    raw: Any,
    threshold: float = 0.001,
    nms_iou: float = 0.65,
    *,
    stride: int = 8,
    limit: int | None = None,
    shape: tuple[int, int] | None = None,
) -> list[Detections]:
    """Return the boxes of every frame of a batch.

    A box's score is that of objectness times that of its best class. Defaults are those of
    the published evaluation; 0.5 and 0.3 are those of its pictures.

    Parameters
    ----------
    raw : (B, 5 + classes, h, w) floating torch tensor, or a list with that tensor
        What a `VideoNetwork` returns; computed in float32 where it is lower.
    threshold : float
        Boxes with a lower score are left out.
    nms_iou : float
        Of two boxes of one class with a larger IoU only the better stays.
    stride : int
        Side of a cell in pixels.
    limit : int, optional
        Most boxes of a frame; no limit, as published, by default.
    shape : (int, int), optional
        Height and width of the frames before they were padded: boxes whose centre is in the
        padding are left out.

    Returns
    -------
    list of Detections

    Raises
    ------
    ShapeError
        If it is no raw map.
    ParameterError
        If a threshold is not in 0…1.
    """
    torch = require("torch", "a video network")
    for name, value in (("threshold", threshold), ("nms_iou", nms_iou)):
        if not 0 <= value <= 1:
            raise ParameterError(f"Expected {name} in 0…1, got {value}.")
    if isinstance(raw, Sequence):
        if len(raw) != 1:
            raise ShapeError(f"Expected one raw map, got {len(raw)}.")
        raw = raw[0]
    if raw.ndim != 4 or raw.shape[1] < 6:
        raise ShapeError(f"Expected a raw map (B, 5 + classes, h, w), got {tuple(raw.shape)}.")
    with torch.no_grad():
        exact = raw if raw.dtype == torch.float64 else raw.float()
        boxes = decode_cells(exact, stride)
        best, classes = exact[:, 5:].flatten(2).max(1)
        scores = exact[:, 4].flatten(1).sigmoid() * best.sigmoid()
        frames = zip(boxes.cpu().numpy(), scores.cpu().numpy(), classes.cpu().numpy(), strict=True)
    return [
        _chosen(box, score, kind, threshold, nms_iou, limit, shape) for box, score, kind in frames
    ]


def _chosen(
    boxes: NDArray[Any],
    scores: NDArray[Any],
    classes: NDArray[Any],
    threshold: float,
    nms_iou: float,
    limit: int | None,
    shape: tuple[int, int] | None,
) -> Detections:
    kept = (scores >= threshold) & np.isfinite(boxes).all(1)
    if shape is not None:
        kept &= (boxes[:, 0] < shape[1]) & (boxes[:, 1] < shape[0])
    boxes, scores, classes = boxes[kept], scores[kept], classes[kept]
    half = boxes[:, 2:] / 2
    corners = np.concatenate((boxes[:, :2] - half, boxes[:, :2] + half), axis=1)
    chosen = suppress(corners, scores, classes, nms_iou, limit)
    return Detections(
        corners[chosen].astype(np.float32, copy=False),
        scores[chosen].astype(np.float32, copy=False),
        classes[chosen].astype(np.int64, copy=False),
    )
