"""Zooms stay on their target, wherever its turn takes it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sirst5k.sample import Sample
from sirst5k.synthesis.sheet_choice import turns_of
from sirst5k.synthesis.sheet_focus import find_focus, nearest_target
from sirst5k.synthesis.turning import apply_turns


def with_targets(*places: tuple[int, int, int, int], shape: tuple[int, int] = (40, 50)) -> Sample:
    mask = np.zeros(shape, bool)
    for top, left, height, width in places:
        mask[top : top + height, left : left + width] = True
    image = np.random.default_rng(0).integers(0, 99, shape).astype(np.uint8)
    image[mask] = 200
    return Sample("s", image, mask)


@given(
    st.integers(0, 39), st.integers(0, 49), st.integers(0, 7), st.integers(0, 8), st.integers(0, 8)
)
def test_centre_moves_as_the_target_does(y: int, x: int, symmetry: int, up: int, left: int) -> None:
    base = with_targets((y, x, 1, 1))
    top, first = min(max(0, y - up), 31), min(max(0, x - left), 41)
    turn = {
        "op": "turn",
        "method": "patch",
        "target": 0,
        "window": [top, first, 9, 9],
        "symmetry": symmetry,
    }
    image, mask = apply_turns(base.image, base.mask, turn)
    variant = Sample("v", image, mask, {"operations": [turn]})
    focus = find_focus(base, [variant])
    centre = focus.centre_after(turns_of([turn]))
    assert mask.sum() == 1
    np.testing.assert_allclose(centre, np.argwhere(mask)[0] + 0.5, atol=0.5)


def test_a_centred_window_stands_still() -> None:
    base = with_targets((10, 20, 2, 4))  # of even sides in a window of odd side
    variants = []
    for symmetry in range(1, 8):
        turn = {"target": 0, "window": [6, 17, 11, 11], "margin": 3, "symmetry": symmetry}
        operation = {"op": "turn", "method": "adaptive", "seam": "hard", "turns": [turn]}
        variants.append(Sample("v", base.image, base.mask, {"operations": [operation]}))
    focus = find_focus(base, variants)
    centres = {focus.centre_after(turns_of(variant.meta["operations"])) for variant in variants}
    assert centres == {(11.5, 22.5)}


def test_the_largest_target_where_nothing_is_turned() -> None:
    base = with_targets((5, 5, 2, 2), (20, 30, 4, 3))
    focus = find_focus(base, [Sample("v", base.image, base.mask, {"operations": []})])
    assert (focus.y, focus.x, focus.extent, focus.target) == (22, 31.5, 4, None)
    found = nearest_target(base, (22, 31.5))
    assert found is not None
    assert found.top == 20


def test_the_middle_where_there_is_no_target() -> None:
    base = with_targets()
    focus = find_focus(base, [Sample("v", base.image, base.mask, {"operations": []})])
    assert (focus.y, focus.x) == (20, 25)
    assert nearest_target(base, (20, 25)) is None


def test_centre_is_scaled_with_the_image() -> None:
    base = with_targets((10, 20, 2, 2))
    focus = find_focus(base, [Sample("v", base.image, base.mask, {"operations": []})])
    assert focus.centre_in((80, 25)) == (22, 10.5)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (9, 4), (30, 2), (40, 50)])
def test_the_whole_target_is_seen_as_large_as_possible(height: int, width: int) -> None:
    base = with_targets((0, 0, height, width))
    focus = find_focus(base, [Sample("v", base.image, base.mask, {"operations": []})])
    factor = focus.factor(136)
    assert 1 <= factor <= 12
    assert factor * max(height, width) <= 136
    # Large targets fill much of it, small ones are enlarged to the limit.
    assert factor == 12 or (factor + 1) * (max(height, width) + 4) > 136


def test_stretch_covers_what_is_seen_and_no_more() -> None:
    base = with_targets((20, 20, 2, 2))
    image = base.image.copy()
    image[0, 0] = 255
    focus = find_focus(base, [Sample("v", base.image, base.mask, {"operations": []})])
    stretch = focus.stretch([(image, (21.0, 21.0))])
    assert stretch.low <= 0.1 * 200
    assert 200 <= stretch.high < 215
    assert focus.stretch([(image, (0.0, 0.0))]).high >= 255
    assert focus.stretch([(image, (99.0, -9.0))]).high < 200
