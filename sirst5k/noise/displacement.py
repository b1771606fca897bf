"""Putting noise into an image: the published mixing, and noise as a sensor adds it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError, ShapeError
from sirst5k.sample import Image, full_scale


def displace(image: Image, field: NDArray[Any], weight: float) -> Image:
    """Mix a noise field into an image, as published in SIRST-5K.

    ``clip(m·N + (1 - m)·I, 0, 1)`` with both as fractions of full scale, rounded to the
    image's grey levels, half to even. Everything in the image, targets too, is dimmed by
    ``1 - m``.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    field : (H, W) float
        Noise as a fraction of full scale, in [0, 1].
    weight : float
        The share ``m`` of the noise, in [0, 1].

    Returns
    -------
    (H, W) array
        Of the image's dtype.
    """
    _check_field(image, field)
    if not 0 <= weight <= 1:
        raise ParameterError(f"Expected a mixing weight in [0, 1], got {weight}.")
    white = full_scale(image.dtype)
    mixed = np.divide(image, white, dtype=np.float64)
    mixed *= 1 - weight
    mixed += weight * field
    np.clip(mixed, 0, 1, out=mixed)
    # As published: through float32 before the scaling, which decides some roundings.
    levels = mixed.astype(np.float32)
    if image.dtype.kind == "f":
        return levels
    levels *= np.float32(white)
    return _as_levels(levels, image)


def add_residual(
    image: Image, field: NDArray[Any], gain: float = 1.0, signal_dependence: float = 0.0
) -> Image:
    """Add zero-mean noise to an image: ``I + g·n``, rounded and clipped to its range.

    The background's mean and the targets' contrast stay. With `signal_dependence` ``a``
    the noise's variance grows with the signal as photon noise's does, its mean over the
    image unchanged: ``n`` is multiplied by ``sqrt(1 - a + a·I / mean(I))``.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    field : (H, W) float
        Zero-mean noise in the image's grey levels.
    gain : float
        Factor ``g`` on the noise, not negative.
    signal_dependence : float
        Share ``a`` of the variance that follows the signal, in [0, 1].

    Returns
    -------
    (H, W) array
        Of the image's dtype.
    """
    _check_field(image, field)
    if not gain >= 0 or not 0 <= signal_dependence <= 1:
        raise ParameterError(
            f"Expected gain >= 0 and signal_dependence in [0, 1], got {gain} and "
            f"{signal_dependence}."
        )
    noise: NDArray[np.float32] = np.multiply(field, np.float32(gain), dtype=np.float32)
    if signal_dependence > 0:
        noise *= _signal_growth(image, signal_dependence)
    noise += image
    if image.dtype.kind == "f":
        return noise
    np.clip(noise, 0, full_scale(image.dtype), out=noise)
    return _as_levels(noise, image)


def _as_levels(values: NDArray[np.float32], image: Image) -> Image:
    """Round in place, half to even, and return as the image's integer dtype."""
    levels: Image = np.rint(values, out=values).astype(image.dtype)
    return levels


def _signal_growth(image: Image, share: float) -> NDArray[np.float32]:
    signal = np.maximum(image.astype(np.float32), 0)
    mean = float(signal.mean(dtype=np.float64))
    if mean <= 0:
        return np.ones(image.shape, np.float32)
    signal *= np.float32(share / mean)
    signal += np.float32(1 - share)
    growth: NDArray[np.float32] = np.sqrt(signal, out=signal)
    return growth


def _check_field(image: Image, field: NDArray[Any]) -> None:
    if field.shape != image.shape:
        raise ShapeError(
            f"Expected a noise field of the image's shape {image.shape}, got {field.shape}. "
            f"Make one with spectral_field(bank, image.shape, rng=rng)."
        )
