"""The radial power spectrum of noise, and how far two of them lie apart.

One definition serves the bank, the fields and the fidelity figure: power of unit-variance,
plane-removed, Hann-windowed crops, averaged over crops and then over rings of equal spatial
frequency. Ring *b* holds the frequencies whose distance from zero rounds to *b* cycles a
crop; the rings run from 1 to the last below the Nyquist frequency.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from sirst5k.errors import ParameterError
from sirst5k.noise.plane import remove_plane

FLAT = 1e-6
"""Crops whose standard deviation is below this share of the largest show rounding, not noise."""


def cut_crops(field: NDArray[Any], size: int) -> NDArray[Any]:
    """Cut a field into all its disjoint square crops.

    Parameters
    ----------
    field : (H, W) array
    size : int
        Side of a crop in pixels; a rest that fills no crop is left out.

    Returns
    -------
    (N, size, size) array
    """
    rows, columns = field.shape[0] // size, field.shape[1] // size
    kept = field[: rows * size, : columns * size]
    return kept.reshape(rows, size, columns, size).swapaxes(1, 2).reshape(-1, size, size)


def periodogram(crops: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean power spectrum of square crops.

    Parameters
    ----------
    crops : (N, s, s) array
        In any units: each is brought to zero mean, no slope and unit variance.

    Returns
    -------
    (s, s) float64
        Power at ``scipy.fft.fftfreq(s)`` along both axes.

    Raises
    ------
    ParameterError
        If no crop varies at all.
    """
    flat = remove_plane(np.asarray(crops, dtype=np.float64)).astype(np.float64)
    deviation = flat.std(axis=(1, 2))
    alive = deviation > FLAT * deviation.max(initial=0.0)
    if not alive.any():
        raise ParameterError("Expected crops with some noise in them, got constant ones.")
    unit = flat[alive] / deviation[alive][:, None, None]
    size = unit.shape[-1]
    hann = np.hanning(size)
    power = np.abs(scipy.fft.fft2(unit * np.outer(hann, hann))) ** 2
    mean: NDArray[np.float64] = power.mean(axis=0)
    return mean


@lru_cache(maxsize=8)
def frequency_radius(size: int) -> NDArray[np.float64]:
    """Return the distance from zero frequency, in cycles a crop, of an ``(s, s)`` spectrum."""
    cycles = scipy.fft.fftfreq(size) * size
    return np.hypot(cycles[:, None], cycles[None, :])


def radial_mean(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average an ``(s, s)`` power spectrum over its rings ``1 … s/2 - 1``.

    Returns
    -------
    (s // 2 - 1,) float64
    """
    return ring_means(power)[1 : power.shape[0] // 2]


def ring_means(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average an ``(s, s)`` power spectrum over every ring, from zero to the corners.

    Returns
    -------
    (round(s / √2) + 1,) float64
    """
    ring = np.rint(frequency_radius(power.shape[0])).astype(int).ravel()
    mean: NDArray[np.float64] = np.bincount(ring, weights=power.ravel()) / np.bincount(ring)
    return mean


def radial_spectrum(crops: NDArray[Any]) -> NDArray[np.float64]:
    """Return the radial power spectrum of ``(N, s, s)`` crops: ``(s // 2 - 1,)`` float64."""
    return radial_mean(periodogram(crops))


def log_spectral_distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the log-spectral distance of two radial spectra in dB.

    ``sqrt(mean_b (10 log10 a_b / b_b)^2)``, the root mean square over the rings of the
    difference in decibels (A. Gray and J. Markel, "Distance measures for speech
    processing", IEEE Trans. ASSP 24(5), 1976, with rings for bins).
    """
    return float(np.sqrt(np.mean((10 * np.log10(a / b)) ** 2)))
