"""Charts of curves and of bars: axes that may be logarithmic, a key out of the curves' way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.drawing import Picture, blank, blend, draw_text, fill, shorten, text_width
from sirst5k.drawing.plots import ticks
from sirst5k.drawing.theme import (
    BODY,
    MUTED,
    PAGE,
    PANEL,
    RULE,
    SERIES,
    SMALL,
    TARGET,
    TEXT,
    Colour,
)

WIDTH, HEIGHT = 760, 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 26, 96, 86
_SHIFT = 5  # fractional bits of the coordinates that OpenCV draws lines at


@dataclass(frozen=True, slots=True)
class Axis:
    """What one direction of a chart means.

    Attributes
    ----------
    name : str
        With its unit.
    low, high : float
        What is shown; powers of ten where `log`.
    log : bool
    """

    name: str
    low: float
    high: float
    log: bool = False

    def place(self, values: NDArray[Any] | float) -> NDArray[np.float64]:
        """Return where values lie between the axis's ends, 0 to 1; what is beyond is cut."""
        numbers = np.asarray(values, np.float64)
        low, high = self.low, self.high
        if self.log:
            numbers = np.log10(np.maximum(numbers, low))
            low, high = math.log10(low), math.log10(high)
        return np.clip((numbers - low) / (high - low), 0, 1)

    def marks(self) -> list[tuple[float, str]]:
        """Return the values to label, with their labels."""
        if not self.log:
            return [(value, f"{value:g}") for value in ticks(self.low, self.high)]
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high))
        return [
            (10.0**power, "1" if power == 0 else f"1e{power}".replace("-", "−"))
            for power in range(first, last + 1)
        ]


@dataclass(frozen=True, slots=True)
class Line:
    """A named curve.

    Attributes
    ----------
    x, y : (n,) array
    name : str
    point : (float, float), optional
        Drawn as a dot: where the threshold that is used lies.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    name: str
    point: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with an interval.

    Attributes
    ----------
    name, remark : str
        Below the bar.
    value, low, high : float
        0 to 1; NaN for an empty bar.
    """

    name: str
    remark: str
    value: float
    low: float
    high: float


def draw_lines(title: str, x: Axis, y: Axis, lines: Sequence[Line], at_left: bool) -> Picture:
    """Draw curves into one chart.

    Parameters
    ----------
    title : str
    x, y : Axis
    lines : sequence of Line
        At most as many as are told apart by colour; further ones repeat.
    at_left : bool
        Whether the key stands in the lower left corner rather than the lower right one.

    Returns
    -------
    (560, 760, 3) uint8
    """
    picture = _frame(title, y)
    for value, text in x.marks():
        column = _column(float(x.place(value)))
        fill(picture, RULE, _TOP, column, _high(), 1)
        draw_text(picture, text, column, HEIGHT - _BOTTOM + 22, SMALL, MUTED, align="centre")
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    draw_text(picture, x.name, middle, HEIGHT - _BOTTOM + 50, SMALL, MUTED, align="centre")
    # Blue first: the reference colour of other plots is that of text.
    colours = [*SERIES[1:], SERIES[0]]
    for number, line in enumerate(lines):
        _draw_line(picture, x, y, line, colours[number % len(colours)])
    names = [shorten(line.name, 0.55 * (WIDTH - _LEFT - _RIGHT), SMALL) for line in lines]
    wide = max((text_width(name, SMALL) for name in names), default=0) + 44
    left = _LEFT + 16 if at_left else WIDTH - _RIGHT - 16 - wide
    top = HEIGHT - _BOTTOM - 14 - 26 * len(names)
    for number, name in enumerate(names):
        row = top + 26 * number + 13
        fill(picture, colours[number % len(colours)], row - 1, left, 3, 32)
        draw_text(picture, name, left + 44, row + 6, SMALL, TEXT)
    return picture


