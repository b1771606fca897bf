"""Letterboxing: a frame made to fit a size without changing its proportions, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.clip import Boxes
from sirst5k.errors import ParameterError, ShapeError
from sirst5k.imaging.bicubic import resize_bicubic
from sirst5k.sample import full_scale

PADDING = 128 / 255
"""Grey around the frame, as a share of full scale: level 128 of 255."""

_SMALLEST = 1  # published boxes of at most so many pixels a side are dropped


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How frames of one size are fitted into another.

    The frame is scaled by ``min(height / H, width / W)`` to whole pixels, cut off, not rounded,
    and lies in the middle, half a pixel to the top and left of it where that is odd: what the
    loaders of SSTNet and STMENet do. Frames smaller than the size are enlarged.

    Attributes
    ----------
    source : (int, int)
        Height and width of the frames.
    size : (int, int)
        Height and width that they are fitted into.

    Raises
    ------
    ParameterError
        If a side is below 1, or nothing of the frame would be left.

    Examples
    --------
    >>> box = Letterbox.of((480, 640), 512)
    >>> box.resized, box.corner
    ((384, 512), (64, 0))
    >>> box.boxes_in(np.array([[100, 50, 110, 60]], np.float32)).tolist()
    [[80.0, 104.0, 88.0, 112.0]]
    """

    source: tuple[int, int]
    size: tuple[int, int]

    def __post_init__(self) -> None:
        if min(*self.source, *self.size) < 1:
            raise ParameterError(
                f"Expected sizes of at least 1×1 pixels, got frames of {self.source} for "
                f"{self.size} (height, width)."
            )
        if min(self.resized) < 1:
            raise ParameterError(
                f"Frames of {self.source} (height, width) are too long to fit into {self.size}: "
                "less than a pixel would be left. Choose a larger size."
            )

    @classmethod
    def of(cls, shape: tuple[int, ...], size: int | tuple[int, int]) -> Letterbox:
        """Return how frames of a shape ``(..., H, W)`` fit into a size.

        Parameters
        ----------
        shape : tuple of int
            Of an array of frames; the last two count.
        size : int or (int, int)
            Side of a square, or height and width.
        """
        if len(shape) < 2:
            raise ShapeError(f"Expected the shape of frames (..., H, W), got {shape}.")
        height, width = (size, size) if isinstance(size, int) else size
        return cls((int(shape[-2]), int(shape[-1])), (int(height), int(width)))

    @property
    def resized(self) -> tuple[int, int]:
        """Height and width of the scaled frame."""
        scale = self._scale
        return int(self.source[0] * scale), int(self.source[1] * scale)

    @property
    def corner(self) -> tuple[int, int]:
        """Row and column of its first pixel."""
        (height, width), (rows, columns) = self.size, self.resized
        return (height - rows) // 2, (width - columns) // 2

    @property
    def _scale(self) -> float:
        return min(self.size[1] / self.source[1], self.size[0] / self.source[0])

    def apply(self, frames: NDArray[Any]) -> NDArray[Any]:
        """Fit frames into the size.

        Parameters
        ----------
        frames : (..., H, W) uint8 | uint16 | float32

        Returns
        -------
        (..., height, width) array of their dtype
            Resized by Pillow's bicubic filter (see `resize_bicubic`), `PADDING` around.

        Raises
        ------
        ShapeError
            If the frames have another size.
        """
        if frames.shape[-2:] != self.source:
            raise ShapeError(
                f"Expected frames of {self.source} (height, width), got {frames.shape[-2:]}."
            )
        grey = PADDING * full_scale(frames.dtype)
        if frames.dtype.kind == "u":
            grey = round(grey)
        fitted = np.full((*frames.shape[:-2], *self.size), grey, frames.dtype)
        (top, left), (rows, columns) = self.corner, self.resized
        fitted[..., top : top + rows, left : left + columns] = resize_bicubic(frames, rows, columns)
        return fitted

    def boxes_in(self, boxes: Boxes) -> Boxes:
        """Return boxes of the frame as boxes of the fitted frame, exactly; none is dropped.

        Parameters
        ----------
        boxes : (N, 4) float32
            x1, y1, x2, y2 in pixels, ends exclusive.
        """
        return _moved(boxes, self._factor, self._offset)

    def boxes_out(self, boxes: Boxes) -> Boxes:
        """Return boxes of the fitted frame as boxes of the frame: the inverse of `boxes_in`."""
        return _moved(boxes, 1 / self._factor, -self._offset / self._factor)

    def published_boxes_in(self, boxes: Boxes) -> tuple[Boxes, NDArray[np.bool_]]:
        """Return the boxes that the published loaders train on, and which of `boxes` they are.

        Corners are cut to whole pixels, which costs a small target up to a pixel a side, then
        clipped to the size; boxes at most one pixel wide or high are dropped.

        Returns
        -------
        boxes : (M, 4) float32
        kept : (N,) bool
        """
        whole = np.trunc(np.asarray(boxes, np.float64) * self._factor + self._offset)
        height, width = self.size
        whole[:, :2] = np.maximum(whole[:, :2], 0)
        whole[:, 2:] = np.minimum(whole[:, 2:], [width, height])
        kept = np.all(whole[:, 2:] - whole[:, :2] > _SMALLEST, axis=1)
        return whole[kept].astype(np.float32), kept

    def published_boxes_out(self, boxes: Boxes) -> Boxes:
        """Return boxes of the fitted frame as boxes of the frame, as the published codes do.

        Their way back takes the scaled size as rounded and its corner as a fraction, where
        the way in cuts both: of some sizes it is off by up to about a pixel of the frame.
        """
        (height, width), source = self.size, self.source
        scale = min(height / source[0], width / source[1])
        rows, columns = (float(np.round(side * scale)) for side in source)
        offset = np.array([(width - columns) / 2, (height - rows) / 2] * 2)
        factor = np.array([source[1] / columns, source[0] / rows] * 2)
        return _moved(boxes, factor, -offset * factor)

    @property
    def _factor(self) -> NDArray[np.float64]:
        rows, columns = self.resized
        return np.array([columns / self.source[1], rows / self.source[0]] * 2)

    @property
    def _offset(self) -> NDArray[np.float64]:
        top, left = self.corner
        return np.array([left, top, left, top], np.float64)


def _moved(boxes: Boxes, factor: NDArray[np.float64], offset: NDArray[np.float64]) -> Boxes:
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ShapeError(f"Expected boxes (N, 4): x1, y1, x2, y2, got {boxes.shape}.")
    return np.asarray(boxes * factor + offset, np.float32)
