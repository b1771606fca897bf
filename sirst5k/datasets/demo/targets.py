"""Small targets: what they look like, how large they are, and which pixels are theirs.

A target is a sum of Gaussian lobes (a hull and a bridge, a fuselage and wings), each with its
share of the flux. Blurred by a Gaussian it stays one, so its picture at any sub-pixel position
is exact: lobe *i* with flux ``w`` and covariance ``S`` seen through a kernel of variance ``v``
contributes ``w / (2π sqrt|S + vI|) · exp(-½ dᵀ (S + vI)⁻¹ d)``.

**The mask rule.** The target's pixels are those where its own blurred, noise-free picture is at
least `MASK_LEVEL` = 1/4 of its largest value. The level was chosen so that the pixels around
the mask carry the same share of the peak as they do around the masks of SIRST-v1 (median 0.15;
the mean over the mask is 0.58 of the peak there, and (1 - ¼)/ln 4 = 0.54 for a Gaussian).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sirst5k.components import count_targets
from sirst5k.datasets.demo.canvas import Field
from sirst5k.datasets.demo.optics import PIXEL_VARIANCE, Optics

MASK_LEVEL = 0.25
"""Share of its own peak from which a pixel belongs to a target."""

SMALLEST_AREA = 4
"""In pixels, as in SIRST-v1."""

# Quantiles of SIRST-v1 (533 targets): share of targets, then what they have at most.
_AREA_SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
_AREAS = (4, 7, 14, 20, 39, 107, 174, 330)
_COUNT_SHARES = (0.84, 0.11, 0.03, 0.01, 0.01)

LOBES: dict[str, tuple[tuple[float, float, float, float, float], ...]] = {
    # flux, right, down, length, width (standard deviations); a target points to the right
    "point": ((1.0, 0.0, 0.0, 1.0, 1.0),),
    "streak": ((1.0, 0.0, 0.0, 1.6, 0.7),),
    "plume": ((0.7, 0.0, 0.0, 1.0, 0.8), (0.3, -1.6, 0.0, 1.6, 0.7)),
    "aircraft": (
        (0.55, 0.0, 0.0, 1.9, 0.6),
        (0.33, 0.3, 0.0, 0.8, 1.4),
        (0.12, -1.9, 0.0, 0.5, 0.9),
    ),
    "ship": ((0.7, 0.0, 0.0, 2.2, 0.6), (0.3, -0.5, -0.9, 0.7, 0.7)),
    "lumps": ((0.6, 0.0, 0.0, 1.0, 0.9), (0.4, 1.3, 0.7, 0.8, 0.9)),
}
"""Shapes by name."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A target's form before the camera.

    Attributes
    ----------
    kind : str
        Key of `LOBES`.
    size : float
        Unit of the lobes, in pixels.
    angle : float
        Heading against the rows, in radians, clockwise as seen.
    aspect : float
        Additional ratio of length to width.
    """

    kind: str
    size: float
    angle: float
    aspect: float = 1.0


@dataclass(frozen=True, slots=True)
class Stamp:
    """A target's picture in a small window.

    Attributes
    ----------
    profile : (s, s) float64
        Blurred and noise-free, largest value 1; may be negative around a sharpened target.
    mask : (s, s) bool
        By the mask rule.
    """

    profile: Field
    mask: NDArray[np.bool_]

    @property
    def area(self) -> int:
        """Pixels of the mask."""
        return int(self.mask.sum())


def draw_count(rng: np.random.Generator) -> int:
    """Draw how many targets a frame has, as in SIRST-v1."""
    return 1 + int(rng.choice(len(_COUNT_SHARES), p=_COUNT_SHARES))


def draw_area(rng: np.random.Generator) -> float:
    """Draw an area in pixels, as in SIRST-v1 (its quantiles, joined on a log scale)."""
    return float(np.exp(np.interp(rng.random(), _AREA_SHARES, np.log(_AREAS))))


def sharpest_blur(area: float) -> float:
    """Return the widest blur in pixels under which a point still fits an area.

    A Gaussian of variance ``v`` is above 1/4 of its peak over ``2π v ln 4`` pixels.
    """
    variance = 0.8 * area / (2 * np.pi * np.log(1 / MASK_LEVEL)) - PIXEL_VARIANCE
    return float(np.sqrt(max(variance, 0.35**2)))


def picture(shape: Shape, optics: Optics, shift: tuple[float, float], radius: int) -> Field:
    """Return a shape seen through a camera, largest value 1.

    Parameters
    ----------
    shape : Shape
    optics : Optics
    shift : (float, float)
        Centre, down and right of the window's middle pixel, in pixels.
    radius : int
        The window has ``2 radius + 1`` pixels a side.
    """
    total = irradiance(shape, optics, shift, radius)
    return np.asarray(total / total.max())


def irradiance(shape: Shape, optics: Optics, shift: tuple[float, float], radius: int) -> Field:
    """Return a shape seen through a camera: the same light wherever in a pixel it falls.

    Parameters
    ----------
    shape, optics, shift, radius
        As in `picture`.
    """
    y = np.arange(-radius, radius + 1)[:, None] - shift[0]
    x = np.arange(-radius, radius + 1)[None, :] - shift[1]
    cos, sin = np.cos(shape.angle), np.sin(shape.angle)
    along, across = x * cos + y * sin, y * cos - x * sin
    stretch = np.sqrt(shape.aspect)
    total = np.zeros((2 * radius + 1, 2 * radius + 1))
    for flux, right, down, length, width in LOBES[shape.kind]:
        u = along - right * shape.size * stretch
        v = across - down * shape.size / stretch
        for weight, variance in optics.kernels:
            var_u = (length * shape.size * stretch) ** 2 + variance
            var_v = (width * shape.size / stretch) ** 2 + variance
            total += (weight * flux / np.sqrt(var_u * var_v)) * np.exp(
                -0.5 * (u * u / var_u + v * v / var_v)
            )
    return total


def stamp(shape: Shape, optics: Optics, shift: tuple[float, float], area: float) -> Stamp:
    """Return a shape's picture, sized so that its mask has about a given area.

    Parameters
    ----------
    shape : Shape
        Its size is only a first guess.
    optics : Optics
    shift : (float, float)
        Sub-pixel position, as in `picture`.
    area : float
        Wanted, in pixels. Where no size gives it in one piece, the nearest found is returned;
        never less than `SMALLEST_AREA` pixels, never in pieces.
    """
    radius = int(8 + 2.5 * np.sqrt(area))
    shape = replace(shape, size=0.3 * np.sqrt(area))
    best: Stamp | None = None
    for _ in range(12):
        profile = picture(shape, optics, shift, radius)
        found = Stamp(profile, profile >= MASK_LEVEL)
        if count_targets(found.mask) > 1:
            shape = Shape("point", shape.size, shape.angle, 1.3)
            continue
        if found.area >= SMALLEST_AREA and (
            best is None or abs(found.area - area) < abs(best.area - area)
        ):
            best = found
        if abs(found.area - area) <= 0.06 * area and found.area >= SMALLEST_AREA:
            break
        wanted = max(area, SMALLEST_AREA + 0.5)
        step = np.sqrt(wanted / found.area)
        shape = replace(shape, size=max(shape.size * step, 0.02) + 0.02 * (found.area < wanted))
    if best is None:  # a blur sharper than a pixel, on the edge between pixels
        profile = picture(Shape("point", 1.0, 0.0), optics, shift, radius)
        best = Stamp(profile, profile >= MASK_LEVEL)
    return best
