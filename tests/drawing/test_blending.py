"""Ink and parts on pictures: where they go, and that nothing else changes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sirst5k.drawing import blank, blend, fill, grey_picture, place

OFFSET = st.integers(-12, 25)
SIDE = st.integers(0, 9)


@given(OFFSET, OFFSET, SIDE, SIDE)
def test_what_sticks_out_is_cut(top: int, left: int, height: int, width: int) -> None:
    expected = np.zeros((40, 45), bool)
    canvas = np.zeros((70, 75), bool)
    canvas[15 + top : 15 + top + height, 15 + left : 15 + left + width] = True
    expected[:15, :18] = canvas[15:30, 15:33]
    for draw in (
        lambda p: blend(p, np.ones((height, width), np.float32), (9, 8, 7), top, left),
        lambda p: place(p, blank(height, width, (9, 8, 7)), top, left),
        lambda p: fill(p, (9, 8, 7), top, left, height, width),
    ):
        picture = blank(15, 18, (200, 200, 200))
        draw(picture)
        np.testing.assert_array_equal((picture == (9, 8, 7)).all(axis=2), expected[:15, :18])
        assert (picture[~expected[:15, :18]] == 200).all()


def test_ink_covers_by_its_share() -> None:
    picture = blank(1, 3, (100, 0, 0))
    blend(picture, np.array([[0, 0.5, 1]], np.float32), (200, 10, 0))
    assert picture.tolist() == [[[100, 0, 0], [150, 5, 0], [200, 10, 0]]]


def test_grey_has_equal_channels() -> None:
    levels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert (grey_picture(levels) == levels[..., None]).all()
