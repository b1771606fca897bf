"""Outlines along the edges of pixels fill to exactly these pixels; so do run lengths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sirst5k.components import label_targets
from sirst5k.datasets.coco import paint
from sirst5k.datasets.outlines import fill, trace
from sirst5k.datasets.run_lengths import encode_runs, runs_of
from sirst5k.errors import DatasetError

masks = hnp.arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9)))


def filled(outline, shape) -> np.ndarray:
    part = fill(np.array(outline, np.float64), shape)
    mask = np.zeros(shape, np.bool_)
    mask[part.rows, part.columns] = part.inside
    return mask


@given(masks)
def test_an_outline_encloses_its_region_and_the_holes(mask: np.ndarray) -> None:
    labels, targets = label_targets(mask)
    for target in targets:
        region = labels == target.label
        outline, holes = trace(region)
        inside = filled(outline, mask.shape)
        for hole in holes:
            inside &= ~filled(hole, mask.shape)
        np.testing.assert_array_equal(inside, region)
        assert len(outline) >= 4
        steps = np.diff([*outline, outline[0]], axis=0)
        assert ((steps == 0).sum(axis=1) == 1).all()  # along the axes, and no corner on a line
        assert ((steps[:-1] == 0) != (steps[1:] == 0)).all()


def test_one_pixel_is_a_square() -> None:
    mask = np.zeros((4, 5), np.bool_)
    mask[2, 3] = True
    assert trace(mask) == ([(3, 2), (4, 2), (4, 3), (3, 3)], [])


def test_pixels_that_touch_at_a_corner_have_one_outline() -> None:
    outline, holes = trace(np.eye(2, dtype=np.bool_))
    assert holes == []
    assert outline.count((1, 1)) == 2


def test_a_ring_has_a_hole() -> None:
    ring = np.ones((3, 3), np.bool_)
    ring[1, 1] = False
    outline, holes = trace(ring)
    assert outline == [(0, 0), (3, 0), (3, 3), (0, 3)]
    assert [sorted(hole) for hole in holes] == [[(1, 1), (1, 2), (2, 1), (2, 2)]]


def test_a_polygon_of_fractions_takes_the_centres_it_encloses() -> None:
    inside = filled([(0.4, 0.4), (2.6, 0.4), (2.6, 1.4), (0.4, 1.4)], (4, 4))
    np.testing.assert_array_equal(np.argwhere(inside), [[0, 0], [0, 1], [0, 2]])
    assert not filled([(-9, -9), (-3, -9), (-3, -2)], (4, 4)).any()
    assert filled([(-9, -9), (99, -9), (99, 99), (-9, 99)], (4, 4)).all()


def test_a_polygon_without_end_is_refused() -> None:
    zigzag = np.array([(k % 2, (k % 2) * 1000.0) for k in range(10_000)])
    with pytest.raises(DatasetError, match="crosses 9,999,000 rows|crosses 10,000,000 rows"):
        fill(zigzag, (1000, 1000))


@given(masks)
def test_run_lengths_there_and_back(mask: np.ndarray) -> None:
    runs = encode_runs(mask)
    assert sum(runs) == mask.size
    flat = np.zeros(mask.size, np.bool_)
    for start, stop in runs_of(runs, mask.shape).tolist():
        flat[start:stop] = True
    np.testing.assert_array_equal(flat.reshape(mask.shape, order="F"), mask)
    painted = paint([{"size": list(mask.shape), "counts": runs}], mask.shape)
    np.testing.assert_array_equal(painted, mask)


def test_the_packed_form_of_run_lengths() -> None:
    # 5 background, 3 target, 12 background: 5 -> "5", 3 -> "3", 12 -> "<", 48 + the number.
    assert runs_of("53<", (4, 5)).tolist() == [[5, 8]]
    # From the fourth on, the difference to the number before the last: 2 1 2 1 and 14.
    assert runs_of("212" + "0" + "<", (4, 5)).tolist() == [[2, 3], [5, 6]]


@pytest.mark.parametrize("counts", [[5], [-1, 21], ["a"], [2.5], "~", "o", "", None, {}, [10**50]])
def test_run_lengths_that_do_not_fit(counts: object) -> None:
    with pytest.raises(DatasetError, match="add up to 5×4 pixels"):
        runs_of(counts, (4, 5))


def test_painting_an_image_over_and_over_is_refused() -> None:
    whole = {"size": [1000, 1000], "counts": [0, 1_000_000]}
    assert paint([whole] * 3, (1000, 1000)).all()
    with pytest.raises(DatasetError, match="many times over"):
        paint([whole] * 30, (1000, 1000))
