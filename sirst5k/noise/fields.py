"""Noise fields of any size from a bank of small tiles.

Three ways, in the order of how much of the noise survives: `resize_field` stretches one
tile (as published; what was pixel noise becomes smooth blobs), `tile_field` lays
overlapping tiles side by side, `spectral_field` draws a new field with the bank's average
spectrum and marginal distribution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from sirst5k.errors import ParameterError, ShapeError

if TYPE_CHECKING:
    from sirst5k.noise.bank import NoiseBank

FIELDS = ("resize", "spectral", "tile")
"""Names of the ways to make a field."""

# Phases come from a table, not from sines of random numbers: it is faster, and the same
# bits on every processor. 256 directions are far more than a spectrum can tell apart.
_PHASES = np.exp(2j * np.pi * np.arange(256) / 256).astype(np.complex64)


def resize_field(tile: NDArray[Any], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Stretch a tile bilinearly, with half-pixel centres and no antialias, as published.

    Parameters
    ----------
    tile : (h, w) array
        Noise in any units.
    shape : (int, int)
        Height and width of the field in pixels.

    Returns
    -------
    (H, W) float64
        In the tile's units.
    """
    if tile.ndim != 2:
        raise ShapeError(f"Expected a tile (h, w), got shape {tile.shape}.")
    height, width = shape
    source = np.ascontiguousarray(tile, dtype=np.float64)
    field: NDArray[np.float64] = cv2.resize(
        source, (width, height), interpolation=cv2.INTER_LINEAR
    ).astype(np.float64, copy=False)
    return field


def spectral_field(
    bank: NoiseBank, shape: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw a field with the bank's spectrum and its marginal distribution.

    Random phases under the bank's power spectrum (B. Galerne, Y. Gousseau, J.-M. Morel,
    "Random phase textures", IEEE Trans. Image Processing 20(1), 2011), then a monotone
    map onto the bank's distribution of grey levels; the power spectrum has been corrected
    beforehand for what that map and the window of its measurement do to it.

    Parameters
    ----------
    bank : NoiseBank
    shape : (int, int)
        Height and width in pixels, any.
    rng : numpy.random.Generator

    Returns
    -------
    (H, W) float32
        Zero mean, standard deviation `bank.std`, in the bank's grey levels.
    """
    amplitude, (tall, wide), deviation = bank.shaping.amplitude(shape)
    count = amplitude.size
    phases = np.frombuffer(rng.bytes(count), np.uint8).reshape(amplitude.shape)
    spectrum = _PHASES.take(phases)
    spectrum *= amplitude
    gaussian = scipy.fft.irfft2(spectrum, s=(tall, wide), overwrite_x=True)
    height, width = shape
    return bank.shaping.marginal.match(gaussian[:height, :width], deviation)


def tile_field(
    bank: NoiseBank,
    shape: tuple[int, int],
    rng: np.random.Generator,
    overlap: int | None = None,
) -> NDArray[np.float32]:
    """Lay randomly chosen, randomly mirrored tiles side by side, blended where they overlap.

    The weights' squares sum to one in every pixel, so independent tiles blend without the
    dip in variance that an ordinary cross-fade shows. Tiles are mirrored but never turned
    by 90°, which would turn row noise into column noise.

    Parameters
    ----------
    bank : NoiseBank
    shape : (int, int)
        Height and width in pixels, any.
    rng : numpy.random.Generator
    overlap : int, optional
        Pixels that neighbours share, from 1 to half a tile; a quarter tile by default.

    Returns
    -------
    (H, W) float32
        Zero mean, in the bank's grey levels.
    """
    size = bank.size
    overlap = max(1, size // 4) if overlap is None else overlap
    if not 1 <= overlap <= size // 2:
        raise ParameterError(f"Expected an overlap of 1 to {size // 2} pixels, got {overlap}.")
    height, width = shape
    step = size - overlap
    rows, columns = -(-(height + overlap) // step), -(-(width + overlap) // step)
    chosen = rng.integers(len(bank), size=(rows, columns))
    mirrored = rng.integers(4, size=(rows, columns))
    weight = _crossfade(size, overlap)
    canvas = np.zeros((rows * step + overlap, columns * step + overlap), np.float32)
    tiles = bank.tiles
    for row in range(rows):
        for column in range(columns):
            tile = tiles[chosen[row, column]]
            if mirrored[row, column] & 1:
                tile = tile[::-1]
            if mirrored[row, column] & 2:
                tile = tile[:, ::-1]
            y, x = row * step, column * step
            canvas[y : y + size, x : x + size] += tile * weight
    # The first and last seams fade into nothing on one side: leave them outside.
    y = int(rng.integers(overlap, canvas.shape[0] - overlap - height + 1))
    x = int(rng.integers(overlap, canvas.shape[1] - overlap - width + 1))
    field: NDArray[np.float32] = canvas[y : y + height, x : x + width]
    centred: NDArray[np.float32] = field - np.float32(field.mean(dtype=np.float64))
    return centred


def _crossfade(size: int, overlap: int) -> NDArray[np.float32]:
    """Return ``(s, s)`` weights whose squares sum to one over overlapping tiles."""
    rise = np.sin(np.pi / 2 * (np.arange(overlap) + 0.5) / overlap)
    edge = np.concatenate([rise, np.ones(size - 2 * overlap), rise[::-1]])
    weight: NDArray[np.float32] = np.outer(edge, edge).astype(np.float32)
    return weight
