from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sirst5k.errors import ParameterError
from sirst5k.negatives import (
    PATCH_SIZES,
    apply_symmetry,
    published_symmetry,
    rotate_patch,
    rotation_window,
)

SIDES = {3: 2, 5: 4, 7: 6, 9: 8, 32: 32}


@given(
    size=st.sampled_from(PATCH_SIZES),
    height=st.integers(32, 300),
    width=st.integers(32, 300),
    data=st.data(),
)
def test_windows_lie_inside_any_image(size: int, height: int, width: int, data) -> None:
    x = data.draw(st.integers(0, width - 1))
    y = data.draw(st.integers(0, height - 1))
    window = rotation_window(x, y, size, (height, width))
    assert (window.height, window.width) == (SIDES[size], SIDES[size])
    assert 0 <= window.top <= height - window.height
    assert 0 <= window.left <= width - window.width


def test_border_rules_along_an_axis() -> None:
    def top(y: int, size: int) -> int:
        return rotation_window(128, y, size, (256, 256)).top

    assert [top(y, 3) for y in (0, 1, 2, 255)] == [0, 0, 1, 254]
    assert [top(y, 9) for y in (7, 8, 9, 248, 249)] == [0, 4, 5, 244, 248]
    assert [top(y, 32) for y in (31, 32, 224, 225)] == [0, 16, 208, 224]


@given(
    image=arrays(np.uint16, (40, 44)),
    size=st.sampled_from(PATCH_SIZES),
    x=st.integers(0, 43),
    y=st.integers(0, 39),
    symmetry=st.integers(0, 7),
)
def test_rotation_moves_pixels_inside_the_window_only(image, size, x, y, symmetry) -> None:
    window = rotation_window(x, y, size, image.shape)
    turned = rotate_patch(image, window, symmetry)
    outside = np.ones(image.shape, bool)
    outside[window.slices] = False
    np.testing.assert_array_equal(turned[outside], image[outside])
    inside, before = turned[window.slices], image[window.slices]
    np.testing.assert_array_equal(np.sort(inside, axis=None), np.sort(before, axis=None))


def test_symmetries_are_eight_different_ones() -> None:
    patch = np.arange(9).reshape(3, 3)
    images = {apply_symmetry(patch, k).tobytes() for k in range(8)}
    assert len(images) == 8
    np.testing.assert_array_equal(apply_symmetry(patch, 1), np.rot90(patch))
    np.testing.assert_array_equal(apply_symmetry(patch, 4), patch[:, ::-1])
    np.testing.assert_array_equal(apply_symmetry(patch, 6), patch[::-1])
    with pytest.raises(ParameterError, match="0 to 7"):
        apply_symmetry(patch, 8)


def test_size_32_is_flipped_before_it_is_turned() -> None:
    assert published_symmetry(32, 1) == 5
    assert published_symmetry(9, 1) == 1


def test_bad_windows_are_refused() -> None:
    with pytest.raises(ParameterError, match="3, 5, 7, 9, 32, got 4"):
        rotation_window(9, 9, 4, (64, 64))
    with pytest.raises(ParameterError, match="at least 32×32"):
        rotation_window(9, 9, 32, (64, 31))
    wide = rotation_window(9, 9, 3, (64, 64))
    oblong = type(wide)(0, 0, 2, 5)
    with pytest.raises(ParameterError, match="on its side"):
        rotate_patch(np.zeros((8, 8)), oblong, 1)
