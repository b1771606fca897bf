"""The local contrast measure of Chen et al., 2014."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.detectors.classical import ClassicalDetector, check_sizes
from sirst5k.detectors.patches import neighbour_means

_DARKEST = np.float32(1 / 255)


@dataclass(frozen=True, slots=True)
class LocalContrast(ClassicalDetector):
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
    sizes: int | tuple[int, ...] = (3, 5, 7, 9)

    def __post_init__(self) -> None:
        ClassicalDetector.__post_init__(self)
        object.__setattr__(self, "sizes", check_sizes(self.sizes, "the cells' sizes"))

    @property
    def name(self) -> str:
        """The detector's name in the registry."""
        return "lcm"

    @property
    def support(self) -> int:
        """One and a half cells."""
        return max(size + size // 2 for size in self._sides)

    @property
    def _sides(self) -> tuple[int, ...]:
        assert isinstance(self.sizes, tuple)  # since __post_init__
        return self.sizes

    def filter(self, frame: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the contrast of an ``(H, W)`` frame, in the frame's unit."""
        best = np.zeros_like(frame)
        for size in self._sides:
            around = neighbour_means(frame, size)[:8]
            largest = cv2.dilate(frame, np.ones((size, size), np.uint8))
            contrast = largest * largest / np.maximum(around.max(axis=0), _DARKEST)
            np.maximum(best, contrast, out=best)
        return best
