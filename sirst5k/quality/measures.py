"""Measures of one image, and of an image against the one it was made of.

All take grey images, ``(H, W)`` of `uint8`, `uint16` or `float32`, and count in fractions of full
scale, so that images of 8 and 16 bit can be compared.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ShapeError
from sirst5k.sample import Image, full_scale

_WINDOW, _SIGMA = 11, 1.5  # of SSIM, as in its paper
_K1, _K2 = 0.01, 0.03


def as_fractions(image: Image) -> NDArray[np.float32]:
    """Return grey levels as ``(H, W)`` float32 fractions of full scale."""
    scaled: NDArray[np.float32] = image.astype(np.float32) / np.float32(full_scale(image.dtype))
    return scaled


def noise_level(image: Image) -> float:
    """Return the standard deviation of an image's noise, as a fraction of full scale.

    ``sqrt(pi / 2) / 6 * mean |image * N|`` with the difference of two Laplacians
    ``N = [[1, -2, 1], [-2, 4, -2], [1, -2, 1]]``, which leaves constants, slopes and straight
    edges out (J. Immerkær, "Fast Noise Variance Estimation", Computer Vision and Image
    Understanding 64(2), 1996). Exact for white Gaussian noise; smoothed noise, as compression
    leaves it, counts for less than it is, fine texture for more. NaN below 3×3 pixels.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> ramp = np.linspace(50, 200, 256)[:, None] + rng.normal(0, 4, (256, 256))
    >>> round(255 * noise_level(ramp.round().astype(np.uint8)), 1)
    4.0
    """
    if min(image.shape) < 3:
        return math.nan
    kernel = np.outer([1, -2, 1], [1, -2, 1]).astype(np.float32)
    response = cv2.filter2D(as_fractions(image), cv2.CV_32F, kernel)[1:-1, 1:-1]
    return float(math.sqrt(math.pi / 2) / 6 * np.abs(response).mean(dtype=np.float64))


def entropy(image: Image) -> float:
    """Return the Shannon entropy of the grey levels in bits, 0 to 8.

    Over 256 bins from zero to full scale, whatever the depth (C. E. Shannon, "A Mathematical
    Theory of Communication", 1948): images that use few grey levels have little.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32

    Examples
    --------
    >>> entropy(np.array([[0, 255], [255, 0]], np.uint8))
    1.0
    """
    levels = np.clip(as_fractions(image) * 255, 0, 255).round().astype(np.int64)
    share = np.bincount(levels.ravel(), minlength=256) / levels.size
    share = share[share > 0]
    return float(max(0.0, -(share * np.log2(share)).sum()))


def sharpness(image: Image) -> float:
    """Return the mean length of the grey-level gradient, in thousandths of full scale a pixel.

    Central differences; a blurred image has less. Noise counts as well, so compare images of
    like noise. NaN below 3×3 pixels.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32

    Examples
    --------
    >>> round(sharpness(np.tile(np.arange(0, 255, 51, np.uint8), (5, 1))))
    200
    """
    if min(image.shape) < 3:
        return math.nan
    levels = as_fractions(image)
    across = (levels[1:-1, 2:] - levels[1:-1, :-2]) / 2
    down = (levels[2:, 1:-1] - levels[:-2, 1:-1]) / 2
    return float(1000 * np.hypot(across, down).mean(dtype=np.float64))


def psnr(image: Image, reference: Image) -> float:
    """Return the peak signal-to-noise ratio ``10 log10(1 / mean squared difference)`` in dB.

    Of fractions of full scale, so that the peak is 1. Infinite for equal images.

    Parameters
    ----------
    image, reference : (H, W) uint8 | uint16 | float32

    Raises
    ------
    ShapeError
        If the two differ in size.

    Examples
    --------
    >>> dark = np.zeros((8, 8), np.uint8)
    >>> round(psnr(dark + np.uint8(1), dark), 2)
    48.13
    """
    _check_sizes(image, reference)
    error = np.mean((as_fractions(image).astype(np.float64) - as_fractions(reference)) ** 2)
    return math.inf if error == 0 else float(-10 * np.log10(error))


def ssim(image: Image, reference: Image) -> float:
    """Return the structural similarity of two images, at most 1.

    Z. Wang, A. Bovik, H. Sheikh and E. Simoncelli, "Image Quality Assessment: From Error
    Visibility to Structural Similarity", IEEE TIP 13(4), 2004: Gaussian window of 11×11 pixels
    with sigma 1.5, ``K = (0.01, 0.03)``, averaged where the window lies inside. NaN for
    images smaller than the window.

    Parameters
    ----------
    image, reference : (H, W) uint8 | uint16 | float32

    Raises
    ------
    ShapeError
        If the two differ in size.
    """
    _check_sizes(image, reference)
    if min(image.shape) < _WINDOW:
        return math.nan
    one, two = (as_fractions(part).astype(np.float64) for part in (image, reference))
    mean1, mean2 = _blur(one), _blur(two)
    # The variances may come out a rounding below zero on constant ground.
    var1 = np.maximum(_blur(one * one) - mean1**2, 0)
    var2 = np.maximum(_blur(two * two) - mean2**2, 0)
    covariance = _blur(one * two) - mean1 * mean2
    c1, c2 = _K1**2, _K2**2
    luminance = (2 * mean1 * mean2 + c1) / (mean1**2 + mean2**2 + c1)
    structure = (2 * covariance + c2) / (var1 + var2 + c2)
    return float((luminance * structure).mean())


def _blur(values: NDArray[np.float64]) -> NDArray[np.float64]:
    half = _WINDOW // 2
    blurred = np.asarray(cv2.GaussianBlur(values, (_WINDOW, _WINDOW), _SIGMA), np.float64)
    return blurred[half:-half, half:-half]


def _check_sizes(image: Image, reference: Image) -> None:
    if image.shape != reference.shape:
        raise ShapeError(
            f"Expected two images of one size, got {image.shape} and {reference.shape}. Resize "
            "one of them, or compare the datasets without --source."
        )
