"""What a detector says about one frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.sample import Image, Mask


@dataclass(frozen=True, eq=False, slots=True)
class Prediction:
    """A frame and its map of probabilities.

    Attributes
    ----------
    id : str
    image : (H, W) uint8 | uint16 | float32
        The frame.
    probability : (H, W) float32 or float64
        In [0, 1].
    threshold : float
        Strictly above it is target.
    label : (H, W) bool, optional
        The true mask, where it is known.
    """

    id: str
    image: Image
    probability: NDArray[np.floating[Any]]
    threshold: float = 0.5
    label: Mask | None = None

    @property
    def mask(self) -> Mask:
        """Where the probability exceeds the threshold, ``(H, W)`` bool."""
        # In float64, as the metrics do: no score is rounded onto the threshold, nor it onto one.
        # An array, not a number: numpy 1 rounds a number to float32 before it compares.
        above: Mask = self.probability > np.array([self.threshold], np.float64)
        return above
