"""What the detector and its electronics do: shot and read noise, stripes, digits.

Photon noise is Poisson; at the 10⁵ … 10⁷ electrons of an infrared well it is a Gaussian whose
variance is proportional to the signal. Read noise is a Gaussian of constant variance. Columns
(and, less, rows) share amplifiers whose offsets the non-uniformity correction leaves behind:
stripes that stay the same from frame to frame (EMVA standard 1288; A. F. Milton, F. R. Barone,
M. R. Kruer, Opt. Eng. 24, 1985, for stripes).

For a signal ``L`` in fractions of full scale a reading is

    ``L + c[column] + r[row] + sqrt(shot L + read²) n``,   n ~ N(0, 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.datasets.demo.canvas import Field

DEPTHS = (8, 16, 32)
"""Bits of a grey level: ``uint8``, ``uint16`` holding 14-bit counts, ``float32`` in 0 … 1."""

_COUNTS = 2**14 - 1


@dataclass(frozen=True, slots=True)
class Sensor:
    """The noise of a camera, in fractions of full scale.

    Attributes
    ----------
    read : float
        Standard deviation of the read noise.
    shot : float
        Variance of the photon noise per signal.
    columns, rows : float
        Standard deviations of the stripes.
    base, span : float
        Counts of a 16-bit reading at signal 0, and how many more it has at signal 1.
    """

    read: float
    shot: float
    columns: float
    rows: float
    base: float = 2000.0
    span: float = 6000.0

    def deviation(self, signal: Field) -> Field:
        """Return the standard deviation of the noise at each pixel, without the stripes."""
        return np.sqrt(self.read**2 + self.shot * np.maximum(signal, 0.0))


def draw_sensor(rng: np.random.Generator) -> Sensor:
    """Draw a camera: total noise of 0.6 to 4 grey levels of 255, mostly 1 to 2."""
    total = float(np.clip(1.25 * np.exp(rng.normal(0, 0.45)), 0.6, 4.0)) / 255
    share = rng.uniform(0.2, 0.8)
    striped = rng.random() < 0.6
    return Sensor(
        read=total * float(np.sqrt(1 - share)),
        shot=total**2 * share / 0.5,  # `total` holds at half of full scale
        columns=total * rng.uniform(0.15, 0.6) * striped,
        rows=total * rng.uniform(0.0, 0.25) * striped,
        base=float(np.rint(rng.uniform(1000, 6000))),
        span=float(np.rint(rng.uniform(2500, 9000))),
    )


def stripes(rng: np.random.Generator, sensor: Sensor, height: int, width: int) -> Field:
    """Return the (H, W) fixed pattern of a camera: one offset a column and one a row."""
    columns = sensor.columns * rng.standard_normal((1, width))
    rows = sensor.rows * rng.standard_normal((height, 1))
    return np.asarray(columns + rows)


def read_out(rng: np.random.Generator, sensor: Sensor, signal: Field, pattern: Field) -> Field:
    """Return one noisy reading of a signal, not yet clipped or rounded.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the temporal noise only.
    sensor : Sensor
    signal, pattern : (H, W) float64
        Noise-free picture, and the stripes.
    """
    noise = rng.standard_normal(signal.shape)
    noise *= sensor.deviation(signal)
    noise += pattern
    noise += signal
    return noise


def digitise(reading: Field, sensor: Sensor, depth: int) -> NDArray[Any]:
    """Return a reading as ``uint8``, ``uint16`` or ``float32``, clipped at the ends.

    Eight bits and floats show the display range 0 … 1. Sixteen bits hold the counts of a
    14-bit converter, of which the scene takes a part, as raw infrared frames do.
    """
    if depth == 16:
        counts = reading * sensor.span
        counts += sensor.base
        return np.rint(np.clip(counts, 0, _COUNTS)).astype(np.uint16)
    shown = np.clip(reading, 0.0, 1.0)
    if depth == 32:
        return shown.astype(np.float32)
    shown *= 255.0
    return np.rint(shown).astype(np.uint8)
