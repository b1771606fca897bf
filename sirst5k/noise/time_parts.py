"""What varies in time and what stays: the two parts of a sensor's noise, taken apart.

A quiet window at time *t* is taken as ``x_t = a_t + f + w_t``: a plane of its own in every
frame (the scene and the camera's drift of level), a pattern that stays with the pixels, and
noise that is new in every frame. The plane is removed from each frame; over *T* frames the
rest is a one-way layout with random effects, a row a pixel (S. R. Searle, G. Casella,
C. E. McCulloch, *Variance Components*, Wiley 1992, chapter 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError
from sirst5k.noise.plane import remove_plane

PLANE = 3
"""Coefficients of a plane: so many degrees of freedom does a window lose to it."""
LEAST_FRAMES = 4
"""Two halves of time with two frames each."""


@dataclass(frozen=True, eq=False, slots=True)
class TimeParts:
    """The parts of the noise of ``N`` windows over ``T`` frames, in grey levels.

    Attributes
    ----------
    white : (N,) float64
        Variance of what is new in every frame.
    fixed : (N,) float64
        Variance of what stays, without the bias that the mean of a few frames has; around
        zero, and so below it too, where nothing stays.
    near : (N,) float64
        As `fixed`, between the even and the odd frames rather than the first and the second
        half of time. Where it is larger than `fixed`, something moved out of the window.
    whiteness : (N,) float64
        Von Neumann's ratio: 1 for noise that is white in time, below where it drifts.
    residuals : (N, T, s, s) float32
        What is new in every frame, with one frame's variance.
    first, second : (N, s, s) float32
        Mean of either half of time, plane removed.
    """

    white: NDArray[np.float64]
    fixed: NDArray[np.float64]
    near: NDArray[np.float64]
    whiteness: NDArray[np.float64]
    residuals: NDArray[np.float32]
    first: NDArray[np.float32]
    second: NDArray[np.float32]


def time_parts(windows: NDArray[Any]) -> TimeParts:
    """Take the noise of quiet windows apart into what is new in every frame and what stays.

    With ``y_t`` a frame without its plane, ``m`` the mean of all and ``n`` the free pixels:

    - white: ``Σ (y_t - m)² / ((T - 1) n)``;
    - fixed: ``Σ m_1 m_2 / n`` with the means of the two halves of time. Their noise is
      independent, so that this has the expectation ``σ_f²`` as it is, where the variance of
      ``m`` has ``σ_f² + σ_w² / T``;
    - whiteness: the mean square of successive differences over twice the white variance
      (J. von Neumann, Ann. Math. Statist. 12(4), 1941).

    Parameters
    ----------
    windows : (N, T, s, s) array
        Grey levels of the same places in consecutive frames, at least `LEAST_FRAMES`.

    Returns
    -------
    TimeParts
    """
    if windows.ndim != 4 or windows.shape[1] < LEAST_FRAMES:
        raise ParameterError(
            f"Expected windows (N, T, s, s) of at least {LEAST_FRAMES} frames, got shape "
            f"{windows.shape}."
        )
    count, side = windows.shape[1], windows.shape[2:]
    free = side[0] * side[1] - PLANE
    if free < 1:
        raise ParameterError(f"Expected windows of more than {PLANE} pixels, got {side}.")
    flat = remove_plane(windows)
    mean = flat.mean(axis=1, dtype=np.float64)
    new = flat - mean[:, None]
    white = _squares(new) / ((count - 1) * free)
    successive = _squares(np.diff(flat, axis=1)) / (2 * (count - 1) * free)
    first, second = _mean(flat[:, : count // 2]), _mean(flat[:, count // 2 :])
    even, odd = _mean(flat[:, ::2]), _mean(flat[:, 1::2])
    alive = np.maximum(white, np.finfo(np.float64).tiny)
    return TimeParts(
        white=white,
        fixed=_products(first, second) / free,
        near=_products(even, odd) / free,
        whiteness=successive / alive,
        residuals=(new * np.sqrt(count / (count - 1))).astype(np.float32),
        first=first.astype(np.float32),
        second=second.astype(np.float32),
    )


def subtract_spectrum(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float32]:
    """Return the pattern of windows, with the spectrum that both halves of time share.

    The mean of the halves still holds a rest of the temporal noise. Each of its spatial
    frequencies is damped by ``sqrt(S_12 / S_mm)``: the cross-spectrum of the halves, where
    independent noise cancels, over the spectrum of their mean (spectral subtraction as in
    S. F. Boll, IEEE Trans. ASSP 27(2), 1979, both spectra averaged over the windows).

    Parameters
    ----------
    first, second : (N, s, s) array
        Means of the two halves of time, plane removed.

    Returns
    -------
    (N, s, s) float32
    """
    one, other = np.fft.rfft2(first), np.fft.rfft2(second)
    mean = (one + other) / 2
    shared = np.mean(one.real * other.real + one.imag * other.imag, axis=0)
    power = np.mean(mean.real**2 + mean.imag**2, axis=0)
    alive = np.maximum(power, power.max(initial=0.0) * 1e-12 + np.finfo(np.float64).tiny)
    gain = np.sqrt(np.clip(shared / alive, 0.0, 1.0))
    pattern: NDArray[np.float32] = np.fft.irfft2(mean * gain, s=first.shape[1:]).astype(np.float32)
    return pattern


def _mean(frames: NDArray[np.float32]) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = frames.mean(axis=1, dtype=np.float64)
    return mean


def _squares(values: NDArray[Any]) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = np.einsum("nthw,nthw->n", values, values, dtype=np.float64)
    return sums


def _products(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = np.einsum("nhw,nhw->n", one, other)
    return sums
