"""Files into arrays: checked first, then decoded from memory by OpenCV."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ImageError
from sirst5k.imaging import bmp, jpeg, png, tiff
from sirst5k.imaging.grey import to_grey, to_image_dtype
from sirst5k.imaging.header import Header, damaged
from sirst5k.imaging.limits import byte_limit, check_declared, pixel_limit
from sirst5k.imaging.regular import open_regular, read_regular
from sirst5k.imaging.unpacking import unpack_png
from sirst5k.sample import Image

# OpenCV 4.13 moved the functions of its log level.
_log: Any = cv2 if hasattr(cv2, "setLogLevel") else cv2.utils.logging

ENDINGS = (".png", ".bmp", ".jpg", ".jpeg", ".tif", ".tiff")
"""File name endings taken for images, in lower case."""

StrPath = str | os.PathLike[str]

_Reader = tuple[Callable[[bytes, str], Header], Callable[[bytes, str], bytes | bytearray]]
_log_level = threading.Lock()


def read_image(path: StrPath, *, max_pixels: int | None = None) -> Image:
    """Read an image file as grey, at its own depth.

    Parameters
    ----------
    path : path
        PNG, BMP, JPEG or TIFF; grey, colour, with alpha or with a palette; recognised by
        content, not by name. Of an animated PNG its default image is read.
    max_pixels : int, optional
        Larger images are refused before they are decoded; by default
        `sirst5k.imaging.pixel_limit` says.

    Returns
    -------
    (H, W) uint8 | uint16 | float32
        Equal colour channels are taken, unequal ones become luma with exactly the integer
        weights of Pillow's ``convert('L')``; alpha is dropped.

    Raises
    ------
    ImageError
        If the file is missing, damaged, no image, too large, or of a depth that cannot be
        kept.
    """
    name, limit = os.fspath(path), pixel_limit(max_pixels)
    # The file's bytes are gone before more memory is taken: they may be as many as the pixels.
    decoded, _ = decode(read_bytes(path, limit), name, limit)
    return to_image_dtype(to_grey(decoded), name)


def decode_image(data: bytes, name: str, max_pixels: int | None = None) -> tuple[Image, Header]:
    """Decode the bytes of an image file as `read_image` does.

    Returns
    -------
    image : (H, W) uint8 | uint16 | float32
    header : Header
        What the file said of itself.
    """
    decoded, header = decode(data, name, max_pixels)
    return to_image_dtype(to_grey(decoded), name), header


def read_bytes(path: StrPath, max_pixels: int | None = None) -> bytes:
    """Return the bytes of a file that may be an image of at most so many pixels.

    Raises
    ------
    ImageError
        If it cannot be read, with the system's reason, or is longer than any such image.
    """
    try:
        return read_regular(path, byte_limit(pixel_limit(max_pixels)))
    except OSError as error:
        raise _unreadable(path, error) from error


def decode(data: bytes, name: str, max_pixels: int | None = None) -> tuple[NDArray[Any], Header]:
    """Check and decode the bytes of an image file.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        Its name, for messages.
    max_pixels : int, optional
        Larger images are refused.

    Returns
    -------
    pixels : (H, W) or (H, W, C)
        As stored, in OpenCV's channel order (blue, green, red, alpha).
    header : Header

    Raises
    ------
    ImageError
        If the bytes are no complete image.
    """
    header, checked = _checked(data, name, pixel_limit(max_pixels))
    pixels = unpack_png(checked) if header.format == "png" else None
    if pixels is not None:
        return pixels, header
    buffer = np.frombuffer(checked, np.uint8)
    try:
        # PNG files that passed the check decode without a word; the others may complain.
        pixels = _imdecode(buffer) if header.format == "png" else _imdecode_quietly(buffer)
    except (cv2.error, MemoryError) as error:
        raise damaged(name, "it cannot be decoded") from error
    if pixels is None:
        raise damaged(name, "it cannot be decoded")
    if pixels.shape[:2] != header.shape:
        raise damaged(name, f"{header.shape} pixels are declared, {pixels.shape[:2]} are there")
    return pixels, header


def probe(path: StrPath) -> Header:
    """Return an image file's size, depth and colour without decoding it.

    Raises
    ------
    ImageError
        If the file is missing, no image, or its header is damaged.
    """
    name = os.fspath(path)
    try:
        with open_regular(path, byte_limit(pixel_limit())) as file:
            start = file.read(64)
            if not start.startswith(png.SIGNATURE):
                file.seek(0)
                start = file.readall()  # the headers of the other formats may lie anywhere
    except OSError as error:
        raise _unreadable(path, error) from error
    return _reader(start, name)[0](start, name)


def check_file(path: StrPath, *, max_pixels: int | None = None) -> Header:
    """Return an image file's header after checking that the file is whole, without decoding it.

    Of PNG files every checksum is verified, of the others their structure and end: a
    fraction of what decoding costs, and nearly as sure.

    Raises
    ------
    ImageError
        If the file is missing, damaged, no image or too large.
    """
    limit = pixel_limit(max_pixels)
    return _checked(read_bytes(path, limit), os.fspath(path), limit)[0]


def _checked(data: bytes, name: str, max_pixels: int) -> tuple[Header, bytes | bytearray]:
    """Return the header, and the bytes to decode, of a file that passes all checks."""
    read_header, check = _reader(data, name)
    header = read_header(data, name)
    check_declared(header, name, max_pixels)
    return header, check(data, name)


def _unreadable(path: StrPath, error: OSError) -> ImageError:
    reason = error.strerror or type(error).__name__
    return ImageError(
        f"Expected a readable image file, but {os.fspath(path)} cannot be read: {reason}. "
        "Restore the file, or take it out of the dataset."
    )


def _reader(data: bytes, name: str) -> _Reader:
    if data.startswith(png.SIGNATURE):
        return png.read_png_header, png.check_png
    if data.startswith(tiff.MAGICS):
        return tiff.read_tiff_header, tiff.check_tiff
    if data.startswith(jpeg.MAGIC):
        return jpeg.read_jpeg_header, jpeg.check_jpeg
    if data.startswith(bmp.MAGIC):
        return bmp.read_bmp_header, bmp.check_bmp
    what = "is not one of these" if data else "is empty"
    raise ImageError(
        f"Expected a PNG, BMP, JPEG or TIFF image, but {name} {what}. Convert or replace the file."
    )


def _imdecode(buffer: NDArray[np.uint8]) -> NDArray[Any] | None:
    pixels: NDArray[Any] | None = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED)
    return pixels


def _imdecode_quietly(buffer: NDArray[np.uint8]) -> NDArray[Any] | None:
    with _log_level:
        before = _log.getLogLevel()
        _log.setLogLevel(0)
        try:
            return _imdecode(buffer)
        finally:
            _log.setLogLevel(before)
