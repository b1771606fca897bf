from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirst5k.errors import NoiseError, ParameterError
from sirst5k.noise import (
    NoiseBank,
    log_spectral_distance,
    measure_fidelity,
    radial_spectrum,
    remove_plane,
    resize_field,
    spectral_field,
    tile_field,
)
from sirst5k.noise.fidelity import moments
from sirst5k.noise.marginal import Marginal, quantile_table
from sirst5k.noise.spectrum import cut_crops


def coloured_noise(rng: np.random.Generator, count: int, size: int = 32) -> np.ndarray:
    """Noise with a spectrum of its own, row noise and a skewed distribution."""
    white = rng.normal(size=(count, size + 4, size + 4))
    smooth = white[:, 2:-2, 2:-2] + 0.6 * white[:, 1:-3, 2:-2] + 0.6 * white[:, 2:-2, 1:-3]
    rows = rng.normal(size=(count, size, 1))
    noise = smooth + 0.5 * rows
    return noise + 0.1 * noise**2


@pytest.fixture(scope="module")
def bank() -> NoiseBank:
    noise = 100 + 3 * coloured_noise(np.random.default_rng(1), 400)
    return NoiseBank.from_windows(noise.astype(np.float32), full_scale=255.0)


def test_spectral_field_has_the_banks_spectrum_and_distribution(bank: NoiseBank) -> None:
    rng = np.random.default_rng(0)
    fields = [spectral_field(bank, (160, 192), rng) for _ in range(30)]
    crops = np.concatenate([cut_crops(field, 32) for field in fields])
    distance = log_spectral_distance(radial_spectrum(crops), radial_spectrum(bank.tiles))
    assert distance < 0.5
    skewness, kurtosis = moments(np.stack(fields))
    real_skewness, real_kurtosis = moments(bank.tiles)
    assert skewness == pytest.approx(real_skewness, rel=0.02)
    assert kurtosis == pytest.approx(real_kurtosis, rel=0.02)
    assert np.std(fields) == pytest.approx(bank.std, rel=0.01)


def test_row_noise_stays_row_noise(bank: NoiseBank) -> None:
    """Spectral and tiled fields keep the direction of stripes."""
    rng = np.random.default_rng(0)

    def stripes(field: np.ndarray) -> float:
        return float(field.mean(axis=1).std() / field.mean(axis=0).std())

    for make in (spectral_field, tile_field):
        assert np.mean([stripes(make(bank, (128, 128), rng)) for _ in range(8)]) > 1.4


def test_stretching_a_tile_is_far_from_its_noise(bank: NoiseBank) -> None:
    measured = {f.method: f for f in measure_fidelity(bank, fields=20, shape=(128, 128)).fields}
    assert measured["resize"].distance_db > 10
    assert measured["spectral"].distance_db < 1
    assert measured["tile"].distance_db < 1.5


@settings(deadline=None, max_examples=30)
@given(height=st.integers(1, 90), width=st.integers(1, 90), seed=st.integers(0, 2**32))
def test_fields_of_any_shape_are_zero_mean_and_follow_the_generator(
    bank: NoiseBank, height: int, width: int, seed: int
) -> None:
    for make in (spectral_field, tile_field):
        field = make(bank, (height, width), np.random.default_rng(seed))
        assert field.shape == (height, width)
        assert field.dtype == np.float32
        assert abs(float(field.mean(dtype=np.float64))) < 1e-4 * bank.std * 10
        again = make(bank, (height, width), np.random.default_rng(seed))
        np.testing.assert_array_equal(field, again)


def test_another_generator_gives_another_field(bank: NoiseBank) -> None:
    for make in (spectral_field, tile_field):
        one = make(bank, (64, 64), np.random.default_rng(1))
        two = make(bank, (64, 64), np.random.default_rng(2))
        assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.3


def test_a_field_does_not_repeat_itself(bank: NoiseBank) -> None:
    """What a Fourier transform makes wraps around; the part that is handed out must not."""
    field = spectral_field(bank, (250, 250), np.random.default_rng(0))
    first, last = field[:, 0], field[:, -1]
    neighbours = np.corrcoef(field[:, 0], field[:, 1])[0, 1]
    assert neighbours > 0.3
    assert abs(np.corrcoef(first, last)[0, 1]) < neighbours - 0.15


def test_tile_field_keeps_its_variance_in_the_seams(bank: NoiseBank) -> None:
    rng = np.random.default_rng(0)
    fields = np.stack([tile_field(bank, (64, 64), rng, overlap=16) for _ in range(200)])
    variance = fields.var(axis=0)
    assert variance.std() / variance.mean() < 0.25
    assert variance.mean() == pytest.approx(bank.std**2, rel=0.1)


def test_tile_field_refuses_an_overlap_beyond_half_a_tile(bank: NoiseBank) -> None:
    with pytest.raises(ParameterError, match="overlap of 1 to 16"):
        tile_field(bank, (64, 64), np.random.default_rng(0), overlap=17)


def test_resize_field_interpolates_between_pixel_centres() -> None:
    field = resize_field(np.array([[0.0, 4.0]]), (1, 4))
    np.testing.assert_allclose(field, [[0, 1, 3, 4]])


def test_constant_noise_is_refused() -> None:
    bank = NoiseBank.from_windows(np.full((3, 16, 16), 7, np.uint8))
    with pytest.raises(NoiseError, match="constant"):
        spectral_field(bank, (32, 32), np.random.default_rng(0))


@settings(deadline=None)
@given(
    a=st.floats(-1e3, 1e3),
    b=st.floats(-50, 50),
    c=st.floats(-50, 50),
    height=st.integers(1, 20),
    width=st.integers(1, 20),
)
def test_planes_are_removed_entirely(a: float, b: float, c: float, height: int, width: int) -> None:
    y, x = np.mgrid[:height, :width]
    np.testing.assert_allclose(remove_plane(a + b * x + c * y), 0, atol=1e-3)


def test_plane_removal_is_least_squares() -> None:
    window = np.random.default_rng(0).normal(size=(9, 7))
    y, x = np.mgrid[:9, :7]
    design = np.column_stack([np.ones(63), x.ravel(), y.ravel()])
    coefficients, *_ = np.linalg.lstsq(design, window.ravel(), rcond=None)
    expected = window - (design @ coefficients).reshape(9, 7)
    np.testing.assert_allclose(remove_plane(window), expected, atol=1e-6)


def test_matching_keeps_the_order_and_takes_the_distribution() -> None:
    rng = np.random.default_rng(0)
    field = rng.normal(size=(200, 200)).astype(np.float32)
    wanted = rng.exponential(size=100_000)
    matched = Marginal(quantile_table(wanted)).match(field, 1.0)
    order = np.argsort(field, axis=None)
    assert (np.diff(matched.ravel()[order]) >= -1e-6).all()
    assert abs(float(matched.mean())) < 1e-5
    assert moments(matched)[0] == pytest.approx(moments(wanted)[0], rel=0.03)


def test_log_spectral_distance_is_decibels() -> None:
    assert log_spectral_distance(np.full(15, 10.0), np.ones(15)) == pytest.approx(10.0)
