"""A noise bank as a file: plain arrays and a JSON text, nothing that runs."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from sirst5k.errors import NoiseError, OutputError
from sirst5k.noise.bank import NoiseBank
from sirst5k.noise.shaping import Shaping

FORMAT = "sirst5k noise bank"
VERSION = 1


def save_bank(bank: NoiseBank, path: Path) -> None:
    """Write a bank under a temporary name, then rename it."""
    header = {
        "format": FORMAT,
        "version": VERSION,
        "full_scale": bank.full_scale,
        "sources": list(bank.sources),
        "report": dict(bank.report),
    }
    arrays: dict[str, Any] = {
        "windows": bank.windows,
        "origin": bank.origin,
        "levels": bank.levels,
        "spectrum": bank.spectrum,
        "power": bank.shaping.power,
        "quantiles": bank.shaping.quantiles,
        "header": np.frombuffer(json.dumps(header, sort_keys=True).encode(), np.uint8),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(buffer.getvalue())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"Cannot write the noise bank {path}: {error.strerror}.") from error


def load_bank(path: Path) -> NoiseBank:
    """Read a bank, refusing pickled content and anything that is not a bank."""
    refusal = f"{path} is not a noise bank. Make one with: sirst5k noise sample SOURCE -o FILE.npz"
    if not path.is_file():
        raise NoiseError(f"No noise bank at {path}. Make one with: sirst5k noise sample")
    try:
        # From memory: numpy leaves a file open that turns out not to be an archive.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        header = json.loads(arrays["header"].tobytes())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise NoiseError(refusal) from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise NoiseError(refusal)
    if header.get("version") != VERSION:
        raise NoiseError(
            f"{path} is a noise bank of version {header.get('version')}; this sirst5k reads "
            f"version {VERSION}. Sample it again."
        )
    try:
        bank = NoiseBank(
            windows=arrays["windows"],
            full_scale=float(header["full_scale"]),
            sources=tuple(header["sources"]),
            origin=arrays["origin"],
            report=header["report"],
        )
        shaping = Shaping(arrays["power"], arrays["quantiles"])
    except (KeyError, TypeError) as error:
        raise NoiseError(refusal) from error
    # What took long to fit is read, not fitted again.
    bank.__dict__["shaping"] = shaping
    return bank
