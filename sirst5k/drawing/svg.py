"""Charts as SVG text: lines with bands, and points with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from sirst5k.drawing.plots import ticks

WIDTH, HEIGHT = 560, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 14, 14, 46  # left: room for 0.0025 beside the name
# Dark enough for AA contrast on white, and told apart without colour by their dashes.
COLOURS = ("#4a4f57", "#0b6bcb", "#b3400a", "#1b7a3d", "#7a3db8", "#8a6d00")
_DASHES = ("", "", "7 4", "2 3", "9 3 2 3", "4 4")


@dataclass(frozen=True, slots=True)
class Series:
    """A named line; `low` and `high` bound a band or an interval at every point."""

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines in one pair of axes.

    Attributes
    ----------
    title : str
        Read out where the chart cannot be seen.
    x_name, y_name : str
    series : sequence of Series
    y_range : (float, float), optional
        From the values if not given.
    x_labels : sequence of str
        Names of the places 0, 1, … where x counts bins.
    """

    title: str
    x_name: str
    y_name: str
    series: Sequence[Series]
    y_range: tuple[float, float] | None = None
    x_labels: Sequence[str] = ()


def draw(chart: Chart) -> str:
    """Return a chart as an SVG element that scales with the page."""
    frame = _Frame.around(chart)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(chart.title, True)}">',
        f"<title>{escape(chart.title)}</title>",
        *_axes(chart, frame),
    ]
    for place, series in enumerate(chart.series):
        parts += _line(series, frame, place, banded=not chart.x_labels)
    return "\n".join([*parts, "</svg>"])


def page_style() -> str:
    """Return the style sheet of the pages that these charts stand in."""
    return files("sirst5k.drawing").joinpath("page.css").read_text("utf-8")


def key(names: Sequence[str]) -> str:
    """Return the key of a chart: a line of each kind with its name, as HTML."""
    items = []
    for place, name in enumerate(names):
        stroke = _stroke(place)
        sample = (
            f'<svg viewBox="0 0 34 10" class="key" aria-hidden="true">'
            f'<line x1="1" y1="5" x2="33" y2="5" {stroke}/></svg>'
        )
        items.append(f"<li>{sample} {escape(name)}</li>")
    return f'<ul class="key">{"".join(items)}</ul>'


@dataclass(frozen=True, slots=True)
class _Frame:
    x_low: float
    x_high: float
    y_low: float
    y_high: float

    @classmethod
    def around(cls, chart: Chart) -> _Frame:
        x = [value for series in chart.series for value in series.x]
        y = [
            value
            for series in chart.series
            for values in (series.y, series.low, series.high)
            for value in values
            if value is not None and math.isfinite(value)
        ]
        low, high = chart.y_range or _padded(min(y, default=0.0), max(y, default=1.0))
        if chart.x_labels:
            return cls(-0.5, len(chart.x_labels) - 0.5, low, high)
        left, right = min(x, default=0.0), max(x, default=1.0)
        return cls(left, right if right > left else left + 1, low, high)

    def x(self, value: float) -> float:
        share = (value - self.x_low) / (self.x_high - self.x_low)
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        share = (value - self.y_low) / (self.y_high - self.y_low)
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)


def _padded(low: float, high: float) -> tuple[float, float]:
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return low - room, high + room


def _axes(chart: Chart, frame: _Frame) -> list[str]:
    parts = []
    right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM
    for value in ticks(frame.y_low, frame.y_high, 5):
        y = frame.y(value)
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{y}" x2="{right}" y2="{y}"/>')
        parts.append(f'<text x="{_LEFT - 7}" y="{y + 4}" text-anchor="end">{_number(value)}</text>')
    marks = (
        list(enumerate(chart.x_labels))
        if chart.x_labels
        else [(value, _number(value)) for value in ticks(frame.x_low, frame.x_high, 6)]
    )
    for place, label in marks:
        x = frame.x(place)
        parts.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{escape(label)}</text>')
    parts.append(f'<line class="axis" x1="{_LEFT}" y1="{bottom}" x2="{right}" y2="{bottom}"/>')
    middle = (_LEFT + right) / 2
    parts.append(
        f'<text class="name" x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">'
        f"{escape(chart.x_name)}</text>"
    )
    parts.append(
        f'<text class="name" transform="rotate(-90)" x="{-(_TOP + bottom) / 2}" y="13" '
        f'text-anchor="middle">{escape(chart.y_name)}</text>'
    )
    return parts


def _line(series: Series, frame: _Frame, place: int, banded: bool) -> list[str]:
    parts = []
    points = [
        (frame.x(x), frame.y(y))
        for x, y in zip(series.x, series.y, strict=True)
        if y is not None and math.isfinite(y)
    ]
    colour = COLOURS[place % len(COLOURS)]
    if series.low and banded:
        upper = _points(series.x, series.high, frame)
        lower = _points(series.x, series.low, frame)[::-1]
        shape = " ".join(f"{x},{y}" for x, y in (*upper, *lower))
        parts.append(f'<polygon points="{shape}" fill="{colour}" opacity="0.13"/>')
    elif series.low:
        for x, low, high in zip(series.x, series.low, series.high, strict=True):
            if low is not None and high is not None:
                at = frame.x(x)
                parts.append(
                    f'<line x1="{at}" y1="{frame.y(low)}" x2="{at}" y2="{frame.y(high)}" '
                    f'stroke="{colour}" stroke-width="1.5" opacity="0.6"/>'
                )
    line = " ".join(f"{x},{y}" for x, y in points)
    parts.append(f'<polyline points="{line}" fill="none" {_stroke(place)}/>')
    if len(points) <= 12:
        parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points]
    return parts


def _points(
    x: Sequence[float], y: Sequence[float | None], frame: _Frame
) -> list[tuple[float, float]]:
    return [
        (frame.x(place), frame.y(value))
        for place, value in zip(x, y, strict=True)
        if value is not None and math.isfinite(value)
    ]


def _stroke(place: int) -> str:
    colour, dash = COLOURS[place % len(COLOURS)], _DASHES[place % len(_DASHES)]
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'stroke="{colour}" stroke-width="2"{dashes}'


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")
