"""Cells around a cell: what the local contrast measures compare."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.detectors.classical import ClassicalDetector, check_sizes

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


@dataclass(frozen=True, slots=True)
class CellContrast(ClassicalDetector):
    """How far a cell stands out from the eight around it, the largest over several sizes.

    Attributes
    ----------
    k : float
        See `ClassicalDetector`.
    sizes : int or tuple of int
        Sides of the cells in pixels, odd.
    """

    sizes: int | tuple[int, ...] = (3, 5, 7, 9)

    def __post_init__(self) -> None:
        ClassicalDetector.__post_init__(self)
        object.__setattr__(self, "sizes", check_sizes(self.sizes, "the cells' sizes"))

    @property
    def support(self) -> int:
        """One and a half cells."""
        return max(size + size // 2 for size in self._sides)

    @property
    def _sides(self) -> tuple[int, ...]:
        assert isinstance(self.sizes, tuple)  # since __post_init__
        return self.sizes

    @abstractmethod
    def _contrast(self, frame: NDArray[np.float32], size: int) -> NDArray[np.float32]:
        """Return the ``(H, W)`` contrast of cells of one size, in the unit of the measure."""

    def filter(self, frame: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the largest contrast at every pixel of an ``(H, W)`` frame; at least 0."""
        best = np.zeros_like(frame)
        for size in self._sides:
            np.maximum(best, self._contrast(frame, size), out=best)
        return best
