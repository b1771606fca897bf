from __future__ import annotations

import numpy as np
import pytest

from sirst5k.errors import NoiseError, ParameterError, ShapeError
from sirst5k.noise import NoiseBank, find_flat_windows, find_windows
from sirst5k.sample import Sample


def frame(
    name: str = "a", noise: float = 2.0, dtype: type = np.uint8, seed: int = 0, shape=(96, 128)
) -> Sample:
    """A slope with sensor noise, clutter in the lower half, and one target in the upper."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    image = 60 + 0.3 * x + noise * rng.normal(size=shape)
    image[48:] += 30 * rng.random((shape[0] - 48, 1)) * np.sin(x[48:] / 3)
    mask = np.zeros(shape, bool)
    mask[16:20, 60:64] = True
    image[mask] += 60
    gain = {np.uint8: 1, np.uint16: 200, np.float32: 0.01}[dtype]
    return Sample(name, (gain * np.clip(image, 0, 255)).astype(dtype), mask)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_threshold_adapts_to_depth(dtype: type) -> None:
    sample = frame(dtype=dtype)
    found = find_flat_windows(sample.image, sample.mask, size=16, guard=3)
    gain = {np.uint8: 1, np.uint16: 200, np.float32: 0.01}[dtype]
    assert len(found.rows) > 5
    assert (found.rows + 16 <= 56).all()  # not in the clutter
    assert found.variances.mean() == pytest.approx((2 * gain) ** 2, rel=0.15)
    assert (found.variances <= found.threshold).all()


def test_targets_are_kept_away_from() -> None:
    sample = frame()
    guard, size = 5, 16
    found = find_flat_windows(sample.image, sample.mask, size, step=1, guard=guard, tolerance=1e6)
    clear_rows = (found.rows + size <= 16 - guard) | (found.rows >= 20 + guard)
    clear_columns = (found.columns + size <= 60 - guard) | (found.columns >= 64 + guard)
    assert (clear_rows | clear_columns).all()
    everywhere = find_flat_windows(sample.image, None, size, step=1, tolerance=1e6)
    assert everywhere.candidates > found.candidates


def test_clipped_constant_and_spotted_windows_are_no_noise() -> None:
    rng = np.random.default_rng(0)
    image = (100 + 3 * rng.normal(size=(64, 64))).astype(np.uint8)
    image[:16, :16] = 255
    image[16:32, :16] = 77
    image[40, 40] = 200
    found = find_flat_windows(image, size=16, step=16, tolerance=1e9, quantile=1.0)
    places = set(zip(found.rows.tolist(), found.columns.tolist()))
    assert (0, 0) not in places
    assert (16, 0) not in places
    assert (32, 32) not in places
    assert len(places) == 13


def test_an_image_smaller_than_the_window_gives_none() -> None:
    found = find_flat_windows(np.zeros((20, 40), np.uint8), size=32)
    assert found.candidates == 0
    assert np.isnan(found.threshold)


def test_bad_sampling_parameters_are_refused() -> None:
    with pytest.raises(ParameterError, match="tolerance >= 1"):
        find_flat_windows(np.zeros((64, 64), np.uint8), tolerance=0.5)
    with pytest.raises(ShapeError, match="one shape"):
        find_windows([np.zeros((64, 64)), np.zeros((64, 65))])


def test_a_bank_takes_fair_shares_and_leaves_clutter_out() -> None:
    samples = [frame(str(i), seed=i) for i in range(6)] + [frame("loud", noise=60.0, seed=9)]
    bank = NoiseBank.sample(samples, size=16, max_tiles=30, guard=3)
    assert len(bank) == 30
    assert bank.report["images_used"] == 6
    used, counts = np.unique(bank.origin[:, 0], return_counts=True)
    assert used.tolist() == [0, 1, 2, 3, 4, 5]
    assert counts.max() - counts.min() <= 1
    for window, (source, row, column) in zip(bank.windows, bank.origin):
        cut = samples[source].image[row : row + 16, column : column + 16]
        np.testing.assert_array_equal(window, cut)


def test_tiles_share_one_level_and_have_no_plane() -> None:
    samples = [frame(str(i), noise=1.0 + i, seed=i) for i in range(4)]
    bank = NoiseBank.sample(samples, size=16, guard=3)
    assert bank.tiles.dtype == np.float32
    np.testing.assert_allclose(bank.tiles.std(axis=(1, 2)), bank.std, rtol=1e-3)
    np.testing.assert_allclose(bank.tiles.mean(axis=(1, 2)), 0, atol=1e-4)
    assert bank.levels.max() / bank.levels.min() > 2


def test_no_noise_says_what_was_nearest_and_how_to_loosen() -> None:
    flat = Sample("flat", np.full((64, 64), 9, np.uint8), np.zeros((64, 64), bool))
    with pytest.raises(NoiseError, match=r"nearest, in flat, has variance 0.*--tolerance"):
        NoiseBank.sample([flat])
    with pytest.raises(NoiseError, match=r"variance .* above the limit of 0.01"):
        NoiseBank.sample([frame()], max_variance=0.01)
    with pytest.raises(NoiseError, match=r"128×128 pixels fits.*--size"):
        NoiseBank.sample([frame()], size=128)
    with pytest.raises(NoiseError, match="empty dataset"):
        NoiseBank.sample([])


def sequence(frames: int = 8, shape=(96, 128)) -> list[Sample]:
    """A strongly structured scene that stands still, new noise of deviation 2 in each frame."""
    rng = np.random.default_rng(0)
    scene = 100 + 20 * np.sin(np.arange(shape[1]) / 2) * np.ones((shape[0], 1))
    mask = np.zeros(shape, bool)
    mask[10:14, 10:14] = True
    return [
        Sample(f"{t}", (scene + 2 * rng.normal(size=shape)).round().astype(np.uint8), mask)
        for t in range(frames)
    ]


def test_the_temporal_residual_is_the_noise() -> None:
    frames = sequence()
    still = NoiseBank.sample(frames, size=16, max_variance=1e4)
    moving = NoiseBank.sample(frames, size=16, sequence=True)
    assert still.std > 8  # the scene's structure
    assert moving.std == pytest.approx(2.0, rel=0.08)
    assert moving.report["method"] == "temporal residual"
    flat = moving.tiles.reshape(len(moving), -1)
    lag = np.mean(moving.tiles[:, :, 1:] * moving.tiles[:, :, :-1]) / flat.var()
    assert abs(lag) < 0.05  # white, as it was made


def test_sequences_must_fit_together() -> None:
    with pytest.raises(NoiseError, match="two frames"):
        NoiseBank.sample(sequence(1), sequence=True)
    odd = [*sequence(2), *sequence(1, shape=(64, 64))]
    with pytest.raises(ShapeError, match="one size and depth"):
        NoiseBank.sample(odd, size=16, sequence=True)
