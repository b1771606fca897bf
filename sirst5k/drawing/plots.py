"""Small line plots: a frame with a grid, ticks and units, curves, and their names."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.drawing.blending import Picture, blend, fill
from sirst5k.drawing.text import draw_text, shorten, text_width
from sirst5k.drawing.theme import MUTED, PANEL, RULE, SMALL, TEXT, Colour

_SHIFT = 5  # fractional bits of the coordinates that OpenCV draws lines at
_LEFT, _BOTTOM, _TOP = 64, 58, 34  # room around the frame for numbers and names of axes
_KEY_LINE, _KEY_STEP = 34, 26


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through points.

    Attributes
    ----------
    x, y : (N,) array
        In the units of the axes; the line is broken where a value is not finite.
    name : str
        What the key calls it.
    colour : Colour
    width : int
        In pixels.
    dashed : bool
    """

    x: NDArray[Any]
    y: NDArray[Any]
    name: str
    colour: Colour = TEXT
    width: int = 3
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """Curves with their axes.

    Attributes
    ----------
    curves : tuple of Curve
        The first is drawn first, below the others.
    x_name, y_name : str
        Names of the axes with their units.
    x_range, y_range : (float, float)
        What is shown.
    y_powers : bool
        The values of y are exponents of ten, and labelled so.
    """

    curves: tuple[Curve, ...]
    x_name: str
    y_name: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    y_powers: bool = False


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the axes are in the picture, and what they span."""

    top: int
    left: int
    height: int
    width: int
    plot: Plot

    def column(self, x: Any) -> Any:
        low, high = self.plot.x_range
        return self.left + (x - low) / (high - low) * self.width

    def row(self, y: Any) -> Any:
        low, high = self.plot.y_range
        return self.top + self.height - (y - low) / (high - low) * self.height


def draw_plot(picture: Picture, plot: Plot, top: int, left: int, height: int, width: int) -> None:
    """Draw a plot into a rectangle of a picture, in place.

    Parameters
    ----------
    picture : (H, W, 3) uint8
    plot : Plot
    top, left, height, width : int
        The rectangle in pixels, numbers and names included.
    """
    frame = _Frame(top + _TOP, left + _LEFT, height - _TOP - _BOTTOM, width - _LEFT - 8, plot)
    fill(picture, PANEL, frame.top, frame.left, frame.height, frame.width)
    _draw_axes(picture, frame)
    for curve in plot.curves:
        _draw_curve(picture, frame, curve)
    _draw_key(picture, frame)


def ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Return round numbers in a range, at steps of 1, 2, 2.5 or 5 times a power of ten.

    Examples
    --------
    >>> ticks(0, 0.5), ticks(-31, 32)
    ([0.0, 0.1, 0.2, 0.3, 0.4, 0.5], [-30.0, -20.0, -10.0, 0.0, 10.0, 20.0, 30.0])
    """
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) + 0.0 for number in range(first, last + 1)]


def _draw_axes(picture: Picture, frame: _Frame) -> None:
    plot = frame.plot
    bottom = frame.top + frame.height
    for value in ticks(*plot.x_range):
        x = round(frame.column(value))
        fill(picture, RULE, frame.top, x, frame.height, 1)
        draw_text(picture, _number(value), x, bottom + 22, SMALL, MUTED, align="centre")
    rows = ticks(*plot.y_range)
    for value in rows if not plot.y_powers else [value for value in rows if value == int(value)]:
        y = round(frame.row(value))
        fill(picture, RULE, y, frame.left, 1, frame.width)
        text = _power(value) if plot.y_powers else _number(value)
        draw_text(picture, text, frame.left - 10, y + 6, SMALL, MUTED, align="right")
    middle = frame.left + frame.width / 2
    draw_text(picture, plot.x_name, middle, bottom + 48, SMALL, MUTED, align="centre")
    draw_text(picture, plot.y_name, frame.left, frame.top - 14, SMALL, MUTED)


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _power(exponent: float) -> str:
    return "1" if exponent == 0 else f"1e{exponent:g}".replace("-", "−")


def _draw_curve(picture: Picture, frame: _Frame, curve: Curve) -> None:
    ink = np.zeros((frame.height, frame.width), np.uint8)
    columns = frame.column(np.asarray(curve.x, np.float64)) - frame.left
    rows = frame.row(np.asarray(curve.y, np.float64)) - frame.top
    for run in _runs(columns, rows):
        points = np.rint(run * (1 << _SHIFT)).astype(np.int32)
        if len(points) == 1:  # a single ring of a tiny tile: a dot
            point = (int(points[0, 0]), int(points[0, 1]))
            cv2.circle(ink, point, (curve.width + 1) << _SHIFT, 255, -1, cv2.LINE_AA, _SHIFT)
        elif curve.dashed:
            for dash in _dashes(run):
                ends = [np.rint(dash * (1 << _SHIFT)).astype(np.int32)]
                cv2.polylines(ink, ends, False, 255, curve.width, cv2.LINE_AA, _SHIFT)
        else:
            cv2.polylines(ink, [points], False, 255, curve.width, cv2.LINE_AA, _SHIFT)
    blend(picture, ink * np.float32(1 / 255), curve.colour, frame.top, frame.left)


def _runs(columns: NDArray[np.float64], rows: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return the unbroken parts of a line, each ``(n, 2)``."""
    good = np.isfinite(columns) & np.isfinite(rows)
    points = np.stack([columns, np.clip(rows, -1e4, 1e4)], axis=1)
    edges = np.flatnonzero(np.diff(good.astype(np.int8))) + 1
    parts = np.split(np.arange(len(good)), edges)
    return [points[part] for part in parts if len(part) and good[part[0]]]


def _dashes(points: NDArray[np.float64], length: float = 9.0) -> list[NDArray[np.float64]]:
    """Return every second piece of a line, each about so many pixels long."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    starts = np.arange(0.0, along[-1], 2 * length)
    pieces = []
    for start in starts:
        at = np.linspace(start, min(start + length, along[-1]), 4)
        pieces.append(np.stack([np.interp(at, along, points[:, k]) for k in (0, 1)], axis=1))
    return pieces


def _draw_key(picture: Picture, frame: _Frame) -> None:
    """Name the curves in the upper right corner."""
    room = frame.width - _KEY_LINE - 42
    names = [shorten(curve.name, room, SMALL) for curve in frame.plot.curves]
    widest = max((text_width(name, SMALL) for name in names), default=0)
    left = frame.left + frame.width - widest - _KEY_LINE - 26
    for place, (curve, name) in enumerate(zip(frame.plot.curves, names, strict=True)):
        y = frame.top + 24 + place * _KEY_STEP
        _draw_sample(picture, curve, left, y)
        draw_text(picture, name, left + _KEY_LINE + 10, y + 6, SMALL, TEXT)


def _draw_sample(picture: Picture, curve: Curve, left: int, y: int) -> None:
    """Draw a short piece of a curve's line."""
    line = np.array([[left, y], [left + _KEY_LINE, y]], np.float64)
    for dash in _dashes(line) if curve.dashed else [line]:
        start, end = round(dash[0, 0]), round(dash[-1, 0])
        fill(picture, curve.colour, y - curve.width // 2, start, curve.width, end - start)
