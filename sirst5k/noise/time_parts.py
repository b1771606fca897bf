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
import scipy.fft
from numpy.typing import NDArray

from sirst5k.errors import ParameterError
from sirst5k.noise.plane import remove_plane

PLANE = 3
"""Coefficients of a plane: so many degrees of freedom does a window lose to it."""
LEAST_FRAMES = 4
"""Two halves of time with two frames each."""
_LONG = 4  # modes below this share of a window's are those of a scene too


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


def sensor_pattern(first: NDArray[Any], second: NDArray[Any]) -> tuple[NDArray[np.float32], float]:
    """Return what the sensor adds to windows alike in all frames, without noise and scene.

    The mean of both halves of time still holds a rest of the temporal noise, and what of the
    scene stands still. In the cosine transform of the windows, averaged over them:

    - each mode is damped by ``sqrt(S_12 / S_mm)``: the cross-spectrum of the halves, where
      independent noise cancels, over the spectrum of their mean (spectral subtraction as in
      S. F. Boll, IEEE Trans. ASSP 27(2), 1979);
    - modes longer than 8 pixels in a window of 32 (a quarter of the window) both ways get no
      more power than those half to a quarter as long, along the row or along the column of
      modes, whichever has more. Pixels and columns differ from their neighbours as much as from
      those farther away; a scene, seen through optics, differs more from afar. So shading is
      counted as scene.

    Parameters
    ----------
    first, second : (N, s, s) array
        Means of the two halves of time, plane removed.

    Returns
    -------
    pattern : (N, s, s) float32
    scene : float
        Share of the windows' common power that was taken for scene, 0 to 1.
    """
    one, other = (scipy.fft.dctn(half, axes=(1, 2), norm="ortho") for half in (first, second))
    mean = (one + other) / 2
    power = np.mean(mean**2, axis=0)
    shared = np.minimum(np.maximum(np.mean(one * other, axis=0), 0.0), power)
    total = float(shared.sum())
    low = max(1, shared.shape[0] // _LONG)
    along = shared[:low, low : 2 * low].mean(axis=1)[:, None]
    down = shared[low : 2 * low, :low].mean(axis=0)[None, :]
    shared[:low, :low] = np.minimum(shared[:low, :low], np.maximum(along, down))
    alive = power > power.max(initial=0.0) * 1e-12
    gain = np.sqrt(np.divide(shared, power, out=np.zeros_like(power), where=alive))
    pattern = scipy.fft.idctn(mean * gain, axes=(1, 2), norm="ortho").astype(np.float32)
    return pattern, 1 - float(shared.sum()) / total if total > 0 else 0.0


def _mean(frames: NDArray[np.float32]) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = frames.mean(axis=1, dtype=np.float64)
    return mean


def _squares(values: NDArray[Any]) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = np.einsum("nthw,nthw->n", values, values, dtype=np.float64)
    return sums


def _products(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = np.einsum("nhw,nhw->n", one, other)
    return sums
