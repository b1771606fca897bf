from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sirst5k.contrast import measure_targets
from sirst5k.errors import ParameterError, ShapeError
from sirst5k.noise import add_residual, displace, move_scr

DTYPES = [np.uint8, np.uint16, np.float32]


@settings(deadline=None)
@given(
    image=arrays(np.uint8, (6, 7)),
    field=arrays(np.float64, (6, 7), elements=st.floats(-1, 2)),
    weight=st.floats(0, 1),
)
def test_mixing_follows_its_formula(image: np.ndarray, field: np.ndarray, weight: float) -> None:
    mixed = np.clip(weight * field + (1 - weight) * (image / 255), 0, 1)
    expected = np.rint(mixed.astype(np.float32) * np.float32(255))
    np.testing.assert_array_equal(displace(image, field, weight), expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_mixing_keeps_depth(dtype: type) -> None:
    white = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1.0
    image = (np.linspace(0, 1, 64).reshape(8, 8) * white).astype(dtype)
    same = displace(image, np.zeros((8, 8)), 0.0)
    assert same.dtype == dtype
    np.testing.assert_array_equal(same, image)
    half = displace(image, np.ones((8, 8)), 0.5)
    np.testing.assert_allclose(half, (image.astype(float) + white) / 2, atol=0.51)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_residual_keeps_mean_and_depth(dtype: type, share: float) -> None:
    rng = np.random.default_rng(0)
    scale = 1.0 if dtype == np.float32 else 100.0
    image = (scale * np.linspace(0.5, 1.5, 128)[:, None] * np.ones(128)).astype(dtype)
    field = (0.05 * scale * rng.normal(size=image.shape)).astype(np.float32)
    field -= field.mean()
    noisy = add_residual(image, field, 1.5, share)
    assert noisy.dtype == dtype
    change = noisy.astype(float) - image
    assert abs(change.mean()) < 0.005 * scale
    assert change.std() == pytest.approx(0.075 * scale, rel=0.05)
    dark, bright = change[:32].std(), change[-32:].std()
    assert bright / dark == pytest.approx(np.sqrt(1.375 / 0.625) if share else 1.0, rel=0.06)


@settings(deadline=None)
@given(
    image=arrays(np.uint8, (5, 5)),
    field=arrays(np.float32, (5, 5), elements=st.floats(-400, 400, width=32)),
    gain=st.floats(0, 4),
)
def test_residual_never_wraps_around(image: np.ndarray, field: np.ndarray, gain: float) -> None:
    exact = image + field.astype(float) * gain
    assert np.abs(add_residual(image, field, gain) - np.clip(exact, 0, 255)).max() <= 0.51


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scr", [0.5, 2.0, 6.0])
def test_targets_reach_the_wanted_scr(dtype: type, scr: float) -> None:
    rng = np.random.default_rng(0)
    scale = {np.uint8: 1, np.uint16: 100, np.float32: 0.01}[dtype]
    image = 100 + 5 * rng.normal(size=(80, 80))
    mask = np.zeros((80, 80), bool)
    mask[20:24, 20:24] = mask[50:53, 60:63] = True
    image[20:24, 20:24] += 40
    image[50:53, 60:63] -= 30
    image = (scale * image).astype(dtype)
    moved = move_scr(image, mask, scr)
    assert moved.dtype == dtype
    np.testing.assert_array_equal(moved[~mask], image[~mask])
    for before, after in zip(measure_targets(image, mask), measure_targets(moved, mask)):
        assert after.scr == pytest.approx(scr, rel=0.03, abs=0.11 if dtype == np.uint8 else 1e-3)
        assert np.sign(after.contrast) == np.sign(before.contrast)


def test_a_target_that_cannot_be_judged_stays() -> None:
    image = np.full((40, 40), 50, np.uint8)
    mask = np.zeros((40, 40), bool)
    mask[10:12, 10:12] = True
    image[mask] = 90  # on a background without any clutter
    np.testing.assert_array_equal(move_scr(image, mask, 3.0), image)
    np.testing.assert_array_equal(move_scr(image, np.zeros_like(mask), 3.0), image)


def test_bad_parameters_are_refused() -> None:
    image = np.zeros((4, 4), np.uint8)
    field = np.zeros((4, 4), np.float32)
    with pytest.raises(ShapeError, match="shape"):
        displace(image, np.zeros((4, 5)), 0.1)
    with pytest.raises(ShapeError, match="shape"):
        add_residual(image, np.zeros((5, 4), np.float32))
    with pytest.raises(ParameterError, match=r"\[0, 1\], got 1.5"):
        displace(image, field, 1.5)
    with pytest.raises(ParameterError, match="gain >= 0"):
        add_residual(image, field, -1.0)
    with pytest.raises(ParameterError, match="signal_dependence"):
        add_residual(image, field, 1.0, 1.5)
    with pytest.raises(ParameterError, match="not negative"):
        move_scr(image, image > 0, -1.0)
