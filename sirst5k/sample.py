"""The currency of the library: one image with its mask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ShapeError

IMAGE_DTYPES = (np.uint8, np.uint16, np.float32)

Image = NDArray[Any]
"""``(H, W)`` array of ``uint8``, ``uint16`` or ``float32``, grey."""

Mask = NDArray[np.bool_]
"""``(H, W)`` array of ``bool``, true on target pixels."""


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """One labelled frame.

    Attributes
    ----------
    id : str
        Name of the sample, unique in its dataset; the stem of its files.
    image : (H, W) uint8 | uint16 | float32
        Grey image at its own depth; float images are in their own units.
    mask : (H, W) bool
        True where a target is.
    meta : mapping
        What is known beyond the pixels: files, parent, operations. JSON-like values.

    Raises
    ------
    ShapeError
        If image and mask are not two arrays of one ``(H, W)`` shape and of these dtypes.
    """

    id: str
    image: Image
    mask: Mask
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_pair(self.image, self.mask, name=self.id)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self.image.shape
        return height, width


def check_pair(image: Image, mask: Mask, name: str = "sample") -> None:
    """Raise `ShapeError` unless the two arrays are a grey image and its boolean mask."""
    if image.ndim != 2 or image.dtype not in IMAGE_DTYPES:
        raise ShapeError(
            f"{name}: expected a grey image (H, W) of uint8, uint16 or float32, got "
            f"{image.shape} of {image.dtype}. Take one channel, and cast it without losing depth."
        )
    if mask.shape != image.shape:
        raise ShapeError(
            f"{name}: expected a mask of shape (H, W) = {image.shape}, got {mask.shape}."
        )
    if mask.dtype != np.bool_:
        raise ShapeError(
            f"{name}: expected a bool mask, got {mask.dtype}. Threshold it first: mask > 0."
        )


def full_scale(dtype: np.dtype[Any] | type) -> float:
    """Return the largest grey level of an image dtype: 255, 65535, or 1.0 for floats."""
    kind = np.dtype(dtype)
    return float(np.iinfo(kind).max) if kind.kind == "u" else 1.0
