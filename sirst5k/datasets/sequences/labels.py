"""What is known of one frame's targets: boxes, classes, identities, pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirst5k.clip import Boxes
from sirst5k.errors import ShapeError
from sirst5k.sample import Mask


@dataclass(frozen=True, eq=False, slots=True)
class FrameLabels:
    """Targets of one frame.

    Attributes
    ----------
    boxes : (N, 4) float32
        x1, y1, x2, y2 in pixels, ends exclusive.
    classes : (N,) int64
        From 0.
    tracks : tuple of int, optional
        Identity of each target, the same in every frame of its sequence; None where unknown.
    mask : (H, W) bool, optional
        Pixels of all targets; None where only boxes are known.

    Raises
    ------
    ShapeError
        If the arrays have other shapes or dtypes, or the numbers of boxes, classes and tracks
        differ.
    """

    boxes: Boxes
    classes: NDArray[np.int64]
    tracks: tuple[int, ...] | None = None
    mask: Mask | None = None

    def __post_init__(self) -> None:
        boxes, classes = self.boxes, self.classes
        if boxes.ndim != 2 or boxes.shape[1] != 4 or boxes.dtype != np.float32:
            raise ShapeError(
                f"Expected boxes (N, 4) of float32, got {boxes.shape} of {boxes.dtype}."
            )
        if classes.shape != boxes.shape[:1] or classes.dtype != np.int64:
            raise ShapeError(
                f"Expected {len(boxes)} classes of int64, one a box, got {classes.shape} of "
                f"{classes.dtype}."
            )
        if self.tracks is not None and len(self.tracks) != len(boxes):
            raise ShapeError(
                f"Expected {len(boxes)} track identities, one a box, got {len(self.tracks)}."
            )
        mask = self.mask
        if mask is not None and (mask.ndim != 2 or mask.dtype != np.bool_):
            raise ShapeError(
                f"Expected a bool mask (H, W), got {mask.shape} of {mask.dtype}. Threshold it."
            )

    def __len__(self) -> int:
        return len(self.boxes)


def labels_of(
    boxes: Iterable[Sequence[float]],
    classes: Sequence[int] | None = None,
    tracks: Sequence[int] | None = None,
    mask: Mask | None = None,
) -> FrameLabels:
    """Make the labels of a frame out of plain numbers.

    Parameters
    ----------
    boxes : iterable of (x1, y1, x2, y2)
    classes : sequence of int, optional
        All 0 by default.
    tracks : sequence of int, optional
    mask : (H, W) bool, optional

    Examples
    --------
    >>> labels_of([(3, 5, 7, 9)]).boxes.tolist()
    [[3.0, 5.0, 7.0, 9.0]]
    """
    corners = np.asarray(list(boxes), np.float32).reshape(-1, 4)
    kinds = np.zeros(len(corners), np.int64) if classes is None else np.asarray(classes, np.int64)
    return FrameLabels(corners, kinds, None if tracks is None else tuple(tracks), mask)
