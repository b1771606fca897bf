"""The fast finder finds what the library's does."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sirst5k.components import find_targets as find_thoroughly
from sirst5k.transforms.finding import find_targets


def assert_same(mask: np.ndarray) -> None:
    expected, found = find_thoroughly(mask), find_targets(mask)
    assert [astuple(t)[:5] for t in found] == [astuple(t)[:5] for t in expected]
    assert [t.label for t in found] == list(range(1, len(expected) + 1))
    assert np.allclose([(t.x, t.y) for t in found], [(t.x, t.y) for t in expected], atol=1e-9)


@given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_small_masks(mask: np.ndarray) -> None:
    assert_same(mask)


@given(st.integers(0, 2**32 - 1), st.floats(0.0001, 0.02))
def test_sparse_masks_in_large_frames(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((90, 130)) < share
    mask[rng.integers(90), : rng.integers(130)] = True  # a line that many rows lie beside
    assert_same(mask)


@pytest.mark.parametrize("share", [0.3, 0.6, 1.0])
def test_crowded_masks(share: float) -> None:
    assert_same(np.random.default_rng(0).random((128, 96)) < share)


@pytest.mark.parametrize("lay", [np.asfortranarray, lambda m: m[::-1, ::2], lambda m: m.T])
def test_any_memory_layout(lay: object) -> None:
    mask = np.random.default_rng(0).random((150, 100)) < 0.01
    assert_same(lay(mask))  # type: ignore[operator]


def test_half_pixels_round_alike() -> None:
    """A published window hangs on a rounded centroid: halves must stay exact halves."""
    mask = np.zeros((256, 256), bool)
    mask[201:203, 77:81] = True
    mask[3:5, 240:250] = True
    assert [(t.x, t.y) for t in find_targets(mask)] == [(244.5, 3.5), (78.5, 201.5)]


def test_a_mask_that_is_a_view_of_other_bytes() -> None:
    mask = np.zeros((40, 50), np.uint8)
    mask[30:32, 40:43] = 255
    assert_same(mask.view(bool))
