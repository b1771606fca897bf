"""The noise bank of a transform: handed in, or named by where it comes from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sirst5k.errors import NoiseError
from sirst5k.noise import NoiseBank
from sirst5k.synthesis import open_noise
from sirst5k.synthesis.parameters import AdaptiveSampling

BankLike = NoiseBank | str | Path


def open_bank(bank: object) -> tuple[NoiseBank, str | None]:
    """Return a bank, and the name that it can be opened by again if it has one.

    Parameters
    ----------
    bank : NoiseBank, str or path
        A bank; or an ``.npz`` file, an image or folder of noise (see `open_noise`); or
        ``demo`` (``demo:n=64,…``), which is sampled from the embedded training scenes.
    """
    if isinstance(bank, NoiseBank):
        return bank, None
    if not isinstance(bank, str | Path):
        raise NoiseError(
            f"Expected a noise bank, got {type(bank).__name__}. Make one: "
            f"NoiseBank.sample(dataset), or give the path of a saved one."
        )
    name = str(bank)
    if name == "demo" or name.startswith("demo:"):
        from sirst5k.datasets import open_stills

        return NoiseBank.sample(open_stills(name, "train")), name
    return open_noise(Path(bank), AdaptiveSampling()), name


def describe_bank(bank: NoiseBank, name: str | None) -> str | dict[str, Any]:
    """Return the bank's name, or by what a nameless one is known again."""
    if name is not None:
        return name
    return {"sha256": fingerprint(bank), "windows": len(bank)}


def recall_bank(described: object, handed: BankLike | None) -> BankLike:
    """Return the bank for a document: the one that is handed in, or the one it names.

    Raises
    ------
    NoiseError
        If there is neither, or the bank handed in is not the one that was described.
    """
    if isinstance(described, Mapping):
        if handed is None:
            raise NoiseError(
                f"Expected the noise bank of {described.get('windows')} windows that the "
                f"transform was made with, got none: hand it in, bank=…, or save it to a file "
                f"and make the transform with that file's path."
            )
        bank, _ = open_bank(handed)
        if fingerprint(bank) != described.get("sha256"):
            raise NoiseError(
                f"Expected the noise bank of {described.get('windows')} windows that the "
                f"transform was made with, got another one of {len(bank)}."
            )
        return handed
    if handed is not None:
        return handed
    if not isinstance(described, str):
        raise NoiseError(f"bank: expected a path or the description of a bank, got {described!r}.")
    return described


def fingerprint(bank: NoiseBank) -> str:
    """Return a hash of a bank's windows and of the grey level that is white."""
    windows = np.ascontiguousarray(bank.windows)
    little = windows.astype(windows.dtype.newbyteorder("<"), copy=False)
    digest = hashlib.sha256(f"{little.dtype.str} {little.shape} {bank.full_scale!r}".encode())
    digest.update(little.tobytes())
    return digest.hexdigest()
