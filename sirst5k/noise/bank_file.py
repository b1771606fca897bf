"""A noise bank as a file: plain arrays and a JSON text, nothing that runs."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import NoiseError, OutputError
from sirst5k.imaging import write_atomically
from sirst5k.noise.archive import read_archive
from sirst5k.noise.bank import NoiseBank
from sirst5k.noise.shaping import Shaping
from sirst5k.sample import IMAGE_DTYPES

FORMAT = "sirst5k noise bank"
SEQUENCE_FORMAT = "sirst5k sequence noise"
VERSION = 1


def save_bank(bank: NoiseBank, path: Path) -> None:
    """Write a bank under a temporary name, then rename it.

    Raises
    ------
    OutputError
        If it cannot be written there.
    """
    write_archive(path, bank_header(bank), bank_arrays(bank))


def bank_header(bank: NoiseBank) -> dict[str, Any]:
    """Return what a file says of a bank beside its arrays."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "full_scale": bank.full_scale,
        "sources": list(bank.sources),
        "report": dict(bank.report),
    }


def bank_arrays(bank: NoiseBank) -> dict[str, NDArray[Any]]:
    """Return the arrays of a bank by the names that they have in a file."""
    return {
        "windows": bank.windows,
        "origin": bank.origin,
        "levels": bank.levels,
        "spectrum": bank.spectrum,
        "power": bank.shaping.power,
        "quantiles": bank.shaping.quantiles,
    }


def write_archive(path: Path, header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays and a header, as JSON among them, to an ``.npz`` file."""
    text = np.frombuffer(json.dumps(header, sort_keys=True).encode(), np.uint8)
    buffer = io.BytesIO()
    everything: dict[str, Any] = {**arrays, "header": text}
    np.savez_compressed(buffer, **everything)
    try:
        write_atomically(path, buffer.getvalue())
    except OutputError as error:
        raise OutputError(f"Cannot write the noise bank {path}. {error}") from error


def load_bank(path: Path) -> NoiseBank:
    """Read a bank, refusing pickled content and anything that is not a bank.

    Raises
    ------
    NoiseError
        If the file is missing, damaged, too large, of another version, or no bank.
    """
    header, arrays = open_archive(path)
    if header.get("format") == SEQUENCE_FORMAT:
        raise NoiseError(
            f"{path} holds the noise of sequences, in two parts. Load it with SequenceNoise.load, "
            f"or sample a bank of still images: sirst5k noise sample."
        )
    if header.get("format") != FORMAT:
        raise refusal(path, "its header does not say that it is one")
    check_version(path, header)
    return bank_of(path, header, arrays)


def open_archive(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the header and the arrays of a file, refusing what can be none of ours."""
    if not path.is_file():
        folder = ", which is a folder" if path.is_dir() else ""
        raise NoiseError(
            f"No noise bank at {path}{folder}. Make one with: sirst5k noise sample SOURCE -o "
            "FILE.npz"
        )
    try:
        arrays = read_archive(path)
        header = json.loads(arrays["header"].tobytes())
    except OSError as error:
        raise refusal(path, f"it cannot be read: {error.strerror}") from error
    except KeyError as error:
        raise refusal(path, f"it has no {error.args[0]!r}") from error
    except (ValueError, RecursionError) as error:
        raise refusal(path, str(error)) from error
    if not isinstance(header, dict):
        raise refusal(path, "its header does not say that it is one")
    return header, arrays


def check_version(path: Path, header: dict[str, Any]) -> None:
    """Refuse a file of another version."""
    if header.get("version") != VERSION:
        raise NoiseError(
            f"{path} is a noise bank of version {str(header.get('version'))[:20]}; this sirst5k "
            f"reads version {VERSION}. Sample it again."
        )


def bank_of(path: Path, header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> NoiseBank:
    """Build a bank out of what a file holds.

    Raises
    ------
    NoiseError
        If it does not fit together.
    """
    try:
        bank = _bank(header, arrays)
        shaping = _shaping(arrays["power"], arrays["quantiles"], bank.size)
    except KeyError as error:
        raise refusal(path, f"it has no {error.args[0]!r}") from error
    except NoiseError as error:
        raise refusal(path, str(error)) from error
    # What took long to fit is read, not fitted again.
    bank.__dict__["shaping"] = shaping
    return bank


def refusal(path: Path, why: str) -> NoiseError:
    """Return the error for a file that is no bank; `why` ends its first sentence."""
    why = why.rstrip(".")
    return NoiseError(
        f"{path} is not a noise bank: {why[:300]}. Make one with: "
        "sirst5k noise sample SOURCE -o FILE.npz"
    )


def _bank(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> NoiseBank:
    windows, origin = arrays["windows"], arrays["origin"]
    if windows.dtype not in IMAGE_DTYPES:
        raise NoiseError(f"its windows are of {windows.dtype}, not uint8, uint16 or float32")
    if origin.dtype.kind not in "iu":
        raise NoiseError(f"the origins of its windows are of {origin.dtype}, not whole numbers")
    scale, sources, report = header["full_scale"], header["sources"], header["report"]
    if not isinstance(scale, int | float) or not 0 < scale < float("inf"):
        raise NoiseError(f"its full scale is {str(scale)[:40]}, not a number above 0")
    if not isinstance(sources, list) or not all(isinstance(name, str) for name in sources):
        raise NoiseError("its sources are not a list of names")
    if not isinstance(report, dict):
        raise NoiseError("its report is not a mapping")
    bank = NoiseBank(windows, float(scale), tuple(sources), origin.astype(np.int32), report)
    if (bank.origin < 0).any() or (bank.origin[:, 0] >= max(1, len(sources))).any():
        raise NoiseError("windows of it come from sources that it does not name")
    return bank


def _shaping(power: NDArray[Any], quantiles: NDArray[Any], size: int) -> Shaping:
    fits = power.dtype == quantiles.dtype == np.float64
    if not fits or power.shape != (size, size) or quantiles.ndim != 1 or not quantiles.size:
        raise NoiseError("its spectrum or distribution is not of the form that its windows have")
    if not (np.isfinite(power).all() and (power >= 0).all() and power.any()):
        raise NoiseError("its spectrum is not one of powers")
    if not (np.isfinite(quantiles).all() and (np.diff(quantiles) >= 0).all()):
        raise NoiseError("its distribution does not ascend")
    return Shaping(power, quantiles)
