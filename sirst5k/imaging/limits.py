"""How large an image may be before it is refused unread, and how that is set."""

from __future__ import annotations

import os

from sirst5k.errors import ImageError, ParameterError
from sirst5k.imaging.header import Header

MAX_PIXELS = 100_000_000
"""Images that declare more are refused unread: a damaged header must not fill the memory."""

MAX_PIXELS_VARIABLE = "SIRST5K_MAX_PIXELS"
"""Environment variable that sets another limit, for commands and for worker processes."""

BYTES_A_PIXEL = 3
"""Bytes that decoding may take for each pixel of the limit: RGB of 8 bits.

Three times as much is in memory for a moment: the file, OpenCV's buffer, and the array.
"""

_METADATA = 64 << 20  # what a file may hold besides pixels: profiles, thumbnails, padding


def pixel_limit(chosen: int | None = None) -> int:
    """Return the most pixels that an image may have.

    Parameters
    ----------
    chosen : int, optional
        Of the caller; else ``SIRST5K_MAX_PIXELS`` counts, else `MAX_PIXELS`.

    Raises
    ------
    ParameterError
        If it is not a whole number of at least 1.
    """
    where, value = "max_pixels", chosen
    if chosen is None:
        text = os.environ.get(MAX_PIXELS_VARIABLE, "")
        if not text:
            return MAX_PIXELS
        where = f"the environment variable {MAX_PIXELS_VARIABLE}"
        try:
            value = int(text)
        except ValueError:
            raise ParameterError(
                f"Expected {where} to be a whole number of pixels, got {text[:40]!r}. "
                f"Set it as in {MAX_PIXELS_VARIABLE}=200000000, or unset it."
            ) from None
    if value is None or value < 1:
        raise ParameterError(f"Expected {where} to be at least 1 pixel, got {value}.")
    return value


def byte_limit(max_pixels: int) -> int:
    """Return the most bytes that a file may have, given the most pixels."""
    return BYTES_A_PIXEL * max_pixels + _METADATA


def check_declared(header: Header, name: str, max_pixels: int) -> None:
    """Refuse an image by what its header declares.

    Raises
    ------
    ImageError
        If it has too many pixels, or so many channels of such a depth that they would take
        more memory than `BYTES_A_PIXEL` for each pixel of the limit.
    """
    pixels = header.width * header.height
    if pixels > max_pixels:
        raise ImageError(
            f"Expected an image of at most {max_pixels:,} pixels, but {name} declares "
            f"{header.width}×{header.height}. {_remedy(pixels)}"
        )
    if pixels * header.pixel_bytes > BYTES_A_PIXEL * max_pixels:
        raise ImageError(
            f"Expected an image that decodes in at most {BYTES_A_PIXEL * max_pixels:,} bytes "
            f"({max_pixels:,} pixels), but {name} declares {header.width}×{header.height} pixels "
            f"that take {header.pixel_bytes} bytes each. "
            f"{_remedy(-(-pixels * header.pixel_bytes // BYTES_A_PIXEL))}"
        )


def _remedy(needed: int) -> str:
    return (
        f"If that is meant, allow it with --max-pixels {needed}, max_pixels={needed} in Python or "
        f"{MAX_PIXELS_VARIABLE}={needed} in the environment; else take it out of the dataset."
    )
