"""One depth for frames of several, without losing a grey level."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.sample import full_scale

# Each holds all levels of those before it.
_DEPTHS = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32))


def wider(one: np.dtype[Any], other: np.dtype[Any]) -> np.dtype[Any]:
    """Return the one of two image dtypes that holds the levels of both."""
    return max(one, other, key=_DEPTHS.index)


def widen(image: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return an image at a wider depth, each level the same fraction of full scale.

    8 bits become 16 exactly, as ``257 v / 65535 = v / 255``. Whole numbers become float32
    fractions of their full scale, and the same ones whether they went through 16 bits or not.

    Parameters
    ----------
    image : array of uint8, uint16 or float32
    dtype : dtype
        As wide or wider.
    """
    if image.dtype == dtype:
        return image
    if dtype == np.uint16:
        return image.astype(np.uint16) * np.uint16(257)
    return fractions(image)


def fractions(image: NDArray[Any]) -> NDArray[np.float32]:
    """Return an image as float32 fractions of its dtype's full scale; floats as they are."""
    if image.dtype == np.float32:
        return image
    return image.astype(np.float32) / np.float32(full_scale(image.dtype))
