"""Marks stay outside what they mark."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from sirst5k.drawing import blank, outline_box, outline_mask

RED = (255, 0, 0)


@settings(max_examples=60, deadline=None)
@given(arrays(np.bool_, (21, 17)), st.integers(0, 3), st.integers(1, 3))
def test_contour_lies_at_its_distance_from_the_mask(
    mask: NDArray[np.bool_], gap: int, width: int
) -> None:
    picture = blank(21, 17)
    outline_mask(picture, mask, RED, gap, width)
    changed = (picture != blank(21, 17)).any(axis=2)
    if mask.all() or not mask.any():
        assert not changed.any()
        return
    distance = distance_transform_edt(~mask)
    assert not changed[mask].any()
    assert not changed[distance <= gap].any()
    assert not changed[distance >= gap + width + 1].any()
    full = (picture == RED).all(axis=2)
    assert full[(distance >= gap + 1) & (distance <= gap + width)].all()


@given(st.integers(-5, 20), st.integers(-5, 20), st.integers(1, 9), st.integers(1, 9))
def test_outline_is_a_frame_around_the_box(top: int, left: int, height: int, width: int) -> None:
    picture = blank(24, 22)
    outline_box(picture, (top, left, top + height, left + width), RED, width=2)
    rows, columns = np.mgrid[:24, :22]
    grown = (
        (rows >= top - 2)
        & (rows < top + height + 2)
        & (columns >= left - 2)
        & (columns < left + width + 2)
    )
    inside = (rows >= top) & (rows < top + height) & (columns >= left) & (columns < left + width)
    np.testing.assert_array_equal((picture == RED).all(axis=2), grown & ~inside)
