"""The white top-hat: what an opening removes, small bright things."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.detectors.classical import ClassicalDetector, check_sizes


@dataclass(frozen=True, slots=True)
class TopHat(ClassicalDetector):
    """White top-hat ``f - opening(f)`` with flat discs, averaged over their sizes.

    Bright structures into which a disc does not fit remain, wider ones vanish (Serra, "Image
    Analysis and Mathematical Morphology", 1982; for small infrared targets Tom et al.,
    "Morphology-based algorithm for point target detection in infrared backgrounds", SPIE
    1954, 1993). The response of a larger disc contains that of a smaller one, so that the
    maximum over sizes would be the largest alone; the mean favours what is small.

    Attributes
    ----------
    k : float
        See `ClassicalDetector`; the default does best on the training images of SIRST v1.
    sizes : int or tuple of int
        Diameters of the discs in pixels, odd.
    """

    sizes: int | tuple[int, ...] = (9, 17)

    def __post_init__(self) -> None:
        ClassicalDetector.__post_init__(self)
        object.__setattr__(self, "sizes", check_sizes(self.sizes, "the discs' sizes"))

    @property
    def name(self) -> str:
        """The detector's name in the registry."""
        return "tophat"

    @property
    def support(self) -> int:
        """Twice the radius: an opening erodes, then dilates."""
        return 2 * (max(self._diameters) // 2)

    @property
    def _diameters(self) -> tuple[int, ...]:
        assert isinstance(self.sizes, tuple)  # since __post_init__
        return self.sizes

    def filter(self, frame: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the mean top-hat of an ``(H, W)`` frame, in the frame's unit."""
        total = np.zeros_like(frame)
        for size in self._diameters:
            disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
            total += cv2.morphologyEx(frame, cv2.MORPH_TOPHAT, disc)
        return total / np.float32(len(self._diameters))
