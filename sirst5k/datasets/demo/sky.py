"""Sky: clear air, haze, and clouds from cirrus to cumulus.

In the infrared a cloud is a warm, grey emitter in front of cold air: its radiance grows with
its optical thickness ``τ`` as ``1 - exp(-τ)`` and saturates, which gives the flat bright
insides and the sharp edges. Clear sky darkens with elevation, because the path through warm
air gets shorter (air mass ``1/sin(elevation)``). In the short and middle infrared sunlight is
scattered as well, and shades the lumps of a cumulus from one side.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sirst5k.datasets.demo.canvas import Canvas, Field, Painting
from sirst5k.datasets.demo.textures import Spectrum, mix, smoothstep, warp


def paint_sky(rng: np.random.Generator, canvas: Canvas) -> Painting:
    """Return a sky of a kind drawn from `SKIES`."""
    names = list(SKIES)
    kind = names[int(rng.choice(len(names), p=_SHARES))]
    return Painting(SKIES[kind](rng, canvas), kind)


def clear_air(rng: np.random.Generator, canvas: Canvas, level: float, span: float) -> Field:
    """Return cloudless air that brightens downwards by `span`, slightly askew."""
    height = canvas.y / canvas.bottom + rng.normal(0, 0.12) * (canvas.x / canvas.right - 0.5)
    np.clip(height, 0.0, 1.2, out=height)
    curve = rng.uniform(0.0, 1.0)
    return np.asarray(level - 0.4 * span + height * (span * (1 - curve) + span * curve * height))


def _clear(rng: np.random.Generator, canvas: Canvas) -> Field:
    air = clear_air(rng, canvas, rng.uniform(0.2, 0.62), rng.choice([0.01, 0.04, 0.1, 0.3]))
    haze = canvas.cut(Spectrum(rng, canvas).turbulence(3.6, rng.uniform(0.4, 1.5), 1.6))
    return np.asarray(air + haze * rng.uniform(0.002, 0.012))


def _sway(canvas: Canvas, source: Spectrum, reach: float, outer: float = 1.5) -> Field:
    """Return a smooth displacement in pixels, of `reach` shorter sides (1 sd)."""
    return np.asarray(canvas.cut(source.turbulence(5.0, outer)) * (reach * canvas.short))


def _haze(rng: np.random.Generator, canvas: Canvas) -> Field:
    air = clear_air(rng, canvas, rng.uniform(0.2, 0.5), rng.uniform(0.02, 0.12))
    noise, push = Spectrum(rng, canvas), Spectrum(rng, canvas)
    slope, tilt = rng.uniform(3.3, 4.2), rng.uniform(-1.2, 1.2)
    veil = noise.turbulence(slope, rng.uniform(0.5, 1.6), rng.uniform(1.0, 2.5), tilt)
    sway = _sway(canvas, push, 0.03)
    veil = warp(canvas, veil, sway, sway[::-1, ::-1])
    thickness = np.maximum(veil + rng.uniform(-0.3, 0.8), 0)
    return np.asarray(air + rng.uniform(0.05, 0.22) * (1 - np.exp(-0.7 * thickness * thickness)))


def _overcast(rng: np.random.Generator, canvas: Canvas) -> Field:
    noise, push = Spectrum(rng, canvas), Spectrum(rng, canvas)
    body = noise.turbulence(rng.uniform(3.3, 4.0), rng.uniform(0.8, 2.0), rng.uniform(1.0, 1.6))
    sway = _sway(canvas, push, 0.022)
    body = warp(canvas, body, sway, sway[::-1, ::-1])
    # Fine structure lives where the cloud is thin: lively gaps, calm bodies.
    fine = canvas.cut(push.turbulence(3.0, 5.0))
    body += 0.2 * fine * smoothstep(-body, -1.0, 1.5)
    air = clear_air(rng, canvas, rng.uniform(0.25, 0.65), rng.uniform(-0.05, 0.1))
    return np.asarray(air + rng.choice([0.03, 0.06, 0.1, 0.16]) * body)


def _stratus(rng: np.random.Generator, canvas: Canvas) -> Field:
    noise, push = Spectrum(rng, canvas), Spectrum(rng, canvas)
    tilt = rng.normal(0, 0.1)
    body = noise.turbulence(3.4, rng.uniform(1.5, 3.0), rng.uniform(2.0, 4.0), tilt)
    sway = _sway(canvas, push, 0.012, 3.0)
    body = warp(canvas, body, 1.5 * sway, sway[::-1, ::-1])
    # Decks lie behind one another: dark gaps gather in bands that narrow with distance.
    height = canvas.y / canvas.bottom + 0.2 + 0.03 * body
    decks = np.sin(2 * np.pi * rng.uniform(1.0, 2.5) * height * height + rng.uniform(0, 6.3))
    gaps = smoothstep(decks - 0.7 * body, 0.4, 1.8)
    fine = canvas.cut(push.turbulence(2.8, 8.0, 2.5))
    air = clear_air(rng, canvas, rng.uniform(0.4, 0.68), rng.uniform(-0.12, 0.1))
    depth = rng.uniform(0.08, 0.22)
    return np.asarray(air + depth * (0.25 * body - gaps * (0.7 + 0.25 * fine)))


def _cirrus(rng: np.random.Generator, canvas: Canvas) -> Field:
    noise, push = Spectrum(rng, canvas), Spectrum(rng, canvas)
    cover = canvas.cut(push.turbulence(4.2, rng.uniform(0.8, 2.0), 1.5))
    tilt = rng.uniform(-0.8, 0.8)
    fibres = noise.turbulence(3.2, 2.0, rng.uniform(1.2, 3.5), tilt)
    sway = _sway(canvas, push, 0.022)
    fibres = warp(canvas, fibres, sway, sway[::-1, ::-1])
    thickness = smoothstep(cover, -0.2, 1.9) * np.maximum(fibres + 0.9, 0)
    air = clear_air(rng, canvas, rng.uniform(0.2, 0.45), rng.uniform(0.02, 0.15))
    return np.asarray(air + rng.uniform(0.15, 0.45) * (1 - np.exp(-thickness)))


def _cumulus(rng: np.random.Generator, canvas: Canvas) -> Field:
    noise, lumps = Spectrum(rng, canvas), Spectrum(rng, canvas)
    mass = canvas.cut(noise.turbulence(3.7, rng.uniform(0.4, 1.3), rng.uniform(1.0, 1.6)))
    # Rounded lumps that meet in sharp creases: the cauliflower of convection.
    size = rng.uniform(3.0, 6.0)
    sway = _sway(canvas, noise, 0.02, 3.0)
    billow = np.abs(warp(canvas, lumps.turbulence(5.4, size), sway, sway[::-1, ::-1]))
    ragged = np.abs(canvas.cut(noise.turbulence(3.4, 3 * size)))
    side = rng.uniform(0, 2 * np.pi)
    drift = rng.uniform(1.5, 5.0)
    across = np.cos(side) * (canvas.x - canvas.right / 2) + np.sin(side) * (
        canvas.y - canvas.bottom / 2
    )
    density = mass + rng.uniform(0.35, 0.8) * (billow + 0.35 * ragged - 1.1)
    density += drift * across + rng.uniform(-1.0, 0.4)
    edge = rng.choice([0.12, 0.3, 0.8])
    cover = smoothstep(density, 0.0, edge)
    # Sunlight from the side: the slope of the cloud's surface along the light.
    sun = rng.uniform(0, 2 * np.pi)
    surface = mass + 0.5 * billow * billow
    slope = np.gradient(surface, axis=0) * np.sin(sun)
    slope += np.gradient(surface, axis=1) * np.cos(sun)
    slope *= canvas.short / 26
    shade = slope / np.sqrt(1 + slope * slope)
    bright = rng.uniform(0.55, 1.15)
    inside = bright * (0.78 + 0.22 * np.tanh(1.2 * np.maximum(density, 0)))
    inside += bright * rng.uniform(0.03, 0.1) * (shade + 0.7 * mass)
    air = clear_air(rng, canvas, rng.uniform(0.08, 0.4), rng.uniform(0.0, 0.08))
    # Thin remnants around the cloud.
    air = air + 0.12 * smoothstep(density, -2.0, edge) * (1 + 0.5 * mass)
    return mix(air, inside, cover)


SKIES: dict[str, Callable[[np.random.Generator, Canvas], Field]] = {
    "clear": _clear,
    "haze": _haze,
    "overcast": _overcast,
    "stratus": _stratus,
    "cirrus": _cirrus,
    "cumulus": _cumulus,
}
_SHARES = (0.22, 0.2, 0.14, 0.1, 0.12, 0.22)
