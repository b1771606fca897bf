"""Pasting targets over wild scenes: what must hold wherever they come from and go to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirst5k.components import count_targets, find_targets, label_targets
from sirst5k.contrast import measure_targets
from sirst5k.errors import ParameterError
from sirst5k.negatives import (
    apply_symmetry,
    draw_place,
    free_places,
    lift_target,
    matching_gain,
    paste_target,
)

DTYPES = [np.uint8, np.uint16, np.float32]


def scene(seed: int, size: tuple[int, int], targets: int, dtype: type, level: float = 0.3):
    """Return a noisy slope with some blobs, in fractions of full scale cast to a dtype."""
    rng = np.random.default_rng(seed)
    mask = np.zeros(size, bool)
    for _ in range(targets):
        y, x = rng.integers(size[0]), rng.integers(size[1])
        mask[y : y + rng.integers(1, 6), x : x + rng.integers(1, 6)] = True
    values = level + 0.03 * rng.normal(size=size) + np.linspace(0, 0.1, size[1])
    values[mask] += rng.uniform(0.1, 0.3)
    values = np.clip(values, 0, 1)
    if dtype is np.float32:
        return values.astype(np.float32), mask
    return np.rint(values * np.iinfo(dtype).max).astype(dtype), mask


wild = st.builds(
    scene,
    seed=st.integers(0, 2**32),
    size=st.tuples(*[st.sampled_from([40, 2, 5, 13, 28, 60])] * 2),
    targets=st.sampled_from([2, 0, 1, 3, 5]),
    dtype=st.sampled_from(DTYPES),
    level=st.sampled_from([0.0, 0.3, 0.9]),
)


@settings(deadline=None, max_examples=200)
@given(
    pair=wild,
    seed=st.integers(0, 2**32),
    halo=st.integers(0, 5),
    guard=st.integers(1, 6),
    gain=st.sampled_from([0.1, 1.0, 3.0, 1e5]),
)
def test_one_more_target_and_nothing_else_changed(pair, seed, halo, guard, gain) -> None:
    image, mask = pair
    rng = np.random.default_rng(seed)
    labels, targets = label_targets(mask)
    for target in targets:
        stamp = lift_target(image, labels, target, halo)
        cut = min(target.top, target.left) == 0
        cut |= target.bottom == mask.shape[0] or target.right == mask.shape[1]
        if stamp is None:
            continue
        assert not cut
        symmetry = int(rng.integers(8))
        turned = stamp.turned(symmetry)
        height, width = turned.mask.shape
        free = free_places(mask, height, width, max(0, guard - stamp.halo))
        place = draw_place(free, rng)
        if place is None:
            continue
        new_image, new_mask = paste_target(image, mask, turned, place, gain)
        assert new_image.dtype == image.dtype
        assert count_targets(new_mask) == count_targets(mask) + 1
        added = new_mask & ~mask
        (pasted,) = find_targets(added)
        box = np.s_[pasted.top : pasted.bottom, pasted.left : pasted.right]
        own = labels[target.top : target.bottom, target.left : target.right] == target.label
        np.testing.assert_array_equal(added[box], apply_symmetry(own, symmetry))
        window = np.s_[place[0] : place[0] + height, place[1] : place[1] + width]
        outside = np.ones(mask.shape, bool)
        outside[window] = turned.contribution == 0
        np.testing.assert_array_equal(new_image[outside], image[outside])
        np.testing.assert_array_equal(new_image[mask], image[mask])
        # At least `guard` free pixels to every other target.
        around = mask[
            max(0, pasted.top - guard) : pasted.bottom + guard,
            max(0, pasted.left - guard) : pasted.right + guard,
        ]
        assert not around.any()
        # Without wraparound, what goes up goes up.
        change = new_image.astype(np.float64) - image
        assert (change[window] * turned.contribution >= 0).all()


@settings(deadline=None, max_examples=200)
@given(pair=wild, seed=st.integers(0, 2**32), scr=st.floats(0.5, 12))
def test_the_wanted_scr_comes_out(pair, seed, scr) -> None:
    image, mask = pair
    rng = np.random.default_rng(seed)
    labels, targets = label_targets(mask)
    for target in targets:
        stamp = lift_target(image, labels, target)
        if stamp is None:
            continue
        stamp = stamp.turned(int(rng.integers(8)))
        height, width = stamp.mask.shape
        place = draw_place(free_places(mask, height, width, 2), rng)
        if place is None:
            continue
        gain = matching_gain(image, mask, stamp, place, scr)
        if gain is None:
            continue
        # In float, where nothing is rounded or clipped, the equation is solved exactly.
        precise, new_mask = paste_target(image.astype(np.float32), mask, stamp, place, gain)
        assert at_place(precise, new_mask, place, stamp.halo).scr == pytest.approx(scr, rel=1e-3)
        pasted, _ = paste_target(image, mask, stamp, place, gain)
        top, left = place
        window = pasted[top : top + height, left : left + width]
        measured = at_place(pasted, new_mask, place, stamp.halo)
        if image.dtype == np.uint16 and window.min() > 0 and window.max() < 65535:
            assert measured.scr == pytest.approx(scr, rel=0.01)
        if image.dtype == np.uint8 and window.min() > 0 and window.max() < 255:
            half_a_level = 0.5 / measured.background_std
            assert measured.scr == pytest.approx(scr, rel=0.05, abs=1.5 * half_a_level)


def at_place(image, mask, place, halo):
    """Measure the target whose box begins where a stamp's does, behind the halo."""
    return next(
        measured
        for measured in measure_targets(image, mask)
        if (measured.target.top, measured.target.left) == (place[0] + halo, place[1] + halo)
    )


