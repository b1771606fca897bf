"""Arrays into files: lossless, quick, and never half-written."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import zlib
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import OutputError, ShapeError
from sirst5k.imaging.decoding import StrPath
from sirst5k.imaging.packing import pack_image, pack_mask

_BINARY = getattr(os, "O_BINARY", 0)  # Windows would translate line ends without it


def encode_png(array: NDArray[Any]) -> bytes:
    """Encode a grey image or a mask as PNG.

    Parameters
    ----------
    array : (H, W) uint8 | uint16 | bool
        A mask is written as 0 and 255.

    Raises
    ------
    ShapeError
        For other shapes and dtypes; float images go into TIFF, see `encode_tiff`.
    """
    if array.ndim != 2 or array.dtype not in (np.uint8, np.uint16, np.bool_):
        raise ShapeError(
            f"Expected (H, W) of uint8, uint16 or bool for PNG, got {array.shape} of "
            f"{array.dtype}. PNG holds no other depth; float32 images are written as TIFF."
        )
    return pack_mask(array) if array.dtype == np.bool_ else pack_image(array)


def encode_tiff(array: NDArray[Any]) -> bytes:
    """Encode a grey ``(H, W)`` image of uint8, uint16 or float32 as TIFF, losslessly.

    Raises
    ------
    ShapeError
        For other shapes and dtypes.
    """
    if array.ndim != 2 or array.dtype not in (np.uint8, np.uint16, np.float32):
        raise ShapeError(
            f"Expected (H, W) of uint8, uint16 or float32 for TIFF, got {array.shape} of "
            f"{array.dtype}. Take one channel, and cast it without losing depth."
        )
    done, buffer = cv2.imencode(".tiff", np.ascontiguousarray(array))
    if not done:
        raise OutputError(f"OpenCV could not encode an array {array.shape} of {array.dtype}.")
    return bytes(buffer.data)


def write_atomically(path: StrPath, data: bytes) -> None:
    """Write a file so that its name never holds half of it.

    The bytes go to a temporary name in the same folder, which then takes the place of
    `path` in one step.

    Raises
    ------
    OutputError
        If the folder is missing or cannot be written to.
    """
    target = os.fspath(path)
    folder, name = os.path.split(target)
    # Names may be as long as a disk allows: of this one only the start goes into the other.
    short = f".{name[:40]}~{zlib.crc32(os.fsencode(name)):08x}"
    temporary = os.path.join(folder, f"{short}.{os.getpid()}-{threading.get_ident()}.part")  # noqa: PTH118
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, 0o666)
        try:
            try:
                remaining = memoryview(data)
                while remaining:  # a write may stop early
                    remaining = remaining[os.write(handle, remaining) :]
            finally:
                os.close(handle)
            os.replace(temporary, target)  # noqa: PTH105
        except BaseException:  # also when interrupted: leave no rubbish behind
            with contextlib.suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108
            raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutputError(
            f"Expected to write {target}, but cannot: {reason}. "
            "Check that the folder exists, may be written to, and is not full."
        ) from error


def pixel_hash(array: NDArray[Any]) -> str:
    """Return the sha256, in hex, of an array's raw bytes in C order.

    A hash of pixels, not of a file: encoders write the same pixels differently.
    """
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()
