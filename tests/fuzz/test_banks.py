"""Why a noise bank is refused: before anything of it is unpacked or allocated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fuzz.documents import banks

from sirst5k import NoiseBank
from sirst5k.errors import NoiseError
from sirst5k.noise.archive import read_archive

BANKS = banks()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("pickled", "holds object, not numbers"),
        ("form-object", "holds object, not numbers"),
        ("form-text", "holds <U9, not numbers"),
        ("form-record", "not numbers"),
        ("vast-number", "'windows.npy' declares more than it holds"),
        ("minus", "is not as long as it declares"),
        ("bomb", "its arrays take .* bytes, and at most"),
        ("many-members", "its directory is larger than that of any bank"),
        ("comment", "is no .npz archive"),
        ("after", "is no .npz archive"),
        ("pickle", "is no .npz archive"),
        ("empty", "it is cut off"),
        ("encrypted", "encrypted"),
        ("header-nest", "recursion"),
        ("header-scale", "its full scale is -1"),
        ("header-sources", "its sources are not a list"),
        ("header-report", "its report is not a mapping"),
        ("odd-windows", "holds complex128, not numbers"),
        ("odd-origin", "sources that it does not name"),
        ("odd-power", "not one of powers"),
        ("odd-quantiles", "does not ascend"),
        ("no-power", "it has no 'power'"),
        ("no-header", "it has no 'header'"),
    ],
)
def test_the_reason_is_given(tmp_path: Path, name: str, reason: str) -> None:
    path = tmp_path / f"{name}.npz"
    path.write_bytes(BANKS[f"{name}.npz"])
    with pytest.raises(NoiseError, match=rf"(?s){name}\.npz is not a noise bank: .*{reason}"):
        NoiseBank.load(path)


def test_a_bank_of_another_version_is_named_shortly(tmp_path: Path) -> None:
    path = tmp_path / "bank.npz"
    path.write_bytes(BANKS["header-version.npz"])
    with pytest.raises(NoiseError, match="of version") as caught:
        NoiseBank.load(path)
    assert len(str(caught.value)) < 400


def test_arrays_come_as_numpy_reads_them(tmp_path: Path) -> None:
    arrays = {
        "c": np.arange(24, dtype=">u2").reshape(2, 3, 4),
        "f": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "scalar": np.float32(7),
        "none": np.zeros((0, 4), np.int64),
        "bool": np.array([True, False]),
    }
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **arrays)
        found = read_archive(tmp_path / "a.npz")
        assert set(found) == set(arrays)
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[name], array)
            assert found[name].dtype == array.dtype
