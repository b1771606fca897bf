"""What a detector's map does to clutter: SCR gain and background suppression factor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.contrast import MARGIN, measure_targets
from sirst5k.errors import ShapeError
from sirst5k.metrics.exact_sum import ExactSum
from sirst5k.metrics.ratios import ratio
from sirst5k.sample import IMAGE_DTYPES, Image, Mask, full_scale


@dataclass(frozen=True, slots=True)
class Suppression:
    """One image beside the detector's map of it.

    Attributes
    ----------
    scr_in, scr_out : tuple of float
        Signal-to-clutter ratio of every target in the image and in the map, in raster order.
    clutter_in, clutter_out : float
        Standard deviation of the pixels outside targets, as a share of full scale.
    """

    scr_in: tuple[float, ...]
    scr_out: tuple[float, ...]
    clutter_in: float
    clutter_out: float

    @property
    def scr_gain(self) -> float:
        """Mean over targets of ``scr_out / scr_in``; NaN without one, infinite if one is."""
        gains = _gains(self.scr_in, self.scr_out)
        return ratio(sum(gains), len(gains))

    @property
    def background_suppression(self) -> float:
        """``clutter_in / clutter_out``; infinite if the map is flat outside targets."""
        if self.clutter_out:
            return self.clutter_in / self.clutter_out
        return math.inf if self.clutter_in else math.nan


def measure_suppression(
    image: Image, probabilities: NDArray[np.floating[Any]], mask: Mask, margin: int = MARGIN
) -> Suppression:
    """Measure SCR gain and background suppression on one image.

    ``SCR = |mean_t - mean_b| / std_b`` in a neighbourhood of `margin` pixels (see
    `sirst5k.contrast.measure_targets`), ``SCR gain = SCR_out / SCR_in``, and
    ``BSF = std_in / std_out`` over all pixels outside targets, image and map both as a share
    of full scale (Hilliard, SPIE 4048, 2000; Gao et al., IEEE TIP 22(12), 2013).

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    probabilities : (H, W) float
        The detector's map, in 0…1.
    mask : (H, W) bool
    margin : int
        Pixels, at least 1.

    Raises
    ------
    ShapeError
        If the three do not belong together.
    """
    if image.shape != mask.shape or image.dtype not in IMAGE_DTYPES:
        raise ShapeError(
            f"Expected an image of shape (H, W) = {mask.shape} of uint8, uint16 or float32, got "
            f"{image.shape} of {image.dtype}. Pass the image that the map was made from."
        )
    outside = ~mask
    levels = image[outside].astype(np.float64) / full_scale(image.dtype)
    values = probabilities[outside].astype(np.float64)
    flat = np.asarray(probabilities, np.float32)
    return Suppression(
        scr_in=tuple(target.scr for target in measure_targets(image, mask, margin)),
        scr_out=tuple(target.scr for target in measure_targets(flat, mask, margin)),
        clutter_in=float(levels.std()) if levels.size else math.nan,
        clutter_out=float(values.std()) if values.size else math.nan,
    )


class SuppressionMean:
    """Suppression over many images.

    The gain is the mean over targets whose map is not flat around them; how many are is
    counted beside it, for their gain is infinite. The suppression factor is the ratio of the
    two mean variances, which one flat map does not make infinite.
    """

    def __init__(self) -> None:
        self._gain = ExactSum()
        self._before = ExactSum()
        self._after = ExactSum()
        self.finite = 0
        self.infinite = 0

    def add(self, measured: Suppression) -> None:
        """Add one image."""
        for gain in _gains(measured.scr_in, measured.scr_out):
            if math.isinf(gain):
                self.infinite += 1
            else:
                self._gain.add(gain)
                self.finite += 1
        if not math.isnan(measured.clutter_in):
            self._before.add(measured.clutter_in**2)
            self._after.add(measured.clutter_out**2)

    def merge(self, other: SuppressionMean) -> None:
        """Add the images of another one."""
        self._gain.merge(other._gain)
        self._before.merge(other._before)
        self._after.merge(other._after)
        self.finite += other.finite
        self.infinite += other.infinite

    @property
    def scr_gain(self) -> float:
        """Mean over targets with a finite gain; NaN if there is none."""
        return ratio(self._gain.value, self.finite)

    @property
    def background_suppression(self) -> float:
        """Root of the ratio of mean clutter variances; NaN without clutter in the maps."""
        return math.sqrt(ratio(self._before.value, self._after.value))


def _gains(before: tuple[float, ...], after: tuple[float, ...]) -> list[float]:
    """Return the gains of targets that stand out of the image by a finite amount."""
    return [
        out / into
        for into, out in zip(before, after, strict=True)
        if into > 0 and math.isfinite(into) and not math.isnan(out)
    ]
