"""The local contrast measure of Chen et al., 2014."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.detectors.patches import CellContrast, neighbour_means

_DARKEST = np.float32(1 / 255)


@dataclass(frozen=True, slots=True)
class LocalContrast(CellContrast):
    """Multiscale local contrast measure (LCM).

    With ``L`` the largest level of a cell and ``m_i`` the mean of the i-th of the eight cells
    around it, ``C = min_i L**2 / m_i``, and the largest ``C`` over all cell sizes counts:
    Chen, Li, Wei, Xia, Tang, "A Local Contrast Method for Small Infrared Target Detection",
    IEEE TGRS 52(1), 574-581, 2014, equations 3 to 6. Computed at every pixel, with ``m_i`` at
    least one grey level of 8 bit, as the ratio has no value on black.

    Attributes
    ----------
    k : float
        See `ClassicalDetector`; published between 3 and 5.
    sizes : int or tuple of int
        Sides of the cells in pixels, odd.
    """

    k: float = 5.0

    @property
    def name(self) -> str:
        """The detector's name in the registry."""
        return "lcm"

    def _contrast(self, frame: NDArray[np.float32], size: int) -> NDArray[np.float32]:
        """Return the ``(H, W)`` contrast of cells of one size, in the frame's unit."""
        around = neighbour_means(frame, size)[:8]
        largest = cv2.dilate(frame, np.ones((size, size), np.uint8))
        contrast: NDArray[np.float32] = largest * largest / np.maximum(around.max(axis=0), _DARKEST)
        return contrast