def draw_bars(title: str, what: str, y: Axis, bars: Sequence[Bar]) -> Picture:
    """Draw bars with their intervals.

    Parameters
    ----------
    title : str
    what : str
        What the bars' names are, with their unit.
    y : Axis
    bars : sequence of Bar

    Returns
    -------
    (560, 760, 3) uint8
    """
    picture = _frame(title, y)
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    draw_text(picture, what, middle, HEIGHT - 12, SMALL, MUTED, align="centre")
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(bars))
    foot = HEIGHT - _BOTTOM
    for number, bar in enumerate(bars):
        centre = _LEFT + (number + 0.5) * step
        draw_text(picture, bar.name, centre, foot + 22, SMALL, TEXT, align="centre")
        draw_text(picture, bar.remark, centre, foot + 44, SMALL, MUTED, align="centre")
        if math.isnan(bar.value):
            draw_text(picture, "none", centre, foot - 12, SMALL, MUTED, align="centre")
            continue
        wide, top = round(step * 0.56), _row(float(y.place(bar.value)))
        left = round(centre - wide / 2)
        fill(picture, TARGET, top, left, max(foot - top, 2), wide)
        high, low = _row(float(y.place(bar.high))), _row(float(y.place(bar.low)))
        # Dark below light, so that the whisker is seen on the bar and beside it.
        for colour, around in ((PAGE, 1), (TEXT, 0)):
            fill(picture, colour, high, round(centre) - 1 - around, low - high, 2 + 2 * around)
            for end in (high, low):
                fill(
                    picture,
                    colour,
                    end - 1 - around,
                    round(centre) - 8 - around,
                    2 + 2 * around,
                    16 + 2 * around,
                )
    return picture


def _frame(title: str, y: Axis) -> Picture:
    picture = blank(HEIGHT, WIDTH, PAGE)
    draw_text(picture, shorten(title, WIDTH - 40, BODY, bold=True), 20, 36, BODY, bold=True)
    fill(picture, PANEL, _TOP, _LEFT, _high(), WIDTH - _LEFT - _RIGHT)
    for value, text in y.marks():
        row = _row(float(y.place(value)))
        fill(picture, RULE, row, _LEFT, 1, WIDTH - _LEFT - _RIGHT)
        draw_text(picture, text, _LEFT - 10, row + 6, SMALL, MUTED, align="right")
    draw_text(picture, y.name, _LEFT, _TOP - 14, SMALL, MUTED)
    return picture


def _draw_line(picture: Picture, x: Axis, y: Axis, line: Line, colour: Colour) -> None:
    good = np.isfinite(line.x) & np.isfinite(line.y)
    points = np.stack([x.place(line.x[good]), y.place(line.y[good])], axis=1)
    size = np.array([WIDTH - _LEFT - _RIGHT, _high()])
    pixels = np.stack([points[:, 0], 1 - points[:, 1]], axis=1) * size + 4
    ink = np.zeros((size[1] + 8, size[0] + 8), np.uint8)  # a line on the edge is drawn whole
    fixed = np.rint(pixels * (1 << _SHIFT)).astype(np.int32)
    if len(fixed) > 1:
        cv2.polylines(ink, [fixed], False, 255, 3, cv2.LINE_AA, _SHIFT)
    blend(picture, ink * np.float32(1 / 255), colour, _TOP - 4, _LEFT - 4)
    if line.point is None or not all(map(math.isfinite, line.point)):
        return
    at = _column(float(x.place(line.point[0]))), _row(float(y.place(line.point[1])))
    for radius, ring in ((9, PAGE), (6, colour)):
        dot = np.zeros((23, 23), np.uint8)
        cv2.circle(dot, (11, 11), radius, 255, -1, cv2.LINE_AA)
        blend(picture, dot * np.float32(1 / 255), ring, at[1] - 11, at[0] - 11)


def _high() -> int:
    return HEIGHT - _TOP - _BOTTOM


def _column(share: float) -> int:
    return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT))


def _row(share: float) -> int:
    return round(HEIGHT - _BOTTOM - share * _high())
