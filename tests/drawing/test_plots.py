"""Plots: round ticks, curves where their values are, nothing outside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sirst5k.drawing import Curve, Plot, blank, draw_plot
from sirst5k.drawing.plots import ticks

RED = (255, 0, 0)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_few_even_and_inside(low: float, span: float) -> None:
    assume(abs(low) < 1e6 * span)
    high = low + span
    found = ticks(low, high)
    assert 2 <= len(found) <= 8
    assert found[0] >= low - 1e-6 * span
    assert found[-1] <= high + 1e-6 * span
    steps = np.diff(found)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-4)


def plot_of(curve: Curve) -> Plot:
    return Plot((curve,), "frequency", "power in dB", (0, 10), (0, 5))


def test_curve_passes_through_its_points() -> None:
    picture = blank(300, 500)
    x = np.array([0.0, 10.0])
    draw_plot(picture, plot_of(Curve(x, np.array([2.5, 2.5]), "", RED)), 20, 30, 260, 440)
    red = np.argwhere((picture == RED).all(axis=2))
    # The frame is what is left of the rectangle between the numbers.
    frame_top, frame_bottom = 20 + 34, 20 + 260 - 58
    assert abs(np.median(red[:, 0]) - (frame_top + frame_bottom) / 2) <= 1
    assert red[:, 1].min() <= 30 + 64 + 2
    assert red[:, 1].max() >= 30 + 440 - 8 - 3


def test_nothing_is_drawn_outside_the_rectangle() -> None:
    picture = blank(400, 700)
    wild = np.array([-1e9, 3.0, np.inf, 2.0, 1e9, np.nan, 1.0])
    curve = Curve(np.linspace(-3, 15, 7), wild, "a name that is much too long " * 9, RED)
    draw_plot(picture, plot_of(curve), 50, 60, 280, 500)
    changed = (picture != blank(400, 700)).any(axis=2)
    changed[50:330, 60:562] = False  # a number at the right edge is centred on it
    assert not changed.any()


@pytest.mark.parametrize("dashed", [False, True])
@pytest.mark.parametrize("y", [[1.0], [np.nan], [1.0, np.nan, 2.0]])
def test_short_and_broken_curves(y: list[float], dashed: bool) -> None:
    picture = blank(300, 500)
    curve = Curve(np.arange(len(y)) + 1.0, np.array(y), "", RED, dashed=dashed)
    draw_plot(picture, plot_of(curve), 0, 0, 300, 500)
    in_frame = (picture[34:242, 64 + 20 : 200] == RED).all(axis=2)
    assert in_frame.any() == bool(np.isfinite(y).any())
