"""The picture of a noise bank, for banks of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from sirst5k.drawing.theme import SERIES
from sirst5k.errors import NoiseError
from sirst5k.noise import NoiseBank
from sirst5k.synthesis.noise_sheet import draw_noise_bank


def bank_of(count: int, size: int, dtype: type = np.uint8, level: float = 100) -> NoiseBank:
    rng = np.random.default_rng(0)
    white = 1.0 if dtype == np.float32 else float(np.iinfo(dtype).max)
    windows = rng.normal(level, 3, (count, size, size)) * white / 255
    return NoiseBank.from_windows((windows if white == 1 else windows.round()).astype(dtype))


@pytest.mark.parametrize(
    ("count", "size", "dtype"),
    [
        (40, 32, np.uint8),
        (1, 16, np.uint8),
        (3, 4, np.uint8),
        (5, 33, np.uint16),
        (2, 128, np.uint8),
        (9, 8, np.float32),
    ],
)
def test_any_bank_is_drawn(count: int, size: int, dtype: type) -> None:
    picture = draw_noise_bank(bank_of(count, size, dtype))
    assert picture.dtype == np.uint8
    assert picture.shape[1:] == (1920, 3)
    assert 700 < picture.shape[0] < 1600
    plots = picture[-520:]
    for colour in SERIES:  # each curve is seen
        assert (plots == colour).all(axis=2).sum() > 40


def test_the_same_bank_gives_the_same_picture() -> None:
    bank = bank_of(6, 16)
    np.testing.assert_array_equal(draw_noise_bank(bank), draw_noise_bank(bank))


def test_constant_windows_are_refused() -> None:
    with pytest.raises(NoiseError, match="constant"):
        draw_noise_bank(NoiseBank.from_windows(np.full((3, 16, 16), 7, np.uint8)))
