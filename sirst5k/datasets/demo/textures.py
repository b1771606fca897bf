"""Random fields: what clouds, waves and soil are carved from.

A field is white Gaussian noise given a power spectrum. The spectrum is von Kármán's,
``P(f) = (f² + f0²)^(-slope/2)``: flat above the outer scale ``1/f0`` and a power law below
it (T. von Kármán, "Progress in the statistical theory of turbulence", PNAS 34, 1948). A
plane cut through Kolmogorov turbulence has the slope 8/3; the frames of SIRST-v1 have
2.2 … 3.0 … 3.8 (quartiles of the slope below 0.2 cycles per pixel).

Fields are periodic on a grid larger than the picture, which is cut from a corner of it: a
picture never meets its own far edge, so no seam and no repetition shows, and domain warping
(moving every point by another field) may wrap without leaving the grid.

All arithmetic is float64. The transcendental functions of numpy differ in the last bit
between processors; in float64 that is too little to ever move a grey level.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from sirst5k.datasets.demo.canvas import Canvas, Field


class Spectrum:
    """One draw of white noise, from which fields of any spectrum are made.

    Fields made from the same draw share their structure (a shadow and its cloud);
    independent fields need draws of their own.

    Parameters
    ----------
    rng : numpy.random.Generator
    canvas : Canvas
    """

    def __init__(self, rng: np.random.Generator, canvas: Canvas) -> None:
        self.canvas = canvas
        rows, columns = canvas.grid
        half = columns // 2 + 1
        self._white = rng.standard_normal((rows, half, 2)).view(np.complex128)[..., 0]
        self._every = 1 if canvas.short < 128 else 4
        # In cycles per shorter side, so that a scene looks alike at every size.
        self._fy = fft.fftfreq(rows, 1 / canvas.short)[:, None]
        self._fx = fft.rfftfreq(columns, 1 / canvas.short)[None, :]

    def turbulence(
        self, slope: float, outer: float, stretch: float = 1.0, angle: float = 0.0
    ) -> Field:
        """Return a periodic field with von Kármán's spectrum.

        Parameters
        ----------
        slope : float
            Exponent of the power spectrum (power over spatial frequency, in the plane).
        outer : float
            Largest structures per shorter side of the picture, ``f0``.
        stretch : float
            Structures are this many times longer along their axis than across.
        angle : float
            Direction of that axis against the rows, in radians.

        Returns
        -------
        (h, w) float64
            On the periodic grid; zero mean, and unit variance within the picture.
        """
        return self._shape((self._squared(stretch, angle) + outer**2) ** (-slope / 4))

    def band(self, frequency: float, octaves: float = 1.0, stretch: float = 1.0) -> Field:
        """Return a periodic field around one spatial frequency.

        Parameters
        ----------
        frequency : float
            In cycles per shorter side, across the axis.
        octaves : float
            Full width of the pass band at half its amplitude.
        stretch : float
            As in `turbulence`, along the rows.
        """
        ratio = np.log2(np.maximum(self._squared(stretch, 0.0), 1e-12)) / 2 - np.log2(frequency)
        return self._shape(np.exp(-4 * np.log(2) * (ratio / octaves) ** 2))

    def _squared(self, stretch: float, angle: float) -> Field:
        cos, sin = np.cos(angle), np.sin(angle)
        along = self._fx * cos + self._fy * sin
        across = self._fy * cos - self._fx * sin
        return np.asarray((along * stretch) ** 2 + across**2)

    def _shape(self, amplitude: Field) -> Field:
        amplitude[0, 0] = 0.0
        field: Field = fft.irfft2(self._white * amplitude, s=self.canvas.grid)
        seen = self.canvas.cut(field)[:: self._every, :: self._every]  # enough for two moments
        field -= seen.mean()
        field *= 1 / max(float(seen.std()), 1e-12)
        return field


def warp(canvas: Canvas, field: Field, rows: Field, columns: Field) -> Field:
    """Return the picture's part of a periodic field, looked up at displaced points.

    Parameters
    ----------
    canvas : Canvas
    field : (h, w) float64
        On the periodic grid.
    rows, columns : (H, W) float64
        How far below and to the right of each pixel to look, in pixels (bilinear).
    """
    height, width = field.shape
    y = rows + np.arange(canvas.height)[:, None]
    x = columns + np.arange(canvas.width)[None, :]
    y -= height * np.floor(y / height)
    x -= width * np.floor(x / width)
    i, j = y.astype(np.int32), x.astype(np.int32)
    y -= i
    x -= j
    # One more row and column, so that the neighbour of the last point is the first.
    ring = np.pad(field, (0, 2), mode="wrap").ravel()
    i *= width + 2
    i += j
    upper = ring.take(i)
    upper += x * (ring.take(i + 1) - upper)
    i += width + 2
    lower = ring.take(i)
    lower += x * (ring.take(i + 1) - lower)
    lower -= upper
    lower *= y
    lower += upper
    return np.asarray(lower)


def smoothstep(field: Field, low: float, high: float) -> Field:
    """Return 0 below `low`, 1 above `high`, and the cubic ``3t² - 2t³`` between."""
    t = np.asarray((field - low) * (1 / (high - low)))
    np.clip(t, 0.0, 1.0, out=t)
    square = t * t
    t *= -2.0
    t += 3.0
    t *= square
    return t


def mix(first: Field | float, second: Field | float, share: Field) -> Field:
    """Return ``first`` where `share` is 0 and ``second`` where it is 1."""
    return np.asarray(first + (np.asarray(second) - first) * share)