def spot(shape=(48, 48), centre=(24, 24), sigma=1.2, strength=80.0):
    """Return a point spread by optics, its box of 3 × 3 pixels the mask."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    levels = strength * np.exp(-0.5 * ((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / sigma**2)
    mask = np.zeros(shape, bool)
    mask[centre[0] - 1 : centre[0] + 2, centre[1] - 1 : centre[1] + 2] = True
    return levels, mask


def lift_only(image, mask, **parameters):
    labels, (target,) = label_targets(mask)
    return lift_target(image, labels, target, **parameters)


def test_a_stamp_is_the_target_without_its_slope() -> None:
    levels, mask = spot()
    y, x = np.mgrid[:48, :48]
    stamp = lift_only((levels + 40 + 2.0 * x - y).astype(np.float32), mask)
    assert stamp.contribution.shape == (9, 9)
    own = levels[20:29, 20:29]
    np.testing.assert_allclose(stamp.contribution[stamp.mask], own[stamp.mask], atol=0.5)
    # Beyond the mask what optics spread fades out, neither cut off nor kept whole.
    beside = stamp.contribution[4, 6] / own[4, 6]
    assert 0.7 < beside < 1
    assert np.abs(stamp.contribution[0]).max() < 0.5


def test_without_a_halo_only_target_pixels_are_lifted() -> None:
    levels, mask = spot()
    stamp = lift_only((levels + 40).astype(np.float32), mask, halo=0)
    assert stamp.mask.all()
    assert stamp.contribution.shape == (3, 3)


def test_a_dark_target_stays_dark() -> None:
    rng = np.random.default_rng(0)
    levels, mask = spot(strength=-60)
    image = np.rint(levels + 120 + 3 * rng.normal(size=levels.shape)).astype(np.uint8)
    stamp = lift_only(image, mask)
    gain = matching_gain(image, mask, stamp, (3, 3), 9.0)
    pasted, pasted_mask = paste_target(image, mask, stamp, (3, 3), gain)
    measured = at_place(pasted, pasted_mask, (3, 3), 3)
    assert measured.contrast < 0
    assert measured.scr == pytest.approx(9.0, rel=0.02)


def test_a_neighbour_is_not_lifted_with_a_target() -> None:
    levels, mask = spot()
    others, other_mask = spot(centre=(24, 29), strength=500)
    alone = lift_only((levels + 40).astype(np.float32), mask)
    labels, targets = label_targets(mask | other_mask)
    beside = lift_target((levels + others + 40).astype(np.float32), labels, targets[0])
    assert beside.contribution.max() < 1.2 * alone.contribution.max()
    # Columns of the halo that are nearer to the neighbour stay behind.
    assert (beside.contribution[4, 7:] == 0).all()


def test_targets_that_cannot_be_lifted() -> None:
    image = np.full((20, 20), 50, np.uint8)
    for cut in (np.s_[0:3, 8:11], np.s_[8:11, 17:20], np.s_[:, 5:8], np.s_[:, :]):
        mask = np.zeros(image.shape, bool)
        mask[cut] = True
        assert lift_only(image, mask) is None
    tiny = np.zeros((3, 3), bool)
    tiny[1, 1] = True
    assert lift_only(image[:3, :3], tiny) is None


def test_near_the_border_the_halo_narrows() -> None:
    levels, mask = spot(centre=(2, 24))
    stamp = lift_only((levels + 40).astype(np.float32), mask, halo=3)
    assert stamp.halo == 1
    assert stamp.mask.shape == (5, 5)


def test_no_gain_where_none_would_do() -> None:
    rng = np.random.default_rng(0)
    levels, mask = spot()
    noisy = levels + 100 + 3 * rng.normal(size=levels.shape)
    stamp = lift_only(noisy.astype(np.float32), mask)
    place = (3, 3)
    constant = np.full((48, 48), 100, np.uint8)
    assert matching_gain(constant, np.zeros_like(mask), stamp, place, 5) is None
    # The place stands out more than the target should.
    bright = noisy.copy()
    bright[6:9, 6:9] += 100
    assert matching_gain(bright.astype(np.float32), mask, stamp, place, 1.0) is None
    # No levels are left to stand out with.
    white = np.clip(150 + noisy, 0, 250).astype(np.uint8)
    white[0, 0] = 240
    assert matching_gain(white, mask, stamp, place, 50) is None
    assert matching_gain(np.ones((9, 9), np.uint8), np.ones((9, 9), bool), stamp, (0, 0), 5) is None


def test_bad_parameters_are_refused() -> None:
    levels, mask = spot()
    image = levels.astype(np.float32)
    stamp = lift_only(image, mask)
    with pytest.raises(ParameterError, match="halo of 0 to 16 pixels, got 17"):
        lift_only(image, mask, halo=17)
    with pytest.raises(ParameterError, match="SCR above 0, got 0"):
        matching_gain(image, mask, stamp, (0, 0), 0)
    with pytest.raises(ParameterError, match="SCR above 0, got nan"):
        matching_gain(image, mask, stamp, (0, 0), float("nan"))
    for place in ((-1, 0), (0, 40), (40, 0)):
        with pytest.raises(ParameterError, match="9×9 pixels lie inside"):
            paste_target(image, mask, stamp, place, 1.0)
