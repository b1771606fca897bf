"""Mask files into bool arrays, and an account of how they were read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.imaging.decoding import StrPath, decode, read_bytes
from sirst5k.imaging.grey import to_grey
from sirst5k.imaging.header import Header
from sirst5k.imaging.limits import pixel_limit
from sirst5k.sample import Mask, full_scale

_BLOCK = 1 << 22  # pixels
_MOST_LEVELS = 1 << 16


@dataclass(frozen=True, slots=True)
class MaskReading:
    """A mask and how its file was understood.

    Attributes
    ----------
    mask : (H, W) bool
        True on target pixels.
    was_binary : bool
        Whether the file held only 0 and one of 1, 255 or the full scale of its depth.
    threshold : float
        Grey levels strictly above it were taken as target.
    levels : int
        Number of distinct grey levels of a non-binary mask, 65536 for that many or more;
        at most 2 for a binary one.
    maximum : float
        The largest grey level.
    """

    mask: Mask
    was_binary: bool
    threshold: float
    levels: int
    maximum: float


def read_mask(
    path: StrPath, *, threshold: float | None = None, max_pixels: int | None = None
) -> MaskReading:
    """Read a mask file.

    ``{0, 1}`` and ``{0, 255}`` are taken as they are, also in 16 bit. Anything else is
    thresholded at half of what the depth can hold: target is strictly above 127.5 in
    8 bit, 32767.5 in 16 bit, 0.5 in float. Of an RGB mask the red channel counts; of a
    coloured palette the strongest channel.

    Parameters
    ----------
    path : path
        PNG, BMP, JPEG or TIFF.
    threshold : float, optional
        Take levels strictly above this one instead, whatever the file holds.
    max_pixels : int, optional
        Larger files are refused before they are decoded; see `read_image`.

    Raises
    ------
    ImageError
        If the file is missing, damaged, no image or too large.
    """
    limit = pixel_limit(max_pixels)
    # The file's bytes are gone before more memory is taken: they may be as many as the pixels.
    decoded, header = decode(read_bytes(path, limit), os.fspath(path), limit)
    return read_levels(_one_channel(decoded, header.colour == "palette"), threshold)


def decode_mask(
    data: bytes, name: str, threshold: float | None = None, max_pixels: int | None = None
) -> tuple[MaskReading, Header]:
    """Decode the bytes of a mask file as `read_mask` does.

    Returns
    -------
    reading : MaskReading
    header : Header
        What the file said of itself.
    """
    decoded, header = decode(data, name, max_pixels)
    grey = _one_channel(decoded, palette=header.colour == "palette")
    return read_levels(grey, threshold), header


def read_levels(grey: NDArray[Any], threshold: float | None = None) -> MaskReading:
    """Turn the grey levels of a mask into a `MaskReading`; see `read_mask`.

    Parameters
    ----------
    grey : (H, W) any real dtype
    threshold : float, optional
        Take levels strictly above this one.
    """
    maximum = float(grey.max())
    top = grey == grey.dtype.type(maximum)
    whole = full_scale(grey.dtype) if grey.dtype.kind in "uf" else 255.0
    two_levels = cv2.countNonZero(top.view(np.uint8)) == np.count_nonzero(grey)
    was_binary = maximum == 0 or (two_levels and maximum in (1.0, 255.0, whole))
    if threshold is None and was_binary:
        mask = top if maximum > 0 else np.zeros(grey.shape, dtype=np.bool_)
        levels = 1 if maximum == 0 else 2
        return MaskReading(mask, True, 0.0, levels, maximum)
    used = whole / 2 if threshold is None else float(threshold)
    levels = 2 if was_binary else _count_levels(grey)
    return MaskReading(grey > used, was_binary, used, levels, maximum)


def _count_levels(grey: NDArray[Any]) -> int:
    """Count distinct levels, block by block: sorting a large mask at once takes its size again."""
    levels = np.empty(0, grey.dtype)
    rows = max(1, _BLOCK // grey.shape[1])
    for top in range(0, grey.shape[0], rows):
        levels = np.union1d(levels, grey[top : top + rows])
        if levels.size >= _MOST_LEVELS:
            return _MOST_LEVELS
    return int(levels.size)


def _one_channel(decoded: NDArray[Any], palette: bool) -> NDArray[Any]:
    if decoded.ndim == 2 or decoded.shape[2] < 3:
        return to_grey(decoded)
    if palette:
        strongest: NDArray[Any] = decoded[:, :, :3].max(axis=2)
        return strongest
    red: NDArray[Any] = cv2.extractChannel(decoded, 2)
    return red
