"""The noise of sequences as a file: two banks in one archive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from sirst5k.errors import NoiseError
from sirst5k.noise.bank import NoiseBank
from sirst5k.noise.bank_file import (
    FORMAT,
    SEQUENCE_FORMAT,
    VERSION,
    bank_arrays,
    bank_header,
    bank_of,
    check_version,
    open_archive,
    refusal,
    write_archive,
)
from sirst5k.noise.sequence_noise import SequenceNoise

_PARTS = ("white", "fixed")


def save_sequence_noise(noise: SequenceNoise, path: Path) -> None:
    """Write both parts under a temporary name, then rename it.

    Raises
    ------
    OutputError
        If it cannot be written there.
    """
    header: dict[str, Any] = {
        "format": SEQUENCE_FORMAT,
        "version": VERSION,
        "report": dict(noise.report),
    }
    arrays: dict[str, NDArray[Any]] = {}
    for part in _PARTS:
        bank: NoiseBank | None = getattr(noise, part)
        header[part] = None if bank is None else bank_header(bank)
        if bank is not None:
            arrays |= {f"{part}_{name}": values for name, values in bank_arrays(bank).items()}
    write_archive(path, header, arrays)


def load_sequence_noise(path: Path) -> SequenceNoise:
    """Read both parts; a bank of still images is taken as noise that is all white.

    Raises
    ------
    NoiseError
        If the file is missing, damaged, too large, of another version, or neither.
    """
    header, arrays = open_archive(path)
    if header.get("format") == FORMAT:
        check_version(path, header)
        return SequenceNoise(bank_of(path, header, arrays), None, {"method": "a bank of stills"})
    if header.get("format") != SEQUENCE_FORMAT:
        raise refusal(path, "its header does not say that it is one")
    check_version(path, header)
    white, fixed, report = header.get("white"), header.get("fixed"), header.get("report")
    if not isinstance(white, dict) or not isinstance(fixed, dict | None):
        raise refusal(path, "its parts are not described")
    if not isinstance(report, dict):
        raise refusal(path, "its report is not a mapping")
    try:
        return SequenceNoise(
            _part(path, "white", white, arrays),
            None if fixed is None else _part(path, "fixed", fixed, arrays),
            report,
        )
    except NoiseError as error:
        if str(path) in str(error):
            raise
        raise refusal(path, str(error)) from error


def _part(
    path: Path, part: str, header: dict[str, Any], arrays: dict[str, NDArray[Any]]
) -> NoiseBank:
    prefix = f"{part}_"
    own = {
        name.removeprefix(prefix): values
        for name, values in arrays.items()
        if name.startswith(prefix)
    }
    return bank_of(path, header, own)
