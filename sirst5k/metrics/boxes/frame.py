"""What a detector said about one frame, and what is true there, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError, ShapeError
from sirst5k.metrics.arrays import to_numpy

Boxes = NDArray[np.float64]
"""``(N, 4)`` float64: x1, y1, x2, y2 in pixels, ends exclusive."""


@dataclass(frozen=True, eq=False, slots=True)
class BoxFrame:
    """Detections and targets of one frame.

    Attributes
    ----------
    name, sequence : str
        Of the frame, and of what it belongs to.
    boxes : (N, 4) float64
        Detections by falling score, equal scores in the order given.
    scores : (N,) float64
    classes : (N,) int64
    truth : (M, 4) float64
    truth_classes : (M,) int64
    """

    name: str
    sequence: str
    boxes: Boxes
    scores: NDArray[np.float64]
    classes: NDArray[np.int64]
    truth: Boxes
    truth_classes: NDArray[np.int64]

    @classmethod
    def checked(
        cls,
        name: str,
        sequence: str,
        boxes: Any,
        scores: Any,
        classes: Any,
        truth: Any,
        truth_classes: Any,
    ) -> BoxFrame:
        """Return a frame from arrays or tensors; classes of None are all 0.

        Raises
        ------
        ShapeError
            If shapes do not fit together.
        ParameterError
            If a number is not finite, or a box ends before it begins.
        """
        found = _boxes(boxes, f"detections of {name}")
        real = _boxes(truth, f"targets of {name}")
        confidence = np.asarray(to_numpy(scores), np.float64)
        if confidence.shape != (len(found),):
            raise ShapeError(
                f"{name}: expected {len(found)} scores, one a box, got shape {confidence.shape}."
            )
        if not np.isfinite(confidence).all():
            raise ParameterError(f"{name}: expected finite scores, got NaN or infinity.")
        order = np.argsort(-confidence, kind="stable")
        return cls(
            name,
            sequence,
            found[order],
            confidence[order],
            _classes(classes, len(found), f"{name}, detections")[order],
            real,
            _classes(truth_classes, len(real), f"{name}, targets"),
        )

    def best(self, most: int | None, least: float) -> BoxFrame:
        """Return the frame with the `most` best detections of a score of at least `least`."""
        kept = int(np.count_nonzero(self.scores >= least))
        kept = kept if most is None else min(kept, most)
        if kept == len(self.scores):
            return self
        return BoxFrame(
            self.name,
            self.sequence,
            self.boxes[:kept],
            self.scores[:kept],
            self.classes[:kept],
            self.truth,
            self.truth_classes,
        )


def _boxes(values: Any, what: str) -> Boxes:
    array = np.asarray(to_numpy(values), np.float64)
    if array.size == 0:
        return np.zeros((0, 4))
    if array.ndim != 2 or array.shape[1] != 4:
        raise ShapeError(f"Expected {what} as boxes (N, 4) of x1, y1, x2, y2, got {array.shape}.")
    if not np.isfinite(array).all():
        raise ParameterError(f"Expected finite corners for the {what}, got NaN or infinity.")
    if (array[:, 2:] < array[:, :2]).any():
        wrong = array[(array[:, 2:] < array[:, :2]).any(axis=1)][0].tolist()
        raise ParameterError(
            f"Expected the {what} as x1, y1, x2, y2 with x1 ≤ x2 and y1 ≤ y2, got {wrong}. Turn "
            "x, y, width, height into corners."
        )
    return array


def _classes(values: Any, count: int, what: str) -> NDArray[np.int64]:
    if values is None:
        return np.zeros(count, np.int64)
    array = to_numpy(values)
    if array.shape != (count,) or (count and array.dtype.kind not in "iu"):
        raise ShapeError(
            f"{what}: expected {count} classes as integers, got shape {array.shape} of "
            f"{array.dtype}."
        )
    return array.astype(np.int64)
