"""Ground: ridges behind ridges, fields, tracks, shrubs and tree lines.

By day soil and roads are warmer than plants, which cool themselves by transpiration; by night
it is often the other way round, so the sign of every contrast is drawn. Air adds its own
radiance with distance (Koschmieder's law, ``L = L0 exp(-b d) + La (1 - exp(-b d))``): far
ridges fade into the sky at the horizon.
"""

from __future__ import annotations

import numpy as np

from sirst5k.datasets.demo.canvas import Canvas, Field, Painting
from sirst5k.datasets.demo.outlines import below, ridge, stroke
from sirst5k.datasets.demo.perspective import plane_textures
from sirst5k.datasets.demo.sky import clear_air
from sirst5k.datasets.demo.textures import Spectrum, mix, smoothstep


def paint_ground(rng: np.random.Generator, canvas: Canvas) -> Painting:
    """Return a landscape."""
    kind = str(rng.choice(["plain", "hills", "slope", "tree line"], p=[0.35, 0.25, 0.15, 0.25]))
    low, high = {
        "plain": (0.12, 0.45),
        "hills": (0.45, 0.75),
        "slope": (-0.8, -0.2),
        "tree line": (0.7, 0.95),
    }[kind]
    horizon = canvas.bottom * rng.uniform(low, high)
    air_level = rng.uniform(0.2, 0.62)
    # One draw serves sky, rock and soil: they never lie over one another.
    broad = Spectrum(rng, canvas)
    if kind == "slope":
        return Painting(_plain(rng, canvas, broad, horizon, air_level), kind)
    air = clear_air(rng, canvas, air_level, rng.uniform(0.0, 0.18))
    air = air + canvas.cut(broad.turbulence(3.6, 1.0, 2.0)) * rng.uniform(0.002, 0.03)
    if kind == "tree line":
        return Painting(_tree_line(rng, canvas, air, horizon), kind)
    plain = _plain(rng, canvas, broad, horizon, air_level)
    count = int(rng.integers(0, 2)) if kind == "plain" else int(rng.integers(2, 4))
    picture = _ridges(rng, canvas, broad, air, horizon, air_level, count)
    edge = horizon + ridge(rng, canvas, 2.6, 2.0, 0.004)
    return Painting(mix(picture, plain, below(canvas, edge, 1.5)), kind, horizon)


def _ridges(
    rng: np.random.Generator,
    canvas: Canvas,
    broad: Spectrum,
    air: Field,
    horizon: float,
    level: float,
    count: int,
) -> Field:
    """Return the air with `count` ridges standing before it, the nearest last."""
    picture = air
    contrast = rng.choice([-1.0, 1.0]) * rng.uniform(0.08, 0.3)
    rock = canvas.cut(broad.turbulence(2.8, 4.0, 1.5)) if count else 0.0
    for index in range(count):
        nearness = (index + 1) / count
        rise = 0.05 + 0.12 * rng.random() * (1.5 - nearness)
        line = horizon - rise + ridge(rng, canvas, 2.8 - 0.3 * nearness, 1.5, 0.035)
        body = level + contrast * nearness * rng.uniform(0.6, 1.2)
        body = body + 0.03 * nearness * rock
        body = body + 0.15 * contrast * smoothstep(canvas.y - line, 0.0, 0.2)
        picture = mix(picture, body, below(canvas, line, 1.2))
    return picture


def _plain(
    rng: np.random.Generator, canvas: Canvas, broad: Spectrum, horizon: float, air: float
) -> Field:
    depth = np.maximum(canvas.y - horizon, 0) / (canvas.bottom - horizon)
    soil = min(max(air + rng.normal(0, 0.14), 0.12), 0.72)
    flat = rng.uniform(2.5, 6.0)
    patches = canvas.cut(broad.turbulence(2.9, 2.0, flat))
    nears = (rng.uniform(0.015, 0.03), rng.uniform(0.03, 0.07))
    grain, bumps = plane_textures(
        canvas, Spectrum(rng, canvas), horizon, nears, rng.uniform(1.6, 3.2)
    )
    ground = soil + rng.uniform(0.02, 0.06) * patches + rng.uniform(0.008, 0.025) * grain
    if rng.random() < 0.6:
        ground = ground + _fields(rng, patches, grain)
    if rng.random() < 0.7:
        ground = _shrubs(rng, ground, bumps, patches)
    for _ in range(int(rng.integers(0, 3))):
        ground = _track(rng, canvas, ground, horizon)
    far = np.exp(-depth / rng.uniform(0.04, 0.3)) * rng.uniform(0.2, 0.8)
    return mix(ground, air, far)


def _fields(rng: np.random.Generator, patches: Field, grain: Field) -> Field:
    """Return a few parcels of even temperature, with blurred and frayed bounds."""
    parcels = np.zeros_like(patches)
    for _ in range(int(rng.integers(2, 4))):
        level = rng.uniform(-1.3, 1.3)
        parcels += rng.normal(0, 0.06) * smoothstep(patches + 0.12 * grain, level, level + 0.12)
    return parcels


def _shrubs(rng: np.random.Generator, ground: Field, bumps: Field, patches: Field) -> Field:
    growth = smoothstep(bumps + patches, rng.uniform(0.5, 1.5), 3.0)
    # Sky above a shrub cools its top; its foot lies in the warm.
    leaf = rng.choice([-1.0, 1.0]) * rng.uniform(0.04, 0.14)
    return np.asarray(ground + leaf * growth)


def _track(rng: np.random.Generator, canvas: Canvas, ground: Field, horizon: float) -> Field:
    """Return the ground with a road on it, winding away and narrowing to the horizon."""
    depth = np.maximum(canvas.y - horizon, 1e-3)
    warmth = rng.choice([-1.0, 1.0]) * rng.uniform(0.04, 0.16)
    if rng.random() < 0.5:  # across the view
        row = max(horizon, 0) + rng.uniform(0.15, 0.9) * (canvas.bottom - max(horizon, 0))
        middle = row + rng.normal(0, 0.1) * canvas.x + ridge(rng, canvas, 4.0, 1.0, 0.02)
        width = 0.035 * max(row - horizon, 0.05)
        return np.asarray(ground + warmth * stroke(canvas, canvas.y - middle, width))
    bend = rng.normal(0, 0.25) * np.sin(rng.uniform(2, 6) * depth + rng.uniform(0, 6.3))
    middle = rng.uniform(0.1, 0.9) * canvas.right + rng.normal(0, 0.8) * depth + bend * depth
    return np.asarray(ground + warmth * stroke(canvas, canvas.x - middle, 0.04 * depth))


def _tree_line(rng: np.random.Generator, canvas: Canvas, air: Field, horizon: float) -> Field:
    """Return the air over the crowns of near trees, lit or dark against it."""
    source = Spectrum(rng, canvas)
    crowns = np.abs(ridge(rng, canvas, 3.0, rng.uniform(2.0, 5.0), 0.06))
    tops = horizon - crowns + rng.normal(0, 0.15) * (canvas.x - canvas.right / 2)
    leaves = canvas.cut(source.turbulence(2.2, 12.0))
    # Leaves fray the outline: the edge moves with the local foliage.
    inside = smoothstep(canvas.y - tops + 0.02 * leaves, -0.006, 0.006)
    level = rng.choice([0.08, 0.2, 0.75, 0.9]) + rng.normal(0, 0.04)
    shape = canvas.cut(source.turbulence(3.2, 5.0))
    foliage = level + rng.uniform(0.02, 0.07) * shape + rng.uniform(0.02, 0.08) * leaves
    return mix(air, foliage, inside)
