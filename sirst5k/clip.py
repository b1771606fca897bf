"""The currency of video: a few frames in order, with the targets of the last one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ShapeError
from sirst5k.sample import IMAGE_DTYPES, Image, Mask

Boxes = NDArray[np.float32]
"""``(N, 4)`` array of ``float32``: x1, y1, x2, y2 in pixels, ends exclusive (x2 = x1 + width)."""


@dataclass(frozen=True, eq=False, slots=True)
class Clip:
    """One labelled key frame with the frames before it.

    Attributes
    ----------
    id : str
        Of the key frame, ``sequence/frame``, unique in its dataset.
    frames : (T, H, W) uint8 | uint16 | float32
        Grey frames in chronological order, the key frame last. Where a sequence begins too
        late its first frame is repeated.
    boxes : (N, 4) float32
        Targets of the key frame: x1, y1, x2, y2 in pixels, ends exclusive.
    classes : (N,) int64
        Class of each target, counted from 0.
    mask : (H, W) bool, optional
        Target pixels of the key frame, where the dataset has masks.
    meta : mapping
        What is known beyond the pixels: ``tracks`` (N identities of the targets, as a list)
        where known, files, parent, operations. JSON-like values.

    Raises
    ------
    ShapeError
        If an array has another shape or dtype.
    """

    id: str
    frames: NDArray[Any]
    boxes: Boxes
    classes: NDArray[np.int64]
    mask: Mask | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        frames, boxes = self.frames, self.boxes
        if frames.ndim != 3 or not len(frames) or frames.dtype not in IMAGE_DTYPES:
            raise ShapeError(
                f"{self.id}: expected grey frames (T, H, W) of uint8, uint16 or float32, got "
                f"{frames.shape} of {frames.dtype}."
            )
        if boxes.ndim != 2 or boxes.shape[1] != 4 or boxes.dtype != np.float32:
            raise ShapeError(
                f"{self.id}: expected boxes (N, 4) of float32, got {boxes.shape} of {boxes.dtype}."
            )
        if self.classes.shape != boxes.shape[:1] or self.classes.dtype != np.int64:
            raise ShapeError(
                f"{self.id}: expected {len(boxes)} classes of int64, one a box, got "
                f"{self.classes.shape} of {self.classes.dtype}."
            )
        mask = self.mask
        if mask is not None and (mask.shape != frames.shape[1:] or mask.dtype != np.bool_):
            raise ShapeError(
                f"{self.id}: expected a bool mask of shape (H, W) = {frames.shape[1:]}, got "
                f"{mask.shape} of {mask.dtype}."
            )

    @property
    def image(self) -> Image:
        """The key frame, ``(H, W)``."""
        key_frame: Image = self.frames[-1]
        return key_frame

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        _, height, width = self.frames.shape
        return height, width
