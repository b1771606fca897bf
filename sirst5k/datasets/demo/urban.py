"""Town: facades with windows, roofs, masts, lamps and the sky above.

Glass is nearly opaque beyond 4 µm and mirrors the sky, so panes are mostly colder than the
wall around them, and a few are warm with what is behind them. Walls and roofs differ by the
sun they have had; parapets, eaves and pipes draw thin warm or cold lines.
"""

from __future__ import annotations

import numpy as np

from sirst5k.datasets.demo.canvas import Canvas, Field, Painting
from sirst5k.datasets.demo.outlines import below, box, ridge, span, stroke
from sirst5k.datasets.demo.sky import clear_air
from sirst5k.datasets.demo.textures import Spectrum, mix, smoothstep


def paint_urban(rng: np.random.Generator, canvas: Canvas) -> Painting:
    """Return a town below its sky."""
    kind = str(rng.choice(["skyline", "block", "roof", "mast"], p=[0.4, 0.25, 0.2, 0.15]))
    weather = Spectrum(rng, canvas)
    level = rng.uniform(0.12, 0.55)
    air = clear_air(rng, canvas, level, rng.uniform(0.02, 0.2))
    air = air + canvas.cut(weather.turbulence(3.5, 1.0, 1.8)) * rng.uniform(0.002, 0.04)
    painter = {"skyline": _skyline, "block": _block, "roof": _roof, "mast": _masts}[kind]
    return Painting(painter(rng, canvas, air, weather, level), kind)


def _dirt(canvas: Canvas, weather: Spectrum) -> Field:
    """Return the unevenness of walls; it shares a draw with the sky, which it never meets."""
    return canvas.cut(weather.turbulence(2.6, 6.0))


def _wall_level(rng: np.random.Generator, level: float) -> float:
    return float(np.clip(level + rng.choice([-0.6, 1.0]) * rng.uniform(0.05, 0.28), 0.08, 0.92))


def _facade(
    rng: np.random.Generator,
    canvas: Canvas,
    dirt: Field,
    wall: float,
    corner: tuple[float, float],
    lean: float,
) -> Field:
    """Return a wall with its lattice of windows, to be cut to a building's outline."""
    left, top = corner
    storey = rng.uniform(0.035, 0.085)
    bay = storey * rng.uniform(0.6, 1.6)
    across = (canvas.x - left) / bay
    down = (canvas.y - lean * (canvas.x - left) - top) / storey
    column, row = np.floor(across), np.floor(down)
    pane = _cell(canvas, across - column, bay, rng.uniform(0.4, 0.75)) * _cell(
        canvas, down - row, storey, rng.uniform(0.4, 0.7)
    )
    pane *= (column >= 0) & (row >= 0)
    glass = rng.normal(0, 0.25, (32, 32)) - 1.0
    glass[rng.random((32, 32)) < 0.12] = 0.9
    depth = rng.uniform(0.02, 0.1)
    shown = glass[row.astype(np.intp) % 32, column.astype(np.intp) % 32] * depth
    shade = rng.uniform(-0.12, 0.12) * (canvas.y - top)
    return np.asarray(wall + shade + 0.02 * dirt + pane * shown)


def _cell(canvas: Canvas, phase: Field, period: float, share: float) -> Field:
    """Return the coverage by the middle `share` of a repeated cell of some period."""
    away = np.abs(phase - 0.5) * period * canvas.short
    return np.asarray(np.clip(share * period * canvas.short / 2 - away + 0.5, 0.0, 1.0))


def _build(
    rng: np.random.Generator,
    canvas: Canvas,
    picture: Field,
    dirt: Field,
    level: float,
    place: tuple[float, float, float],
) -> None:
    """Paint a building into a picture, in place; `place` is its left, right and top."""
    left, right, top = place
    lean = rng.normal(0, 0.04)
    wall = _wall_level(rng, level)
    # Only the part that it can cover is painted: a town would take long otherwise.
    slices, part = canvas.window(left - 0.01, top - 0.15, right + 0.01)
    margin = rng.uniform(0.01, 0.03)
    face = _facade(rng, part, dirt[slices], wall, (left + margin, top + margin * 2), lean)
    eaves = box(part, left, top, right, top + rng.uniform(0.008, 0.02), lean)
    face = face + rng.normal(0.03, 0.07) * eaves
    if rng.random() < 0.5:  # a side wall in another light
        turn = left + rng.uniform(0.6, 0.85) * (right - left)
        face = face + rng.normal(0, 0.1) * span(part, part.x, turn, right)
    view = mix(picture[slices], face, box(part, left, top, right, canvas.bottom + 1.0, lean))
    for _ in range(int(rng.integers(0, 3))):  # lift housing, chimneys, tanks
        at = rng.uniform(left, right - 0.02)
        size, height = rng.uniform(0.01, 0.06), rng.uniform(0.01, 0.05)
        foot = top + lean * (at - left)
        thing = box(part, at, foot - height, min(at + size, right), foot + 0.004)
        view = mix(view, wall + rng.normal(0.02, 0.06), thing)
    picture[slices] = view


