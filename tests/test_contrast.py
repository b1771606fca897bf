"""Signal-to-clutter ratio against a slow, literal version of its definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sirst5k.components import find_targets
from sirst5k.contrast import measure_targets
from sirst5k.errors import ParameterError, ShapeError


@given(
    hnp.arrays(st.sampled_from([np.uint8, np.uint16]), (20, 24)),
    hnp.arrays(np.bool_, (20, 24), elements=st.booleans(), fill=st.just(False)),
    st.integers(1, 8),
)
def test_equals_the_definition(image: np.ndarray, mask: np.ndarray, margin: int) -> None:
    measured = measure_targets(image, mask, margin)
    assert [m.target for m in measured] == find_targets(mask)
    rows, columns = np.indices(mask.shape)
    for m in measured:
        t = m.target
        near = (rows >= t.top - margin) & (rows < t.bottom + margin)
        near &= (columns >= t.left - margin) & (columns < t.right + margin)
        ring = image[near & ~mask].astype(float)
        if ring.size == 0:
            assert math.isnan(m.scr)
            continue
        assert m.background_mean == pytest.approx(ring.mean())
        assert m.background_std == pytest.approx(ring.std(), abs=1e-9)
        if m.background_std > 0:
            assert m.scr == pytest.approx(abs(m.target_mean - ring.mean()) / ring.std())


def test_neighbours_count_neither_as_target_nor_as_background() -> None:
    image = np.tile(np.array([[90, 110]], np.uint8), (40, 20))
    mask = np.zeros((40, 40), bool)
    mask[10:12, 10:12] = mask[10:12, 14:16] = True
    image[10:12, 10:12] = 150
    image[10:12, 14:16] = 50
    first, second = measure_targets(image, mask)
    assert (first.target_mean, second.target_mean) == (150, 50)
    assert first.scr == pytest.approx(5, rel=1e-3)
    assert second.scr == pytest.approx(5, rel=1e-3)
    assert second.contrast < 0


def test_constant_background() -> None:
    image = np.full((20, 20), 7, np.uint8)
    mask = np.zeros((20, 20), bool)
    mask[0, 0] = True  # at the border
    assert measure_targets(image, mask)[0].scr == 0
    image[0, 0] = 9
    assert measure_targets(image, mask)[0].scr == math.inf


def test_target_everywhere_and_nowhere() -> None:
    image = np.full((6, 6), 7, np.uint8)
    assert math.isnan(measure_targets(image, np.ones((6, 6), bool))[0].scr)
    assert measure_targets(image, np.zeros((6, 6), bool)) == []


def test_bad_arguments() -> None:
    image, mask = np.zeros((6, 6), np.uint8), np.zeros((6, 6), bool)
    with pytest.raises(ParameterError):
        measure_targets(image, mask, margin=0)
    with pytest.raises(ShapeError):
        measure_targets(image, mask[:5])
