"""What noise is added to a batch, and how much of it, image by image."""

from __future__ import annotations

from typing import Any

import numpy as np

from sirst5k.transforms.torch.processor.compiled.decorating import compiled


@compiled
def draw_places(uniforms: Any, free: tuple[int, int]) -> Any:
    """Return the rows and columns of windows' first pixels, ``(B, T, 2)`` int64.

    Parameters
    ----------
    uniforms : (B, T, 2) float32
    free : (int, int)
        How many rows and columns a window may begin at.
    """
    place = np.empty(uniforms.shape, np.int64)
    for sample in range(place.shape[0]):
        for frame in range(place.shape[1]):
            for axis in range(2):
                # The product of floats may round up to the limit itself.
                chosen = int(np.floor(uniforms[sample, frame, axis] * np.float32(free[axis])))
                place[sample, frame, axis] = min(chosen, free[axis] - 1)
    return place


@compiled
def draw_levels(
    uniforms: Any,
    ordered: Any,
    shares: tuple[float, float],
    gains: tuple[float, float],
    unit: float,
) -> Any:
    """Return standard deviations of noise, ``(B,)`` float32.

    Parameters
    ----------
    uniforms : (B, 2 or more) float32
        Which level of the bank, and which gain.
    ordered : (N,) float32
        The bank's levels.
    shares, gains : (float, float)
        Of the way through them, and factors: from where the numbers lead, and how far.
    unit : float
        Grey levels of an image to one of the bank.
    """
    drawn = np.empty(len(uniforms), np.float32)
    most = len(ordered) - 1
    for sample in range(len(drawn)):
        # In 32 bits and in this order, as everywhere.
        share = np.float32(shares[0]) + np.float32(shares[1]) * uniforms[sample, 0]
        place = share * np.float32(most)
        floor = np.float32(np.floor(place))
        least, next_one = ordered[int(floor)], ordered[min(int(floor) + 1, most)]
        level = least + (next_one - least) * (place - floor)
        gain = np.float32(gains[0]) + np.float32(gains[1]) * uniforms[sample, 1]
        drawn[sample] = level * gain * np.float32(unit)
    return drawn


@compiled
def window_means(sums: Any, place: Any, shape: tuple[int, int]) -> Any:
    """Return the mean of windows of a canvas, ``(B, T)`` float64; see `window_means` in `adding`.

    Parameters
    ----------
    sums : (side + 1, side + 1) uint32 | uint64 | float64
    place : (B, T, 2) int64
    shape : (int, int)
    """
    means = np.empty(place.shape[:2])
    for sample in range(means.shape[0]):
        for frame in range(means.shape[1]):
            top, left = place[sample, frame]
            below, behind = top + shape[0], left + shape[1]
            total = sums[below, behind] - sums[top, behind] - sums[below, left] + sums[top, left]
            means[sample, frame] = sums.dtype.type(total) / (shape[0] * shape[1])
    return means
