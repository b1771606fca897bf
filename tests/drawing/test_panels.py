"""Panels: proportions, marks that hide nothing, and zooms that show the right pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirst5k.drawing import Panel
from sirst5k.drawing.theme import PANEL, TARGET, WINDOW

SHAPE = st.tuples(st.integers(1, 90), st.integers(1, 90))


@settings(max_examples=80, deadline=None)
@given(SHAPE, st.integers(1, 120), st.integers(1, 120))
def test_fitted_without_distortion(shape: tuple[int, int], width: int, highest: int) -> None:
    panel = Panel(np.zeros(shape, np.uint8), np.ones(shape, bool))
    height, wide, _ = panel.whole(width, highest).shape
    assert height <= max(1, highest)
    assert wide <= max(1, width)
    assert height == highest or wide == width
    assert height == panel.height_in(width, highest)
    # Within the rounding of one side to a whole pixel.
    factor = min(width / shape[1], highest / shape[0])
    assert abs(height - shape[0] * factor) <= max(0.5, 1 - shape[0] * factor)
    assert abs(wide - shape[1] * factor) <= max(0.5, 1 - shape[1] * factor)


def test_whole_view_keeps_8_bit_pixels_and_marks_around_the_target() -> None:
    image = np.random.default_rng(0).integers(0, 256, (30, 40)).astype(np.uint8)
    mask = np.zeros((30, 40), bool)
    mask[10:13, 20:24] = True
    picture = Panel(image, mask).whole(160, 160)
    large = np.repeat(np.repeat(image, 4, 0), 4, 1)
    covered = (picture != large[..., None]).any(axis=2)
    assert covered.any()
    assert not covered[np.repeat(np.repeat(mask, 4, 0), 4, 1)].any()
    reach = np.zeros_like(covered)
    reach[40 - 6 : 52 + 6, 80 - 6 : 96 + 6] = True
    assert not covered[~reach].any()
    plain = Panel(image, mask, plain=True).whole(160, 160)
    np.testing.assert_array_equal(plain, np.repeat(large[..., None], 3, 2))


def test_no_target_is_lost_in_a_large_image() -> None:
    mask = np.zeros((900, 1400), bool)
    mask[701, 333] = True
    picture = Panel(np.zeros((900, 1400), np.uint8), mask).whole(280, 280)
    marked = np.argwhere((picture == TARGET).all(axis=2))
    assert len(marked) > 4
    np.testing.assert_allclose(marked.mean(axis=0), [701 / 5, 333 / 5], atol=1)


@settings(max_examples=120, deadline=None)
@given(st.integers(-3, 40), st.integers(-3, 44), st.integers(1, 9), st.integers(8, 60))
def test_zoom_shows_the_pixels_around_its_centre(y: int, x: int, factor: int, side: int) -> None:
    image = np.random.default_rng(1).integers(1, 256, (37, 41)).astype(np.uint8)
    side -= side % 2  # the centre is then the corner of four pixels of the picture
    picture = Panel(image).zoom((y, x), factor, side)
    rows = np.floor(y + (np.arange(side) - side / 2) / factor).astype(int)
    columns = np.floor(x + (np.arange(side) - side / 2) / factor).astype(int)
    inside = ((rows >= 0) & (rows < 37))[:, None] & ((columns >= 0) & (columns < 41))
    expected = np.full((side, side, 3), PANEL, np.uint8)
    shown = image[rows.clip(0, 36)][:, columns.clip(0, 40)]
    expected[inside] = shown[inside][:, None]
    np.testing.assert_array_equal(picture, expected)


@pytest.mark.parametrize("centre", [(10.5, 20.5), (11.0, 21.0), (0.5, 0.5), (30.0, 40.0)])
def test_zoom_contour_follows_the_pixels_of_the_target(centre: tuple[float, float]) -> None:
    image = np.full((30, 40), 90, np.uint8)
    mask = np.zeros((30, 40), bool)
    mask[9:12, 19:22] = mask[0, 0] = mask[29, 39] = True
    mask[9, 19] = False
    image[mask] = 210
    picture = Panel(image, mask).zoom(centre, 8, 80)
    marked = (picture == TARGET).all(axis=2)
    target = (picture == 210).all(axis=2)
    assert marked.any()
    assert target.any()
    # All of the target is seen, and each of its edges inside the picture has the line.
    assert not (target[:, 1:] & (picture[:, :-1] == 90).all(axis=2)).any()
    assert not (target[1:] & (picture[:-1] == 90).all(axis=2)).any()


def test_boxes_are_outlined_where_they_are() -> None:
    image = np.full((40, 40), 50, np.uint8)
    panel = Panel(image, boxes=((10, 12, 20, 22),))
    whole = (panel.whole(80, 80) == WINDOW).all(axis=2)
    assert np.argwhere(whole).min(axis=0).tolist() == [18, 22]
    assert np.argwhere(whole).max(axis=0).tolist() == [41, 45]
    zoom = (panel.zoom((15, 17), 4, 60) == WINDOW).all(axis=2)
    assert np.argwhere(zoom).min(axis=0).tolist() == [30 - 22, 30 - 22]
    assert np.argwhere(zoom).max(axis=0).tolist() == [30 + 21, 30 + 21]


def test_an_outline_that_would_hide_its_box_is_left_to_the_zoom() -> None:
    panel = Panel(np.full((40, 40), 50, np.uint8), boxes=((10, 12, 12, 14),))
    assert not (panel.whole(80, 80) == WINDOW).all(axis=2).any()
    assert (panel.zoom((11, 13), 8, 60) == WINDOW).all(axis=2).any()


def test_zoom_beyond_the_image_is_empty() -> None:
    picture = Panel(np.full((8, 8), 9, np.uint8), np.ones((8, 8), bool)).zoom((99, -50), 4, 20)
    assert (picture == PANEL).all()
