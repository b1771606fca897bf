"""Decoys: their forms, and what adding them leaves alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirst5k.errors import ParameterError
from sirst5k.negatives import (
    DECOYS,
    add_decoy,
    decoy_profile,
    draw_place,
    free_places,
    surroundings,
)


@settings(deadline=None)
@given(kind=st.sampled_from(sorted(DECOYS)), size=st.integers(1, 50), angle=st.floats(-720, 720))
def test_profiles_fade_to_nothing_at_their_edge(kind: str, size: int, angle: float) -> None:
    profile = decoy_profile(kind, size, angle)
    sign = DECOYS[kind].sign
    assert profile.dtype == np.float32
    assert profile.shape[0] == profile.shape[1]
    assert profile.shape[0] % 2 == 1
    assert (profile * sign).max() == 1
    assert (profile * sign).min() >= 0
    if kind == "hot_pixel":
        assert np.count_nonzero(profile) == size
        assert set(np.unique(profile)) <= {0, 1}
    else:
        rim = np.concatenate([profile[0], profile[-1], profile[:, 0], profile[:, -1]])
        assert np.abs(rim).max() < 0.02


@pytest.mark.parametrize("kind", sorted(DECOYS))
def test_the_angle_turns_a_profile_counter_clockwise(kind: str) -> None:
    size = DECOYS[kind].sizes[1]
    straight = decoy_profile(kind, size, 0)
    np.testing.assert_allclose(decoy_profile(kind, size, 90), np.rot90(straight), atol=0.002)
    np.testing.assert_allclose(decoy_profile(kind, size, 360), straight, atol=0.002)


def extent(kind: str, size: int) -> tuple[int, int]:
    """Return width and height of what is at least half as strong as the peak."""
    strong = np.abs(decoy_profile(kind, size, 0)) >= 0.5
    return int(strong.any(axis=0).sum()), int(strong.any(axis=1).sum())


def test_each_kind_is_what_its_name_says() -> None:
    assert extent("streak", 21) == (21, 3)
    width, height = extent("blob", 40)
    assert width == pytest.approx(20, abs=2)
    assert height == pytest.approx(14, abs=2)
    assert extent("hot_pixel", 1) == (1, 1)
    assert extent("hot_pixel", 2) == (2, 1)
    assert extent("dark_spot", 5) == (3, 3)
    edge = decoy_profile("edge", 20, 0)
    middle = edge.shape[0] // 2
    # Dark on one side, brightest close to the line, fading on the other.
    column = edge[:, middle]
    assert column[: middle - 1].max() == 0
    assert column.argmax() in (middle, middle + 1)
    assert 0 < column[middle + 5] < column[middle + 2] < 1
    corner = decoy_profile("corner", 18, 0)
    middle = corner.shape[0] // 2
    assert corner[middle + 1, middle + 8] > 0.3
    assert corner[middle + 8, middle + 1] > 0.3
    assert corner[middle + 8, middle + 8] == 0


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32),
    kind=st.sampled_from(sorted(DECOYS)),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
    strength=st.sampled_from([0.0, 3.7, 250.0, 1e6]),
)
def test_nothing_outside_a_decoy_changes_and_nothing_wraps(seed, kind, dtype, strength) -> None:
    rng = np.random.default_rng(seed)
    scale = 1.0 if dtype is np.float32 else np.iinfo(dtype).max + 0.999
    image = (rng.random((60, 70)) * scale).astype(dtype)
    profile = decoy_profile(kind, DECOYS[kind].sizes[0], float(rng.uniform(0, 360)))
    side = profile.shape[0]
    place = int(rng.integers(60 - side + 1)), int(rng.integers(70 - side + 1))
    before = image.copy()
    result = add_decoy(image, profile, place, strength)
    np.testing.assert_array_equal(image, before)
    assert result.dtype == image.dtype
    support = np.zeros(image.shape, bool)
    support[place[0] : place[0] + side, place[1] : place[1] + side] = profile != 0
    np.testing.assert_array_equal(result[~support], image[~support])
    change = result.astype(np.float64) - image
    assert (change * DECOYS[kind].sign >= 0).all()
    if strength >= 250:
        assert (change[support] != 0).any()


def test_the_strength_is_that_of_the_peak() -> None:
    image = np.full((64, 64), 100, np.uint8)
    for kind, chosen in DECOYS.items():
        result = add_decoy(image, decoy_profile(kind, chosen.sizes[0], 30.0), (10, 10), 40)
        change = result.astype(int) - 100
        assert change[np.abs(change).argmax() // 64, np.abs(change).argmax() % 64] == (
            40 * chosen.sign
        )


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32),
    size=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    guard=st.integers(0, 6),
)
def test_free_places_are_those_found_by_looking_at_each(seed, size, height, width, guard) -> None:
    mask = np.random.default_rng(seed).random(size) < 0.02
    free = free_places(mask, height, width, guard)
    assert free.shape == (max(0, size[0] - height + 1), max(0, size[1] - width + 1))
    for (top, left), found in np.ndenumerate(free):
        near = mask[
            max(0, top - guard) : top + height + guard, max(0, left - guard) : left + width + guard
        ]
        assert found == (not near.any())


def test_places_are_drawn_alike() -> None:
    free = np.zeros((5, 7), bool)
    free[1, 2] = free[4, 6] = free[0, 0] = True
    rng = np.random.default_rng(0)
    drawn = [draw_place(free, rng) for _ in range(600)]
    for place in [(1, 2), (4, 6), (0, 0)]:
        assert 150 < drawn.count(place) < 250
    assert len(set(drawn)) == 3
    assert draw_place(np.zeros((3, 3), bool), rng) is None
    assert draw_place(np.zeros((0, 3), bool), rng) is None


def test_surroundings_know_neither_slope_nor_targets() -> None:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:64, :64]
    image = (20.0 + 3 * x + y + 2 * rng.normal(size=(64, 64))).astype(np.float32)
    mask = np.zeros(image.shape, bool)
    mask[30:33, 30:33] = True
    image[mask] = 5000
    mean, std = surroundings(image, mask, (28, 28), (8, 8))
    assert mean == pytest.approx(20 + 4 * 31.5, abs=1)
    assert std == pytest.approx(2, rel=0.1)
    assert surroundings(image, np.ones_like(mask), (28, 28), (8, 8)) == (0, 0)
    constant = np.full((1, 9), 7, np.uint8)
    assert surroundings(constant, np.zeros((1, 9), bool), (0, 2), (1, 3)) == (7, pytest.approx(0))


def test_bad_parameters_are_refused() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'streak'"):
        decoy_profile("streek", 9, 0)
    with pytest.raises(ParameterError, match="at least 1 pixel, got 0"):
        decoy_profile("streak", 0, 0)
    with pytest.raises(ParameterError, match=r"inside the image of 8×8, got \(4, 4\)"):
        add_decoy(np.zeros((8, 8), np.uint8), np.ones((5, 5), np.float32), (4, 4), 1)
    with pytest.raises(ParameterError, match="guard >= 0"):
        free_places(np.zeros((8, 8), bool), 2, 2, -1)
