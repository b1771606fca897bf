"""What the lens and the detector's area do to a scene: blur, vignetting, sharpening.

The point spread function is a Gaussian: the usual stand-in for the Airy disc, aberrations and
diffusion together (B. Zhang, J. Zerubia, J.-C. Olivo-Marin, Applied Optics 46, 2007). A pixel
collects light over its square, whose variance, 1/12 pixel² an axis, is added to that of the
blur. Many cameras sharpen afterwards, which leaves dark rims around hot points. Everything is
linear, so a target's blurred image has a closed form that shares the camera of its background
exactly (`targets.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from sirst5k.datasets.demo.canvas import Canvas, Field

PIXEL_VARIANCE = 1 / 12
"""Variance of a square pixel's response along an axis, in pixels²."""

MARGIN = 12
"""Pixels around the picture that only feed the blur and are cut off after it."""


@dataclass(frozen=True, slots=True)
class Optics:
    """The linear part of a camera.

    Attributes
    ----------
    blur : float
        Standard deviation of the point spread function without the pixel, in pixels.
    sharpening : float
        Strength ``k`` of the unsharp mask ``g + k (g - blurred g)``; 0 is none.
    halo : float
        Standard deviation of that mask's blur in pixels.
    falloff : float
        Share of the light that is lost in the corners.
    """

    blur: float
    sharpening: float = 0.0
    halo: float = 1.6
    falloff: float = 0.0

    @property
    def kernels(self) -> tuple[tuple[float, float], ...]:
        """The camera's response as weighted Gaussians: (weight, variance in pixels²)."""
        variance = self.blur**2 + PIXEL_VARIANCE
        if self.sharpening == 0:
            return ((1.0, variance),)
        k = self.sharpening
        return ((1 + k, variance), (-k, variance + self.halo**2))


def draw_optics(rng: np.random.Generator, sharpest: float) -> Optics:
    """Draw a camera whose blur is at most `sharpest` pixels."""
    blur = min(rng.uniform(0.5, 1.1), sharpest)
    sharpening = rng.uniform(0.2, 0.7) if rng.random() < 0.35 else 0.0
    falloff = rng.uniform(0.05, 0.3) if rng.random() < 0.3 else 0.0
    return Optics(blur, sharpening, rng.uniform(1.2, 1.9), falloff)


def scene_canvas(height: int, width: int) -> Canvas:
    """Return the canvas to paint on for a picture: larger by a margin, quick to transform."""
    tall, wide = (fft.next_fast_len(side + 2 * MARGIN, real=True) for side in (height, width))
    return Canvas(tall, wide)


def expose(scene: Field, optics: Optics, height: int, width: int) -> Field:
    """Return the noise-free picture of a painted scene.

    Parameters
    ----------
    scene : (h, w) float64
        Painted on `scene_canvas`.
    optics : Optics
    height, width : int
        Of the picture.

    Returns
    -------
    (height, width) float64
    """
    rows, columns = scene.shape
    fy2 = fft.fftfreq(rows)[:, None] ** 2
    fx2 = fft.rfftfreq(columns)[None, :] ** 2
    transfer = sum(
        weight * np.exp(-2 * np.pi**2 * variance * fy2) * np.exp(-2 * np.pi**2 * variance * fx2)
        for weight, variance in optics.kernels
    )
    blurred = fft.irfft2(fft.rfft2(scene) * transfer, s=scene.shape)
    picture = blurred[MARGIN : MARGIN + height, MARGIN : MARGIN + width]
    if optics.falloff:
        picture = picture * illumination(height, width, optics.falloff)
    return np.asarray(picture)


def illumination(height: int, width: int, falloff: float) -> Field:
    """Return the relative illumination: the cos⁴ law, losing `falloff` in the corners."""
    y = np.linspace(-1.0, 1.0, height)[:, None] * (height / np.hypot(height, width))
    x = np.linspace(-1.0, 1.0, width)[None, :] * (width / np.hypot(height, width))
    tangent = 1 / np.sqrt(1 - falloff) - 1  # tan² of the corner's angle
    return np.asarray((1 + tangent * (x * x + y * y)) ** -2)
