"""Grey levels of any depth as pictures show them."""

from __future__ import annotations

import numpy as np
import pytest

from sirst5k.drawing import AS_IS, image_stretch, local_stretch, noise_stretch


def test_8_bit_is_shown_as_it_is() -> None:
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    stretch = image_stretch(image)
    assert stretch == AS_IS
    assert stretch.is_identity
    np.testing.assert_array_equal(stretch.apply(image), image)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_deeper_images_are_stretched_without_regard_to_single_pixels(dtype: type) -> None:
    rng = np.random.default_rng(0)
    image = rng.uniform(7000, 9000, (200, 200)).astype(dtype)
    image[5, 5] = 65000  # a hot pixel, 1 of 40,000
    stretch = image_stretch(image)
    assert 6900 < stretch.low < 7100
    assert 8900 < stretch.high < 9100
    assert not stretch.is_identity
    shown = stretch.apply(image)
    assert shown[5, 5] == 255
    order = np.argsort(image.ravel())
    assert (np.diff(shown.ravel()[order].astype(int)) >= 0).all()


def test_noise_is_symmetric_about_mid_grey() -> None:
    noise = np.random.default_rng(0).normal(40, 2, (64, 64)).astype(np.float32)
    stretch = noise_stretch(noise)
    assert (stretch.low + stretch.high) / 2 == pytest.approx(float(noise.mean()), abs=1e-4)
    assert stretch.high - stretch.low == pytest.approx(6 * float(noise.std()), rel=1e-4)
    assert stretch.apply(np.full((1, 1), noise.mean()))[0, 0] in (127, 128)


@pytest.mark.parametrize("value", [0, 255, 1e9, -3e-5])
def test_constant_images_are_mid_grey(value: float) -> None:
    constant = np.full((4, 4), value, np.float64)
    for stretch in (local_stretch(constant), noise_stretch(constant), image_stretch(constant)):
        assert set(stretch.apply(constant).ravel()) <= {127, 128}


def test_local_stretch_clips_nothing() -> None:
    crop = np.array([[3, 250], [90, 100]], np.uint8)
    shown = local_stretch(crop).apply(crop)
    assert 0 < shown.min() < shown.max() < 255
