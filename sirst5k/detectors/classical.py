"""What the classical detectors share: a local filter, then the published adaptive threshold."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.detectors.detector import Maps, check_batch
from sirst5k.errors import ParameterError


@dataclass(frozen=True, slots=True)
class ClassicalDetector(ABC):
    """A filter whose response is compared with the statistics of the frame.

    Attributes
    ----------
    k : float
        A pixel is target where its response exceeds the frame's mean by more than `k`
        standard deviations; see `threshold_probability`.
    """

    k: float = 10.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.k) and self.k > 0):
            raise ParameterError(f"Expected k above 0 standard deviations, got {self.k}.")

    @property
    @abstractmethod
    def name(self) -> str:
        """The detector's name in the registry."""

    @property
    def multiple(self) -> int:
        """Filters take any size."""
        return 1

    @property
    @abstractmethod
    def support(self) -> int:
        """Pixels around a place that can change its response."""

    @property
    def in_processes(self) -> bool:
        """Filters hold no state, so any number of copies may run."""
        return True

    @abstractmethod
    def filter(self, frame: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the response to one ``(H, W)`` frame of levels in 0…1."""

    def respond(self, batch: NDArray[Any]) -> Maps:
        """Return the filter's response to each frame of a ``(B, 1, H, W)`` batch."""
        frames = check_batch(batch)
        return np.stack([self.filter(frame)[None] for frame in frames[:, 0]])

    def probabilities(self, responses: Maps) -> Maps:
        """Turn the responses of whole frames into probabilities, by `threshold_probability`."""
        return np.stack([threshold_probability(frame, self.k) for frame in responses])

    def scores(self, batch: NDArray[Any]) -> Maps:
        """Return the probabilities for a ``(B, 1, H, W)`` batch of whole frames."""
        return self.probabilities(self.respond(batch))


def threshold_probability(response: NDArray[np.float32], k: float) -> NDArray[np.float32]:
    """Map a response to [0, 1] so that 0.5 is the adaptive threshold ``mean + k * std``.

    The literature decides ``response > mean + k * std`` with the statistics of the frame
    (Chen et al., "A Local Contrast Method for Small Infrared Target Detection", IEEE TGRS
    52(1), 2014). With ``z = (response - mean) / std``, the value is ``z / (z + k)`` for
    positive `z` and else 0: it keeps the order of all pixels above the mean, exceeds 0.5
    exactly where the published rule says target, and does not saturate, so that curves over
    thresholds stay meaningful in 16 bit. It is no calibrated probability.

    Parameters
    ----------
    response : array of float32
        Of one whole frame.
    k : float
        Standard deviations, above 0.

    Returns
    -------
    array of float32
        In [0, 1); all 0 where the response is constant.
    """
    mean, std = float(response.mean(dtype=np.float64)), float(response.std(dtype=np.float64))
    # Rounding alone gives a constant response some spread.
    if not std > 1e-6 * max(abs(mean), 1e-6):
        return np.zeros_like(response)
    z = np.maximum((response.astype(np.float64) - mean) / std, 0.0)
    probability: NDArray[np.float32] = (z / (z + k)).astype(np.float32)
    return probability


def check_sizes(sizes: int | Sequence[int], what: str) -> tuple[int, ...]:
    """Return odd sizes in pixels as a tuple.

    Raises
    ------
    ParameterError
        If there is none, or one is even or below 3.
    """
    given = (sizes,) if isinstance(sizes, int) else tuple(sizes)
    if not given or any(not isinstance(s, int) or s < 3 or s % 2 == 0 for s in given):
        raise ParameterError(f"Expected {what} to be odd and at least 3 pixels, got {sizes}.")
    return given
