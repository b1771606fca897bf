"""Cells around a cell: what the local contrast measures compare."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# Row and column of the eight neighbours, in cells; the one opposite to k is k + 4.
NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))


def neighbour_means(frame: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return the mean levels of the eight cells around the cell at every pixel.

    Parameters
    ----------
    frame : (H, W) float32
    size : int
        Side of a cell in pixels, odd.

    Returns
    -------
    (9, H, W) float32
        The eight neighbours in the order of `NEIGHBOURS`, then the cell itself. Beyond the
        border, the frame is mirrored.
    """
    height, width = frame.shape
    reach = size + size // 2
    # OpenCV mirrors no further than the frame is wide; NumPy does.
    padded = np.pad(frame, reach, mode="symmetric")
    means = cv2.blur(padded, (size, size))
    places = [(reach + size * row, reach + size * column) for row, column in (*NEIGHBOURS, (0, 0))]
    return np.stack([means[top : top + height, left : left + width] for top, left in places])
