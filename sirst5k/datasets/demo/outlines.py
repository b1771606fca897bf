"""Edges of solid things: silhouettes, boxes, strokes, with the partly covered pixels exact.

Every function returns a *coverage*: which share of each pixel the thing covers, from 0 to 1,
for an edge that is nearly straight within the pixel. An edge drawn so has no staircase.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from sirst5k.datasets.demo.canvas import Canvas, Field


def ridge(
    rng: np.random.Generator, canvas: Canvas, slope: float, outer: float, height: float
) -> Field:
    """Return the (1, W) height of a skyline: a fractal curve, in shorter sides.

    Parameters
    ----------
    slope : float
        Exponent of its power spectrum; 2 is jagged like treetops, 3 rolls like hills.
    outer : float
        Largest features per shorter side.
    height : float
        Standard deviation in shorter sides.
    """
    # Twice the width, of which one half is seen: the two ends of the curve do not meet.
    count = fft.next_fast_len(2 * canvas.width, real=True)
    frequency = fft.rfftfreq(count, 1 / canvas.short)
    amplitude = (frequency**2 + outer**2) ** (-slope / 4)
    amplitude[0] = 0.0
    white = rng.standard_normal((frequency.size, 2)).view(np.complex128)[:, 0]
    curve = fft.irfft(white * amplitude, n=count)
    curve *= height / max(float(curve.std()), 1e-12)
    return np.asarray(curve[None, : canvas.width])


def below(canvas: Canvas, line: Field | float, soft: float = 1.0) -> Field:
    """Return the coverage by what lies below a line.

    Parameters
    ----------
    canvas : Canvas
    line : (1, W) float64 or float
        Height of the edge in shorter sides from the top.
    soft : float
        Width of the transition in pixels; 1 is a sharp edge.
    """
    return np.asarray(np.clip((canvas.y - line) * (canvas.short / soft) + 0.5, 0.0, 1.0))


def span(canvas: Canvas, coordinate: Field, low: float, high: float) -> Field:
    """Return the coverage by ``low <= coordinate < high``, in shorter sides."""
    inside = np.minimum(coordinate - low, high - coordinate)
    return np.asarray(np.clip(inside * canvas.short + 0.5, 0.0, 1.0))


def box(
    canvas: Canvas, left: float, top: float, right: float, bottom: float, lean: float = 0.0
) -> Field:
    """Return the coverage by a box whose level edges fall by `lean` per unit to the right."""
    level = canvas.y - lean * (canvas.x - left)
    return np.asarray(span(canvas, canvas.x, left, right) * span(canvas, level, top, bottom))


def stroke(canvas: Canvas, distance: Field, width: Field | float) -> Field:
    """Return the coverage by a line of some width, from the distance to its middle.

    Parameters
    ----------
    distance, width : (H, W) float64 or broadcastable
        In shorter sides. A line thinner than a pixel covers a part of it.
    """
    half = np.asarray(width) * (canvas.short / 2)
    away = np.abs(distance) * canvas.short
    thin = np.minimum(2 * half, 1.0)
    return np.asarray(thin * np.clip(np.maximum(half, 0.5) - away + 0.5, 0.0, 1.0))
