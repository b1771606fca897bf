"""Grey levels of any depth as the 256 that a picture shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TAIL = 0.1  # per cent of an image's pixels that may be clipped at either end
_DEVIATIONS = 3.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which levels are shown as black and as white.

    Attributes
    ----------
    low, high : float
        In the image's grey levels; ``low < high``.
    """

    low: float
    high: float

    def apply(self, image: NDArray[Any]) -> NDArray[np.uint8]:
        """Return an ``(H, W)`` image of any depth as uint8, clipped beyond the range."""
        levels = image.astype(np.float64)
        levels -= self.low
        levels *= 255 / (self.high - self.low)
        shown: NDArray[np.uint8] = np.rint(np.clip(levels, 0, 255, out=levels)).astype(np.uint8)
        return shown

    @property
    def is_identity(self) -> bool:
        """Whether 8-bit images are shown as they are."""
        return (self.low, self.high) == (0.0, 255.0)


AS_IS = Stretch(0.0, 255.0)


def image_stretch(image: NDArray[Any]) -> Stretch:
    """Return how to show an image: 8-bit as it is, others by robust percentiles."""
    if image.dtype == np.uint8:
        return AS_IS
    low, high = np.percentile(image, [_TAIL, 100 - _TAIL])
    return _widened(float(low), float(high))


def noise_stretch(noise: NDArray[Any], deviations: float = _DEVIATIONS) -> Stretch:
    """Return a stretch that is symmetric about the noise's mean, which becomes mid-grey."""
    mean, reach = float(noise.mean()), deviations * float(noise.std())
    return _widened(mean - reach, mean + reach)


def local_stretch(crop: NDArray[Any]) -> Stretch:
    """Return a stretch over all levels of a crop, with a little room at both ends."""
    low, high = float(crop.min()), float(crop.max())
    room = 0.05 * (high - low)
    return _widened(low - room, high + room)


def _widened(low: float, high: float) -> Stretch:
    # A constant image is shown mid-grey.
    if high > low:
        return Stretch(low, high)
    step = max(abs(low), 1.0) * 1e-6
    return Stretch(low - step, high + step)
