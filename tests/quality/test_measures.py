from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sirst5k.errors import ShapeError
from sirst5k.quality import entropy, noise_level, psnr, sharpness, ssim

LEVELS = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24))


@pytest.mark.parametrize("sigma", [1.0, 3.0, 9.0])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_white_noise_is_measured_on_any_slope_and_at_any_depth(sigma: float, dtype) -> None:
    rng = np.random.default_rng(0)
    slope = np.add.outer(np.linspace(40, 90, 200), np.linspace(0, 60, 240))
    grey = slope + rng.normal(0, sigma, slope.shape)
    image = {
        np.uint8: lambda: grey.round().astype(np.uint8),
        np.uint16: lambda: (grey * 257).round().astype(np.uint16),
        np.float32: lambda: (grey / 255).astype(np.float32),
    }[dtype]()
    assert 255 * noise_level(image) == pytest.approx(sigma, rel=0.06)


def test_a_plane_has_no_noise_and_even_slopes_have_their_gradient() -> None:
    ramp = np.tile(np.arange(0, 200, 2, dtype=np.uint8), (50, 1))
    assert noise_level(ramp) == pytest.approx(0, abs=1e-7)
    assert sharpness(ramp) == pytest.approx(1000 * 2 / 255, rel=1e-5)
    assert sharpness(ramp // 2) == pytest.approx(sharpness(ramp) / 2, rel=1e-5)


def test_entropy_counts_equally_frequent_levels_in_bits() -> None:
    assert entropy(np.full((8, 8), 7, np.uint8)) == 0
    for bits in (1, 3, 8):
        levels = np.arange(256, dtype=np.uint8) // (256 >> bits) * (256 >> bits)
        assert entropy(levels.reshape(16, 16)) == pytest.approx(bits)
        assert entropy(levels.reshape(16, 16).astype(np.uint16) * 257) == pytest.approx(bits)


def test_psnr_of_a_known_error() -> None:
    image = np.full((10, 10), 100, np.uint8)
    assert psnr(image, image) == math.inf
    assert psnr(image + np.uint8(5), image) == pytest.approx(20 * math.log10(255 / 5), abs=1e-4)


@given(LEVELS, st.integers(0, 2**32 - 1))
def test_similarity_is_one_for_the_same_image_symmetric_and_at_most_one(
    image: np.ndarray, seed: int
) -> None:
    other = np.random.default_rng(seed).integers(0, 256, image.shape).astype(np.uint8)
    if min(image.shape) < 11:
        assert math.isnan(ssim(image, other))
        return
    assert ssim(image, image) == pytest.approx(1)
    assert ssim(image, other) == pytest.approx(ssim(other, image))
    assert ssim(image, other) <= 1 + 1e-9


@given(LEVELS)
def test_measures_of_anything_are_numbers_or_nan_where_there_is_too_little(
    image: np.ndarray,
) -> None:
    assert 0 <= entropy(image) <= 8
    small = min(image.shape) < 3
    assert math.isnan(noise_level(image)) is small
    assert math.isnan(sharpness(image)) is small
    assert small or (noise_level(image) >= 0 and sharpness(image) >= 0)


def test_images_of_two_sizes_are_refused() -> None:
    for measure in (psnr, ssim):
        with pytest.raises(ShapeError, match=r"\(4, 4\) and \(4, 5\)"):
            measure(np.zeros((4, 4), np.uint8), np.zeros((4, 5), np.uint8))


def test_similarity_agrees_with_scikit_image() -> None:
    metrics = pytest.importorskip("skimage.metrics")
    rng = np.random.default_rng(1)
    one = rng.integers(0, 256, (60, 70)).astype(np.uint8)
    two = np.clip(one + rng.normal(0, 25, one.shape), 0, 255).astype(np.uint8)
    theirs = metrics.structural_similarity(
        one, two, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
    )
    assert ssim(one, two) == pytest.approx(theirs, abs=1e-4)
    assert psnr(one, two) == pytest.approx(metrics.peak_signal_noise_ratio(one, two), abs=1e-3)
