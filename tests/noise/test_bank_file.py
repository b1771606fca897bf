from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from sirst5k.errors import NoiseError, OutputError
from sirst5k.noise import NoiseBank, spectral_field


@pytest.fixture
def bank() -> NoiseBank:
    rng = np.random.default_rng(0)
    return NoiseBank.from_windows((100 + 3 * rng.normal(size=(20, 16, 16))).astype(np.uint16))


def test_a_saved_bank_draws_the_same_fields(bank: NoiseBank, tmp_path: Path) -> None:
    bank.save(tmp_path / "bank.npz")
    loaded = NoiseBank.load(tmp_path / "bank.npz")
    np.testing.assert_array_equal(loaded.windows, bank.windows)
    assert (loaded.full_scale, loaded.sources) == (65535.0, bank.sources)
    one = spectral_field(bank, (40, 50), np.random.default_rng(3))
    two = spectral_field(loaded, (40, 50), np.random.default_rng(3))
    np.testing.assert_array_equal(one, two)


def test_saving_twice_writes_the_same_bytes(bank: NoiseBank, tmp_path: Path) -> None:
    bank.save(tmp_path / "one.npz")
    NoiseBank.load(tmp_path / "one.npz").save(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.npz", "two.npz"]


def test_a_pickled_bank_makes_the_same_fields(bank: NoiseBank) -> None:
    one = spectral_field(bank, (40, 50), np.random.default_rng(3))
    copied = pickle.loads(pickle.dumps(bank))
    np.testing.assert_array_equal(spectral_field(copied, (40, 50), np.random.default_rng(3)), one)


class Evil:
    def __reduce__(self):
        return (print, ("this must not run",))


def test_strangers_run_no_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "evil.npz", header=np.array([Evil()], dtype=object))
    with pytest.raises(NoiseError, match="not a noise bank"):
        NoiseBank.load(tmp_path / "evil.npz")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"hello", b"\x93NUMPY"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(NoiseError, match="other.npz is not a noise bank"):
        NoiseBank.load(path)


def test_truncated_banks_are_refused(bank: NoiseBank, tmp_path: Path) -> None:
    path = tmp_path / "bank.npz"
    bank.save(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), len(whole) // 23):
        path.write_bytes(whole[:length])
        with pytest.raises(NoiseError):
            NoiseBank.load(path)


def test_another_npz_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    with pytest.raises(NoiseError, match="not a noise bank"):
        NoiseBank.load(tmp_path / "a.npz")
    with pytest.raises(NoiseError, match="No noise bank at"):
        NoiseBank.load(tmp_path / "none.npz")


def test_an_unwritable_place_is_one_sentence(bank: NoiseBank, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Cannot write the noise bank"):
        bank.save(tmp_path / "missing" / "bank.npz")


def test_bad_windows_are_refused() -> None:
    with pytest.raises(NoiseError, match="square"):
        NoiseBank.from_windows(np.zeros((2, 8, 9), np.uint8))
    with pytest.raises(NoiseError, match="at least one"):
        NoiseBank.from_windows(np.zeros((0, 8, 8), np.uint8))
    with pytest.raises(NoiseError, match="4×4"):
        NoiseBank.from_windows(np.zeros((2, 3, 3), np.uint8))
    with pytest.raises(NoiseError, match="NaN"):
        NoiseBank.from_windows(np.full((2, 8, 8), np.nan))
    with pytest.raises(NoiseError, match="dtype"):
        NoiseBank.from_windows(np.full((2, 8, 8), "x"))
