"""Adaptive windows over wild masks: what must hold wherever the targets lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirst5k.components import count_targets, find_targets, label_targets
from sirst5k.errors import ParameterError
from sirst5k.negatives import apply_symmetry, target_windows, turn_target


@st.composite
def scenes(draw):
    """A random image with up to six blobs, dense enough to touch borders and each other."""
    height, width = draw(st.integers(4, 48)), draw(st.integers(4, 48))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    mask = np.zeros((height, width), bool)
    for _ in range(draw(st.integers(0, 6))):
        y, x = rng.integers(height), rng.integers(width)
        mask[y : y + rng.integers(1, 8), x : x + rng.integers(1, 8)] = True
    mask &= rng.random(mask.shape) < draw(st.sampled_from([1.0, 0.7]))
    dtype = draw(st.sampled_from([np.uint8, np.uint16, np.float32]))
    image = (rng.random(mask.shape) * 250).astype(dtype)
    symmetries = rng.integers(0, 8, size=64)
    return image, mask, symmetries


def turn_all(image, mask, symmetries, seam, margin=3):
    """Turn every target in its window; return the results and what windows were used."""
    targets = find_targets(mask)
    windows = target_windows(targets, mask.shape, margin)
    used = []
    for place, wanted in zip(windows, symmetries):
        symmetry = int(wanted) if int(wanted) in place.symmetries else 0
        image, mask = turn_target(image, mask, place.window, symmetry, place.margin, seam)
        used.append((place, symmetry))
    return image, mask, used


@settings(deadline=None, max_examples=300)
@given(scene=scenes(), seam=st.sampled_from(["hard", "feather"]))
def test_targets_are_conserved(scene, seam) -> None:
    image, mask, symmetries = scene
    new_image, new_mask, used = turn_all(image, mask, symmetries, seam)
    assert new_image.dtype == image.dtype
    assert count_targets(new_mask) == count_targets(mask)
    # Every target keeps its pixel values, its area and the shape of its mask.
    old = sorted(np.sort(image[labelled]).tobytes() for labelled in each_target(mask))
    new = sorted(np.sort(new_image[labelled]).tobytes() for labelled in each_target(new_mask))
    assert old == new


@settings(deadline=None, max_examples=200)
@given(scene=scenes(), seam=st.sampled_from(["hard", "feather"]))
def test_background_outside_the_windows_is_untouched(scene, seam) -> None:
    image, mask, symmetries = scene
    new_image, new_mask, used = turn_all(image, mask, symmetries, seam)
    outside = np.ones(mask.shape, bool)
    for place, symmetry in used:
        if symmetry:
            outside[place.window.slices] = False
    np.testing.assert_array_equal(new_image[outside], image[outside])
    np.testing.assert_array_equal(new_mask[outside], mask[outside])


@settings(deadline=None, max_examples=200)
@given(scene=scenes())
def test_windows_lie_inside_and_hold_no_neighbour(scene) -> None:
    _, mask, _ = scene
    labels, targets = label_targets(mask)
    for target, place in zip(targets, target_windows(targets, mask.shape)):
        window = place.window
        assert window.top >= 0
        assert window.left >= 0
        assert window.top + window.height <= mask.shape[0]
        assert window.left + window.width <= mask.shape[1]
        assert 0 in place.symmetries
        inside = set(np.unique(labels[window.slices])) - {0}
        assert target.label in inside
        if len(place.symmetries) > 1:
            assert inside == {target.label}


def each_target(mask: np.ndarray) -> list[np.ndarray]:
    labels, targets = label_targets(mask)
    return [labels == target.label for target in targets]


def blob(shape=(64, 64), top=30, left=20, height=3, width=5) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[top : top + height, left : left + width] = True
    return mask


def windows_of(mask: np.ndarray, **parameters):
    return target_windows(find_targets(mask), mask.shape, **parameters)


def test_a_free_target_has_an_odd_centred_square_and_all_symmetries() -> None:
    (place,) = windows_of(blob())
    window = place.window
    assert window.height == window.width == 5 + 2 * 3
    assert (window.top + window.height // 2, window.left + window.width // 2) == (31, 22)
    assert place.symmetries == tuple(range(8))
    assert place.margin == 3


def test_the_margin_grows_with_the_target() -> None:
    (place,) = windows_of(blob(height=16, width=20), margin_ratio=0.5)
    assert place.margin == 10


def test_a_neighbour_narrows_the_margin_and_then_the_window() -> None:
    near = blob() | blob(left=29)
    assert [place.margin for place in windows_of(near)] == [3, 3]
    nearer = blob() | blob(left=26)
    assert [place.margin for place in windows_of(nearer)] == [1, 1]
    # One free pixel between the boxes, and squares that would overlap: boxes instead.
    above = blob(height=3, width=9) | blob(top=34, height=3, width=9)
    for place in windows_of(above):
        assert place.symmetries == (0,)
    further = blob(height=3, width=9) | blob(top=38, height=3, width=9)
    for place in windows_of(further):
        assert place.symmetries == (0, 2, 4, 6)


def test_a_target_cut_by_the_border_is_flipped_along_it_only() -> None:
    (left,) = windows_of(blob(left=0))
    assert left.symmetries == (0, 6)
    (top,) = windows_of(blob(top=0))
    assert top.symmetries == (0, 4)
    (corner,) = windows_of(blob(top=0, left=0))
    assert corner.symmetries == (0,)
    (beside,) = windows_of(blob(left=1, height=5, width=5))
    assert beside.symmetries == tuple(range(8))
    assert beside.margin == 1


def test_feathering_leaves_no_step_where_a_hard_seam_does() -> None:
    """On a slope, a turned patch meets its surroundings; the seam is where they differ."""
    y, x = np.mgrid[:64, :64]
    image = (3.0 * x).astype(np.float32)
    mask = blob(height=5, width=5)
    (place,) = windows_of(mask, margin=6)

    def step(seam: str) -> float:
        turned, _ = turn_target(image, mask, place.window, 1, place.margin, seam)
        return float(np.abs(np.diff(turned - image, axis=0)).max())

    assert step("feather") < 0.4 * step("hard")


def test_hard_seam_is_a_plain_rotation() -> None:
    rng = np.random.default_rng(0)
    image, mask = rng.integers(0, 255, (64, 64)).astype(np.uint8), blob()
    (place,) = windows_of(mask)
    for symmetry in range(8):
        turned, turned_mask = turn_target(image, mask, place.window, symmetry, place.margin, "hard")
        cut = place.window.slices
        np.testing.assert_array_equal(turned[cut], apply_symmetry(image[cut], symmetry))
        np.testing.assert_array_equal(turned_mask[cut], apply_symmetry(mask[cut], symmetry))


def test_bad_parameters_are_refused() -> None:
    with pytest.raises(ParameterError, match="margin >= 1"):
        windows_of(blob(), margin=0)
    (place,) = windows_of(blob())
    with pytest.raises(ParameterError, match="hard or feather"):
        turn_target(blob().astype(np.uint8), blob(), place.window, 1, 3, "soft")


def test_real_targets_can_nearly_all_be_turned(shared) -> None:
    from sirst5k import open_dataset

    dataset = open_dataset(shared / "data/sirst-v1", "test")
    freedom = [
        len(place.symmetries)
        for sample in dataset
        for place in target_windows(find_targets(sample.mask), sample.shape)
    ]
    assert len(freedom) == 109
    assert sum(count == 8 for count in freedom) >= 0.95 * len(freedom)
