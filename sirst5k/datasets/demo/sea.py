"""Sea: water under a horizon, its waves in perspective, glitter, slicks and far coasts.

Water emits as ``1 - R(θ)`` with Fresnel's reflectance, which rises steeply towards grazing
angles: far water mirrors the low sky and the horizon fades, near water shows its own
temperature. Wave slopes are skewed (crests sharper than troughs), and where they mirror the
sun they glitter in a column below it (C. Cox and W. Munk, J. Opt. Soc. Am. 44, 1954).
"""

from __future__ import annotations

import numpy as np

from sirst5k.datasets.demo.canvas import Canvas, Field, Painting
from sirst5k.datasets.demo.outlines import below, ridge
from sirst5k.datasets.demo.perspective import plane_textures
from sirst5k.datasets.demo.sky import clear_air
from sirst5k.datasets.demo.textures import Spectrum, mix, smoothstep


def paint_sea(rng: np.random.Generator, canvas: Canvas) -> Painting:
    """Return a sea, with or without its horizon."""
    seen = rng.random() < 0.7
    horizon = canvas.bottom * (rng.uniform(0.12, 0.6) if seen else rng.uniform(-1.2, -0.15))
    sky_level = rng.uniform(0.3, 0.7)
    drift = Spectrum(rng, canvas)
    water = _water(rng, canvas, drift, horizon, sky_level)
    if not seen:
        return Painting(water, "open water")
    tilt = rng.normal(0, 0.012)
    line = horizon + tilt * (canvas.x - canvas.right / 2)
    air = clear_air(rng, canvas, sky_level - 0.08, rng.uniform(0.04, 0.2))
    air = air + _layers(rng, canvas, drift, horizon)
    kind = "horizon"
    if rng.random() < 0.35:
        kind = "coast"
        hills = np.maximum(ridge(rng, canvas, 3.2, 1.5, 0.02) - rng.uniform(-0.02, 0.01), 0)
        land = sky_level + rng.normal(0, 0.08)
        air = mix(air, land, below(canvas, line - hills, 1.5))
    picture = mix(air, water, below(canvas, line, rng.choice([1.0, 2.0, 5.0])))
    return Painting(picture, kind, horizon)


def _layers(rng: np.random.Generator, canvas: Canvas, drift: Spectrum, horizon: float) -> Field:
    """Return the faint level streaks of moist air above the horizon."""
    streaks = canvas.cut(drift.turbulence(3.2, 1.0, rng.uniform(3.0, 7.0)))
    near = np.exp(-np.abs(horizon - canvas.y) / 0.25)
    return np.asarray(streaks * (0.008 + rng.uniform(0.0, 0.05) * near))


def _water(
    rng: np.random.Generator, canvas: Canvas, drift: Spectrum, horizon: float, sky: float
) -> Field:
    depth = np.maximum(canvas.y - horizon, 0) / max(canvas.bottom - horizon, 1e-3)
    own = sky + rng.choice([-1.0, -1.0, -1.0, 0.5]) * rng.uniform(0.04, 0.3)
    own = min(max(own, 0.1), 0.75)
    reach = rng.uniform(0.05, 0.5)
    base = own + (sky - own) * rng.uniform(0.0, 0.9) * np.exp(-depth / reach)
    source = Spectrum(rng, canvas)
    stretch = rng.uniform(2.0, 5.0)
    (waves,) = plane_textures(canvas, source, horizon, (rng.uniform(0.012, 0.04),), stretch)
    waves += 0.12 * (waves * waves - 1)
    rough = rng.uniform(0.004, 0.022) * (0.35 + 0.65 * smoothstep(depth, 0.0, 0.8))
    slicks = canvas.cut(drift.turbulence(3.0, 1.5, rng.uniform(4.0, 10.0)))
    sea = base + rough * waves * (1 + 0.3 * slicks) + rng.uniform(0.003, 0.02) * slicks
    if rng.random() < 0.3:
        sea = sea + _glitter(rng, canvas, waves, depth)
    if rng.random() < 0.25:
        sea = sea + _wakes(rng, canvas, slicks, horizon)
    return np.asarray(sea)


def _glitter(rng: np.random.Generator, canvas: Canvas, waves: Field, depth: Field) -> Field:
    middle = rng.uniform(0, canvas.right)
    width = rng.uniform(0.1, 0.35) * (0.5 + depth)
    column = np.exp(-(((canvas.x - middle) / width) ** 2))
    flash = np.maximum(waves - rng.uniform(0.4, 1.4), 0)
    return np.asarray(column * (rng.uniform(0.02, 0.1) + rng.uniform(0.05, 0.16) * flash))


def _wakes(rng: np.random.Generator, canvas: Canvas, slicks: Field, horizon: float) -> Field:
    """Return a few long bright lines of foam, broken where the slicks are."""
    lines = np.zeros((canvas.height, canvas.width))
    for _ in range(int(rng.integers(1, 4))):
        row = rng.uniform(max(horizon, 0) + 0.05, canvas.bottom)
        away = canvas.y - row - rng.normal(0, 0.02) * canvas.x - 0.004 * slicks
        width = rng.uniform(0.003, 0.008)
        lines += (
            rng.uniform(0.05, 0.2) * np.exp(-((away / width) ** 2)) * smoothstep(slicks, -0.5, 1.5)
        )
    return lines
