"""Adding a patch of grey levels to an image, in its own depth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError
from sirst5k.sample import Image, full_scale


def add_into(image: Image, place: tuple[int, int], levels: NDArray[np.float32]) -> None:
    """Add a patch to an image, in the image itself.

    Grey levels are rounded, half to even, and clipped at full scale; those of float images
    are neither.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    place : (int, int)
        Row and column of the patch's first pixel.
    levels : (h, w) float32
        Grey levels to add, signed.
    """
    (top, left), (height, width) = place, levels.shape
    window = np.s_[top : top + height, left : left + width]
    total = image[window] + levels
    if image.dtype.kind == "u":
        np.rint(total, out=total)
        np.clip(total, 0, full_scale(image.dtype), out=total)
    image[window] = total.astype(image.dtype)


def check_inside(image: Image, shape: tuple[int, ...], place: tuple[int, int]) -> None:
    """Raise `ParameterError` unless a patch of this shape lies inside the image there."""
    (top, left), (height, width) = place, shape
    if min(top, left) < 0 or top + height > image.shape[0] or left + width > image.shape[1]:
        raise ParameterError(
            f"Expected a place at which {height}×{width} pixels lie inside the image of "
            f"{image.shape[0]}×{image.shape[1]}, got {place}. Take one of free_places."
        )
