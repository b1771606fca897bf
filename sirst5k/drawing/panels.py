"""One image in a frame, with its marks: as a whole, and enlarged around a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.drawing.blending import Picture, blank, grey_picture, place
from sirst5k.drawing.marks import Box, outline_box, outline_mask
from sirst5k.drawing.theme import PANEL, TARGET, WINDOW
from sirst5k.drawing.tones import AS_IS, Stretch

_SHARP = 3.0  # enlarged at least so much, an image shows its pixels
_SMALLEST_BOX = 8.0  # side, in pixels of the picture, below which an outline hides its box


@dataclass(frozen=True, slots=True)
class Panel:
    """An image and what to mark in it.

    Attributes
    ----------
    image : (H, W) array
        Grey levels of any depth.
    mask : (H, W) bool, optional
        Its contour is drawn.
    boxes : tuple of Box
        Their outlines are drawn.
    stretch, zoom_stretch : Stretch
        How grey levels are shown in the whole view, and enlarged.
    plain : bool
        Leave the marks out of the whole view.
    """

    image: NDArray[Any]
    mask: NDArray[np.bool_] | None = None
    boxes: tuple[Box, ...] = ()
    stretch: Stretch = AS_IS
    zoom_stretch: Stretch = AS_IS
    plain: bool = False

    def height_in(self, width: int, highest: int) -> int:
        """Return how high the image is when fitted into a frame."""
        return self._fitted(width, highest)[1]

    def whole(self, width: int, highest: int) -> Picture:
        """Return the image fitted into a frame, not distorted, with its marks.

        Parameters
        ----------
        width, highest : int
            The frame in pixels; the picture may be smaller in one direction.
        """
        fitted = self._fitted(width, highest)
        factor = fitted[0] / self.image.shape[1], fitted[1] / self.image.shape[0]
        picture = grey_picture(_resized(self.stretch.apply(self.image), fitted))
        if self.plain:
            return picture
        if self.mask is not None:
            outline_mask(picture, _resized_mask(self.mask, fitted), TARGET, gap=2, width=2)
        for top, left, bottom, right in self.boxes:
            box = top * factor[1], left * factor[0], bottom * factor[1], right * factor[0]
            if min(box[2] - box[0], box[3] - box[1]) >= _SMALLEST_BOX:
                outline_box(picture, box, WINDOW)
        return picture

    def zoom(self, centre: tuple[float, float], factor: int, side: int) -> Picture:
        """Return a square part of the image, its pixels enlarged, with its marks.

        Parameters
        ----------
        centre : (float, float)
            Row and column in the image; the middle of its first pixel is (0.5, 0.5).
        factor : int
            Pixels of the picture a pixel of the image.
        side : int
            Of the picture, in its pixels.
        """
        # The part holds a few pixels more than are shown, so that its centre can be met exactly.
        count = side // factor + 3
        top, left = (int(np.floor(middle - count / 2)) for middle in centre)
        shift = [
            round((middle - first) * factor - side / 2)
            for middle, first in zip(centre, (top, left), strict=True)
        ]
        picture = blank(side, side, PANEL)
        rows, columns = self._inside(top, 0, count), self._inside(left, 1, count)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return picture
        part = _enlarged(self.zoom_stretch.apply(self.image[rows, columns]), factor)
        place(
            picture,
            grey_picture(part),
            (rows.start - top) * factor - shift[0],
            (columns.start - left) * factor - shift[1],
        )
        if self.mask is not None:
            whole = np.zeros((count, count), np.uint8)
            whole[
                rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
            ] = self.mask[rows, columns]
            fine = _enlarged(whole, factor) > 0
            outline_mask(picture, fine[shift[0] :, shift[1] :][:side, :side], TARGET, width=2)
        for box in self.boxes:
            low = [(box[k] - (top, left)[k]) * factor - shift[k] for k in (0, 1)]
            high = [(box[k + 2] - (top, left)[k]) * factor - shift[k] for k in (0, 1)]
            outline_box(picture, (low[0], low[1], high[0], high[1]), WINDOW)
        return picture

    def _inside(self, start: int, axis: int, count: int) -> slice:
        length = self.image.shape[axis]
        return slice(min(max(start, 0), length), max(min(start + count, length), 0))

    def _fitted(self, width: int, highest: int) -> tuple[int, int]:
        """Return width and height of the image in a frame."""
        rows, columns = self.image.shape
        factor = min(width / columns, highest / rows)
        return max(1, round(columns * factor)), max(1, round(rows * factor))


def _resized(levels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    factor = size[0] / levels.shape[1]
    if factor < 1:
        how = cv2.INTER_AREA
    else:
        how = cv2.INTER_NEAREST_EXACT if factor >= _SHARP else cv2.INTER_CUBIC
    resized: NDArray[np.uint8] = cv2.resize(levels, size, interpolation=how).astype(np.uint8)
    return resized


def _resized_mask(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return a mask at another size, in which no target is lost however small it becomes."""
    shrinks = size[0] < mask.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST_EXACT
    resized: NDArray[np.bool_] = cv2.resize(mask.astype(np.float32), size, interpolation=how) > 0
    return resized


def _enlarged(levels: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    return np.repeat(np.repeat(levels, factor, axis=0), factor, axis=1)
