"""One mask under every reading that the published codes have of it.

On a binary mask they all agree. On a grey one (a resized or JPEG-compressed mask) they do
not: that is part of how the codes differ, so it is kept here, in one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ShapeError
from sirst5k.sample import Mask


@dataclass(frozen=True, eq=False, slots=True)
class TargetMask:
    """A mask as values in 0…1, thresholded in four ways; each ``(H, W)`` bool.

    Attributes
    ----------
    target : Mask
        Above 0.5: what the corrected definitions use.
    full : Mask
        Exactly 1: what is left after a cast to integers.
    half : Mask
        At least 0.5: the label of ``np.histogram(range=(1, 1))``, which widens its range.
    lit : Mask
        Above 0.
    grey_pixels : int
        How many pixels are neither 0 nor 1.
    """

    target: Mask
    full: Mask
    half: Mask
    lit: Mask
    grey_pixels: int


def read_mask(values: NDArray[Any], name: str) -> TargetMask:
    """Read one ``(H, W)`` mask: bool, 0/1, 0…255 with 255 for a target, or floats in 0…1.

    Raises
    ------
    ShapeError
        If the values cannot be told from those of a label map or an image.
    """
    if values.dtype == np.bool_:
        return _binary(values)
    if values.dtype.kind not in "iuf":
        raise ShapeError(f"{name}: expected a mask of bool or numbers, got {values.dtype}.")
    least, most = values.min(), values.max()
    if least == 0 and most == 0:
        return _binary(np.zeros(values.shape, np.bool_))
    scale = 255 if values.dtype.kind != "f" and most == 255 else 1
    # Written so that NaN fails as well.
    if not (least >= 0 and most <= scale):
        raise ShapeError(
            f"{name}: expected a mask of 0 and 1, 0 and 255, or floats in 0…1, got values from "
            f"{least:g} to {most:g}. A map of numbered targets becomes a mask by mask > 0."
        )
    full = values == scale
    lit = values > 0
    grey = int(np.count_nonzero(lit) - np.count_nonzero(full))
    if grey == 0:
        return _binary(full)
    level = values.astype(np.float32) / np.float32(scale)
    return TargetMask(level > 0.5, full, level >= 0.5, lit, grey)


def _binary(mask: Mask) -> TargetMask:
    mask = np.ascontiguousarray(mask)
    return TargetMask(mask, mask, mask, mask, 0)
