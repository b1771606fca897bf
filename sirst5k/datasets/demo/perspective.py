"""Texture on a level plane seen at a grazing angle: waves, soil, shrubs.

A plane at height ``h`` below the camera meets the row ``v`` pixels under the horizon at the
distance ``h F / v`` (``F``: focal length in pixels), so what is ``l`` long across the line of
sight appears ``l v / h`` wide: sizes grow in proportion to the distance from the horizon, and
depth is foreshortened once more. Instead of mapping a texture, which aliases towards the
horizon, every row takes the octaves of a random field whose wavelengths fit it.
"""

from __future__ import annotations

import numpy as np

from sirst5k.datasets.demo.canvas import Canvas, Field
from sirst5k.datasets.demo.textures import Spectrum


def plane_textures(
    canvas: Canvas,
    source: Spectrum,
    horizon: float,
    nears: tuple[float, ...],
    stretch: float,
    octaves: int = 4,
) -> list[Field]:
    """Return textures whose grain grows with the distance below the horizon.

    Parameters
    ----------
    canvas : Canvas
    source : Spectrum
    horizon : float
        Height of the horizon in shorter sides from the top; may lie outside the picture.
    nears : tuple of float
        Wavelength at the bottom of the picture, in shorter sides, across the rows; one for
        each texture wanted.
    stretch : float
        How much longer than high the grain is.
    octaves : int
        Number of bands to take them from at most, each twice as fine as the one before.

    Returns
    -------
    list of (H, W) float64
        Zero mean, about unit variance in every row below the horizon.
    """
    depth = np.maximum(canvas.y - horizon, 1e-3) / max(canvas.bottom - horizon, 1e-3)
    wavelengths = [max(nears) * 0.5**octave for octave in range(octaves)]
    # Nothing is seen of what is finer than two pixels.
    wavelengths = [length for length in wavelengths if length * canvas.short >= 2] or wavelengths[
        :1
    ]
    bands = [canvas.cut(source.band(1 / length, 2.0, stretch)) for length in wavelengths]
    textures = []
    for near in nears:
        weights = [np.exp(-1.2 * np.log2(depth * near / length) ** 2) for length in wavelengths]
        # The finest band also serves everything farther away.
        weights[-1] = np.where(depth * near < wavelengths[-1], 1.0, weights[-1])
        scale = 1 / np.sqrt(np.sum(np.square(weights), axis=0) + 1e-9)
        texture = np.zeros((canvas.height, canvas.width))
        for band, weight in zip(bands, weights, strict=True):
            rows = np.flatnonzero(weight[:, 0] > 0.02)
            if rows.size:
                part = slice(int(rows[0]), int(rows[-1]) + 1)
                texture[part] += (weight * scale)[part] * band[part]
        textures.append(texture)
    return textures
