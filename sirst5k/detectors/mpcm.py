"""The multiscale patch-based contrast measure of Wei et al., 2016."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirst5k.detectors.patches import CellContrast, neighbour_means
from sirst5k.errors import ParameterError, suggest

POLARITIES = ("bright", "dark", "both")


@dataclass(frozen=True, slots=True)
class PatchContrast(CellContrast):
    """Multiscale patch-based contrast measure (MPCM).

    With ``d_i`` the mean of a cell minus that of the i-th of the eight cells around it, where
    i and i + 4 lie opposite, the contrast is ``min_{i=1..4} d_i * d_{i+4}``, and the largest
    over all cell sizes counts: Wei, You, Li, "Multiscale patch-based contrast measure for
    small infrared target detection", Pattern Recognition 58, 216-226, 2016. The product is
    positive for dark targets too; `polarity` says which are wanted. Negative contrast is no
    target, and set to 0.

    Attributes
    ----------
    k : float
        See `ClassicalDetector`; the default does best on the training images of SIRST v1.
    sizes : int or tuple of int
        Sides of the cells in pixels, odd.
    polarity : {"bright", "dark", "both"}
        ``both`` is as published.
    """

    k: float = 16.0
    polarity: str = "bright"

    def __post_init__(self) -> None:
        CellContrast.__post_init__(self)
        if self.polarity not in POLARITIES:
            hint = suggest(str(self.polarity), POLARITIES)
            raise ParameterError(f"There is no polarity {self.polarity!r}.{hint}")

    @property
    def name(self) -> str:
        """The detector's name in the registry."""
        return "mpcm"

    def _contrast(self, frame: NDArray[np.float32], size: int) -> NDArray[np.float32]:
        """Return the ``(H, W)`` contrast of cells of one size, in the frame's unit squared."""
        means = neighbour_means(frame, size)
        difference = means[8] - means[:8]
        if self.polarity != "both":
            # Of the wrong sign is no contrast at all, rather than a positive product.
            sign = np.float32(1 if self.polarity == "bright" else -1)
            difference = np.maximum(sign * difference, 0)
        contrast: NDArray[np.float32] = (difference[:4] * difference[4:]).min(axis=0)
        return contrast
