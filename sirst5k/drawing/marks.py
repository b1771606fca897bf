"""Marks on images: contours of masks and outlines of boxes, always outside what they mark."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.drawing.blending import Picture, blend, fill
from sirst5k.drawing.theme import Colour

Box = tuple[float, float, float, float]
"""Top, left, bottom, right in pixels, half-open."""


def outline_mask(
    picture: Picture,
    mask: NDArray[np.bool_],
    colour: Colour,
    gap: float = 0.0,
    width: float = 2.0,
) -> None:
    """Draw a line around the true pixels of a mask, in place.

    The line consists of the points whose distance from the mask lies between `gap` and
    ``gap + width``: it follows every pixel's edge and never covers the target.

    Parameters
    ----------
    picture : (H, W, 3) uint8
    mask : (H, W) bool
        At the picture's resolution.
    colour : Colour
    gap, width : float
        In pixels.
    """
    if not mask.any() or mask.all():
        return
    # Distances go from pixel centre to pixel centre: 1 is the first pixel outside.
    outside = np.logical_not(mask).view(np.uint8)
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ink = np.clip(distance - gap, 0, 1) * np.clip(gap + width + 1 - distance, 0, 1)
    blend(picture, ink.astype(np.float32), colour)


def outline_box(picture: Picture, box: Box, colour: Colour, width: int = 2) -> None:
    """Draw the outline of a box, in place, outside its pixels."""
    top, left, bottom, right = (round(edge) for edge in box)
    wide, high = right - left + 2 * width, bottom - top
    fill(picture, colour, top - width, left - width, width, wide)
    fill(picture, colour, bottom, left - width, width, wide)
    fill(picture, colour, top, left - width, high, width)
    fill(picture, colour, top, right, high, width)
