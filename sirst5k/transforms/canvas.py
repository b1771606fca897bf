"""Noise cut out of one large field that is made once, in place of a field a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError
from sirst5k.noise import NoiseBank, spectral_field, tile_field
from sirst5k.sample import Image, full_scale
from sirst5k.transforms.checking import check_whole

LARGEST_RATIO = 16
SIDES = (256, 4096)
"""Least and greatest side of a canvas in pixels."""
_FIELDS = {"spectral": spectral_field, "tile": tile_field}


@dataclass(frozen=True, eq=False, slots=True)
class Canvas:
    """A large noise field in an image's dtype, so that adding it is one call of OpenCV.

    Attributes
    ----------
    codes : (side, side) uint8 | uint16 | float32
        ``codes * step + offset`` is zero-mean noise in the bank's grey levels. With 256
        codes over the whole range a step is about a thirtieth of the standard deviation:
        rounding to an image's grey levels takes more.
    step, offset : float
        Of that formula; 1 and 0 for float.
    """

    codes: NDArray[Any]
    step: float
    offset: float

    def window(self, place: tuple[int, int], shape: tuple[int, int]) -> NDArray[Any]:
        """Return a window of the codes, a view."""
        (top, left), (height, width) = place, shape
        side = len(self.codes)
        if not (0 <= top <= side - height and 0 <= left <= side - width):
            raise ParameterError(
                f"Expected a place at which {height}×{width} pixels lie inside the canvas of "
                f"{side}×{side}, got {[top, left]}."
            )
        return self.codes[top : top + height, left : left + width]


def check_ratio(ratio: object) -> int:
    """Return how many times as large as an image its canvas is to be, or 0 for none."""
    number = check_whole(ratio, "canvas")
    if number == 1 or number > LARGEST_RATIO:
        raise ParameterError(
            f"canvas: expected 0, or 2 to {LARGEST_RATIO} times an image's side, got {number}."
        )
    return number


def canvas_side(ratio: int, shape: tuple[int, int]) -> int:
    """Return the side in pixels of the canvas for an image, or 0 for none.

    A power of two, so that images of many sizes share a few canvases. None for an image of
    more than half the largest canvas' side.
    """
    least, most = SIDES
    longer = max(shape)
    if not ratio or 2 * longer > most:
        return 0
    return min(most, max(least, 1 << (ratio * longer - 1).bit_length()))


def draw_window(
    side: int, seed: int, shape: tuple[int, int], rng: np.random.Generator
) -> dict[str, Any]:
    """Draw where a field is cut out."""
    place = [int(rng.integers(side - length + 1)) for length in shape]
    return {"canvas": [side, seed], "place": place}


def canvas_of(bank: NoiseBank, params: Mapping[str, Any], dtype: np.dtype[Any]) -> Canvas:
    """Return the canvas that drawn parameters name, made now if it is not at hand."""
    side, seed = params["canvas"]
    return make_canvas(bank, params["field"], side, seed, dtype.str)


@lru_cache(maxsize=8)
def make_canvas(bank: NoiseBank, field: str, side: int, seed: int, dtype: str) -> Canvas:
    """Make a canvas; the last few are kept.

    Parameters
    ----------
    bank : NoiseBank
    field : str
        ``spectral`` or ``tile``.
    side : int
        Pixels.
    seed : int
        Of the field.
    dtype : str
        Of the images that it is for, as `numpy.dtype.str`.
    """
    levels = _FIELDS[field](bank, (side, side), np.random.default_rng(seed))
    kind = np.dtype(dtype)
    if kind.kind == "f":
        levels.flags.writeable = False
        return Canvas(levels, 1.0, 0.0)
    low, high = float(levels.min()), float(levels.max())
    step = (high - low) / full_scale(kind) or 1.0
    levels -= np.float32(low)
    levels *= np.float32(1 / step)
    codes = np.rint(levels, out=levels).astype(kind)
    codes.flags.writeable = False
    return Canvas(codes, step, low)


def canvas_field(
    bank: NoiseBank, params: Mapping[str, Any], shape: tuple[int, int], dtype: np.dtype[Any]
) -> NDArray[np.float32]:
    """Return the field that drawn parameters cut out, ``(H, W)`` float32.

    Zero-mean, in the bank's grey levels; `dtype` is that of the image it is for.
    """
    canvas = canvas_of(bank, params, dtype)
    top, left = params["place"]
    field: NDArray[np.float32] = canvas.window((top, left), shape) * np.float32(canvas.step)
    field -= np.float32(field.mean(dtype=np.float64))
    return field


def mix_window(
    image: Image, bank: NoiseBank, params: Mapping[str, Any], keep: float, gain: float, level: float
) -> Image:
    """Return ``keep * image + gain * n + level``, rounded and clipped, in one pass.

    ``n`` is the zero-mean window of the canvas in the bank's grey levels. For ``uint8``
    and ``uint16`` images only.
    """
    canvas = canvas_of(bank, params, image.dtype)
    top, left = params["place"]
    height, width = image.shape
    codes = canvas.window((top, left), (height, width))
    # A window of the canvas has a mean, if a small one, and noise is to have none.
    constant = level - gain * canvas.step * cv2.mean(codes)[0]
    mixed: Image = cv2.addWeighted(image, keep, codes, gain * canvas.step, constant)
    return mixed
