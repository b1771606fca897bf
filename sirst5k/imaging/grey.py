"""One grey channel out of whatever a file holds, without losing depth."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ImageError
from sirst5k.sample import IMAGE_DTYPES, Image

# ITU-R 601-2 luma in the 16-bit fixed point of Pillow's convert('L'), for (B, G, R), and
# the half that rounds. The integers stand over 2**16, so the sums below are exact: they
# need 24 bits for 8-bit images (float32 has 24) and 32 bits for 16-bit ones (float64: 53).
_LUMA = np.array([[7471, 38470, 19595, 0x8000]], dtype=np.float64) / 65536

_BLOCK = 1 << 22  # pixels that are weighted at a time


def to_grey(decoded: NDArray[Any]) -> NDArray[Any]:
    """Return one channel of a decoded image.

    Equal colour channels are taken as they are. Unequal ones are weighted as Pillow's
    ``convert('L')`` does, ``(19595 R + 38470 G + 7471 B + 32768) >> 16``, at 8 and 16 bit
    alike. A fourth channel, alpha, is dropped.

    Parameters
    ----------
    decoded : (H, W) or (H, W, 3) or (H, W, 4), any dtype
        In OpenCV's channel order: blue, green, red, alpha.

    Returns
    -------
    (H, W), same dtype
    """
    if decoded.ndim == 2:
        return decoded
    if decoded.shape[2] <= 2:  # grey, perhaps with alpha
        return np.ascontiguousarray(decoded[:, :, 0])
    height, width = decoded.shape[:2]
    rows = max(1, _BLOCK // width)
    if rows >= height:
        return _one_channel(decoded)
    # Luma takes many times the memory of its result, which large images do not have.
    grey = np.empty((height, width), decoded.dtype)
    for top in range(0, height, rows):
        grey[top : top + rows] = _one_channel(decoded[top : top + rows])
    return grey


def _one_channel(decoded: NDArray[Any]) -> NDArray[Any]:
    """Return the luma of a block of rows; where channels are equal, it is any of them."""
    blue, green, red = (cv2.extractChannel(decoded, channel) for channel in range(3))
    if np.array_equal(blue, green) and np.array_equal(green, red):
        return blue
    if decoded.dtype == np.uint8:
        bgr = cv2.merge([blue, green, red]) if decoded.shape[2] == 4 else decoded
        return cv2.transform(bgr.astype(np.float32), _LUMA.astype(np.float32)).astype(np.uint8)
    bgr = np.stack([blue, green, red], axis=-1).astype(np.float64)
    if decoded.dtype.kind == "f":
        return cv2.transform(bgr, _LUMA[:, :3]).astype(decoded.dtype)
    return cv2.transform(bgr, _LUMA).astype(decoded.dtype)


def to_image_dtype(grey: NDArray[Any], name: str) -> Image:
    """Return a grey image as uint8, uint16 or float32, where that loses nothing.

    Signed and 32-bit integers become uint16, float64 becomes float32, if every value
    survives it.

    Parameters
    ----------
    grey : (H, W) any dtype
    name : str
        The file, for messages.

    Raises
    ------
    ImageError
        If values would be lost, or are not finite.
    """
    if grey.dtype.kind == "f" and not np.isfinite(grey).all():
        raise ImageError(
            f"Expected finite grey levels, but {name} holds NaN or infinity. "
            "Replace those pixels before using it."
        )
    if grey.dtype in IMAGE_DTYPES:
        return grey
    target = np.float32 if grey.dtype.kind == "f" else np.uint16
    if target is np.uint16 and (grey.min() < 0 or grey.max() > 65535):
        raise ImageError(
            f"Expected 8-bit, 16-bit or float32 grey levels, but {name} holds {grey.dtype} from "
            f"{grey.min()} to {grey.max()}. Save it as float32 TIFF, or scale it to 0…65535."
        )
    converted = grey.astype(target)
    if not np.array_equal(converted, grey):
        raise ImageError(
            f"Expected 8-bit, 16-bit or float32 grey levels, but {name} holds {grey.dtype} that "
            "float32 cannot represent exactly. Save it as float32 TIFF."
        )
    return converted
