"""Local contrast of targets: how far each stands out of the clutter around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sirst5k.components import Target, label_targets
from sirst5k.errors import ParameterError
from sirst5k.sample import Image, Mask, check_pair

MARGIN = 20
"""Width of the neighbourhood around a target's box in pixels, `d` in the source."""


@dataclass(frozen=True, slots=True)
class TargetContrast:
    """A target beside its background.

    Attributes
    ----------
    target : Target
        Which one.
    target_mean : float
        Mean grey level of its pixels.
    background_mean, background_std : float
        Mean and standard deviation of the neighbourhood; NaN if there is none.
    """

    target: Target
    target_mean: float
    background_mean: float
    background_std: float

    @property
    def contrast(self) -> float:
        """Mean of the target minus mean of the background, in grey levels; signed."""
        return self.target_mean - self.background_mean

    @property
    def scr(self) -> float:
        """Signal-to-clutter ratio ``|mean_t - mean_b| / std_b``, without unit.

        0 where target and background do not differ, infinite on a constant background, NaN
        where a target fills its whole neighbourhood.
        """
        difference = abs(self.contrast)
        if difference == 0 or math.isnan(difference):
            return difference
        return difference / self.background_std if self.background_std > 0 else math.inf


def measure_targets(image: Image, mask: Mask, margin: int = MARGIN) -> list[TargetContrast]:
    """Measure the local contrast of every target of an image.

    The neighbourhood of a target is its bounding box grown by `margin` pixels on each side,
    cut at the image's border, without the pixels of this or any other target: the local
    region of Gao et al., "Infrared Patch-Image Model for Small Target Detection in a Single
    Image", IEEE TIP 22(12), 2013, where ``d = 20`` and
    ``SCR = |mean_t - mean_b| / std_b``.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    mask : (H, W) bool
    margin : int
        Pixels, at least 1.

    Returns
    -------
    list of TargetContrast
        In the order of `sirst5k.components.find_targets`.

    Raises
    ------
    ShapeError
        If image and mask do not belong together.
    ParameterError
        If the margin is below 1.

    Examples
    --------
    >>> image = np.tile(np.array([[90, 110]], dtype=np.uint8), (32, 16))
    >>> mask = np.zeros((32, 32), dtype=bool)
    >>> mask[15:17, 15:17] = True
    >>> image[mask] = 150
    >>> [round(target.scr, 3) for target in measure_targets(image, mask)]
    [5.0]
    """
    check_pair(image, mask)
    labels, targets = label_targets(mask)
    return contrasts(image, mask, labels, targets, margin)


def contrasts(
    image: Image,
    mask: Mask,
    labels: np.ndarray[tuple[int, ...], np.dtype[np.int32]],
    targets: Sequence[Target],
    margin: int = MARGIN,
) -> list[TargetContrast]:
    """Measure targets that are labelled already; see `measure_targets`.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    mask : (H, W) bool
    labels : (H, W) int32
        From `sirst5k.components.label_targets`.
    targets : sequence of Target
        From the same call.
    margin : int
        Pixels, at least 1.
    """
    if margin < 1:
        raise ParameterError(f"Expected a margin of at least 1 pixel, got {margin}.")
    return [_measure(image, mask, labels, target, margin) for target in targets]


def _measure(
    image: Image,
    mask: Mask,
    labels: np.ndarray[tuple[int, ...], np.dtype[np.int32]],
    target: Target,
    margin: int,
) -> TargetContrast:
    box = np.s_[target.top : target.bottom, target.left : target.right]
    pixels = image[box][labels[box] == target.label]
    around = np.s_[
        max(0, target.top - margin) : target.bottom + margin,
        max(0, target.left - margin) : target.right + margin,
    ]
    ring = image[around][~mask[around]]
    mean = float(pixels.mean(dtype=np.float64))
    if ring.size == 0:
        return TargetContrast(target, mean, math.nan, math.nan)
    return TargetContrast(
        target, mean, float(ring.mean(dtype=np.float64)), float(ring.std(dtype=np.float64))
    )