def _skyline(
    rng: np.random.Generator, canvas: Canvas, air: Field, weather: Spectrum, level: float
) -> Field:
    dirt = _dirt(canvas, weather)
    picture = air.copy()
    left = -rng.uniform(0, 0.2)
    base = canvas.bottom * rng.uniform(0.5, 0.85)
    while left < canvas.right:
        right = left + rng.uniform(0.12, 0.5)
        top = base - rng.uniform(0.0, 0.25) * canvas.bottom
        _build(rng, canvas, picture, dirt, level, (left, right, top))
        left = right + rng.choice([0.0, 0.0, 0.05, 0.2]) * rng.uniform(0.3, 1.0)
    return _greenery(rng, canvas, weather, picture, level) if rng.random() < 0.5 else picture


def _block(
    rng: np.random.Generator, canvas: Canvas, air: Field, weather: Spectrum, level: float
) -> Field:
    width = rng.uniform(0.25, 0.55) * canvas.right
    left = rng.choice([-0.05, canvas.right - width])
    place = (left, left + width + 0.05, canvas.bottom * rng.uniform(0.05, 0.4))
    picture = air.copy()
    _build(rng, canvas, picture, _dirt(canvas, weather), level, place)
    return _greenery(rng, canvas, weather, picture, level) if rng.random() < 0.4 else picture


def _roof(
    rng: np.random.Generator, canvas: Canvas, air: Field, weather: Spectrum, level: float
) -> Field:
    """Return a roof edge across the picture: sheets and seams below, railing above."""
    edge = canvas.bottom * rng.uniform(0.55, 0.85) + rng.normal(0, 0.05) * canvas.x
    skew, pitch = rng.normal(0, 0.7), rng.uniform(0.06, 0.2)
    seam = ((canvas.x + skew * (canvas.y - edge)) / pitch) % 1.0
    sheet = _wall_level(rng, level)
    roof = sheet + rng.normal(0, 0.06) * stroke(canvas, (seam - 0.5) * pitch, 0.012)
    roof = (
        roof
        + 0.015 * _dirt(canvas, weather)
        + rng.uniform(-0.1, 0.15) * smoothstep(canvas.y - edge, 0.0, 0.4)
    )
    picture = mix(air, roof, below(canvas, edge))
    lip = stroke(canvas, canvas.y - edge, rng.uniform(0.008, 0.025))
    picture = picture + rng.normal(0, 0.12) * lip
    if rng.random() < 0.35:
        height, gap = rng.uniform(0.05, 0.12), rng.uniform(0.04, 0.12)
        posts = stroke(canvas, ((canvas.x / gap) % 1.0 - 0.5) * gap, 0.004)
        posts = posts * span(canvas, canvas.y - edge, -height, 0.0)
        rail = stroke(canvas, canvas.y - edge + height, 0.005)
        picture = mix(picture, _wall_level(rng, level), np.maximum(posts, rail))
    return np.asarray(picture)


def _masts(
    rng: np.random.Generator, canvas: Canvas, air: Field, weather: Spectrum, level: float
) -> Field:
    """Return poles with their wires before the sky."""
    metal = _wall_level(rng, level)
    picture = air
    for _ in range(int(rng.integers(1, 3))):
        foot, top = rng.uniform(0.05, 0.95) * canvas.right, rng.uniform(0.05, 0.5)
        pole = stroke(
            canvas, canvas.x - foot - rng.normal(0, 0.02) * canvas.y, rng.uniform(0.01, 0.04)
        )
        picture = mix(picture, metal, pole * below(canvas, top * canvas.bottom))
    for _ in range(int(rng.integers(1, 4))):
        sag, tilt = rng.uniform(0.02, 0.15), rng.normal(0, 0.25)
        hang = rng.uniform(0.1, 0.8) * canvas.bottom + tilt * canvas.x
        wire = canvas.y - hang - sag * (1 - 4 * (canvas.x / canvas.right - 0.5) ** 2)
        picture = mix(picture, metal, 0.8 * stroke(canvas, wire, rng.uniform(0.002, 0.005)))
    if rng.random() < 0.7:
        picture = _greenery(rng, canvas, weather, picture, level)
    return picture


def _greenery(
    rng: np.random.Generator, canvas: Canvas, weather: Spectrum, picture: Field, level: float
) -> Field:
    """Return the picture with tree crowns along its lower edge."""
    leaves = canvas.cut(weather.turbulence(2.3, 10.0))
    crowns = canvas.bottom * rng.uniform(0.85, 1.0) - np.abs(ridge(rng, canvas, 3.0, 2.5, 0.06))
    inside = smoothstep(canvas.y - crowns + 0.02 * leaves, -0.006, 0.006)
    tone = np.clip(level + rng.choice([-1, 1]) * rng.uniform(0.08, 0.3), 0.08, 0.9)
    return mix(picture, tone + rng.uniform(0.02, 0.06) * leaves, inside)
