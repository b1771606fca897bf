"""Pictures into PNG files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from sirst5k.drawing.blending import Picture
from sirst5k.errors import OutputError, ShapeError
from sirst5k.imaging import write_atomically
from sirst5k.imaging.writable import check_file_path

_LEVEL = 6  # measured on a contact sheet: OpenCV's default 1.9 MB, 6 0.87 MB, 9 0.80 MB


def save_picture(path: str | Path, picture: Picture) -> None:
    """Write a picture as PNG; the file is never half-written.

    Parameters
    ----------
    path : path
        Ends with ``.png``; its folder exists.
    picture : (H, W, 3) uint8
        Red, green, blue.

    Raises
    ------
    OutputError
        If the name has another ending, or the file cannot be written.
    ShapeError
        If the array is not a picture.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ShapeError(
            f"Expected a picture (H, W, 3) of uint8, got {picture.shape} of {picture.dtype}."
        )
    check_picture_path(path)
    bgr = np.ascontiguousarray(picture[..., ::-1])
    done, data = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, _LEVEL])
    if not done:
        raise OutputError(f"OpenCV could not encode a picture of shape {picture.shape} for {path}.")
    write_atomically(path, data.tobytes())


def check_picture_path(path: str | Path) -> None:
    """Raise `OutputError` if `save_picture` could not write there, before any work is done."""
    check_file_path(path, ".png")
