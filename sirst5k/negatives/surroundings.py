"""What a place's background is like: its level, its slope, its clutter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirst5k.sample import Image, Mask

MARGIN = 10
"""Pixels around a rectangle that belong to its surroundings."""


def surroundings(
    image: Image, mask: Mask, place: tuple[int, int], shape: tuple[int, int], margin: int = MARGIN
) -> tuple[float, float]:
    """Measure the background in and around a rectangle, without its slope.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    mask : (H, W) bool
        Targets, which are left out.
    place, shape : (int, int)
        The rectangle's first row and column, its height and width.
    margin : int
        Pixels around it that count too.

    Returns
    -------
    mean, std : float
        Grey levels; the standard deviation is that about a fitted plane. Both 0 if there is
        no background.
    """
    (top, left), (height, width) = place, shape
    around = np.s_[
        max(0, top - margin) : top + height + margin, max(0, left - margin) : left + width + margin
    ]
    known = ~mask[around]
    if not known.any():
        return 0.0, 0.0
    levels = image[around].astype(np.float64)
    rest = (levels - fit_plane(levels, known))[known]
    return float(levels[known].mean()), float(np.sqrt(np.mean(rest**2)))


def fit_plane(levels: NDArray[np.float64], known: Mask) -> NDArray[np.float64]:
    """Return the least-squares plane through some pixels of a patch, over the whole patch.

    Parameters
    ----------
    levels : (h, w) float64
    known : (h, w) bool
        Which pixels it goes by, at least one.

    Returns
    -------
    (h, w) float64
    """
    y, x = np.nonzero(known)
    values = levels[known]
    middle, centre_y, centre_x = values.mean(), y.mean(), x.mean()
    slopes = np.stack([y - centre_y, x - centre_x])
    # Of all planes that fit alike, as through one row of pixels, the flattest.
    down, across = np.linalg.lstsq(slopes @ slopes.T, slopes @ (values - middle), rcond=None)[0]
    rows = middle + down * (np.arange(levels.shape[0]) - centre_y)
    columns = across * (np.arange(levels.shape[1]) - centre_x)
    plane: NDArray[np.float64] = rows[:, None] + columns
    return plane
