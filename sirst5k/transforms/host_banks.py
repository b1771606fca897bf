"""Noise banks that a host's document names, kept at hand so that replay need not open them anew."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from sirst5k.errors import NoiseError
from sirst5k.noise import NoiseBank
from sirst5k.transforms.banks import fingerprint, open_bank

_HANDED_IN: WeakValueDictionary[str, NoiseBank] = WeakValueDictionary()


def find_bank(bank: object) -> tuple[str | dict[str, Any], NoiseBank]:
    """Return how a document names a bank, and the bank.

    Parameters
    ----------
    bank : NoiseBank, str, path, or mapping
        A mapping is what this function returned for a `NoiseBank`; that one is found
        again as long as it lives in this process.

    Raises
    ------
    NoiseError
        If it is none of these, cannot be opened, or lives no more.
    """
    if isinstance(bank, Mapping):
        known = _HANDED_IN.get(str(bank.get("sha256")))
        if known is None:
            raise NoiseError(
                f"Expected the noise bank of {bank.get('windows')} windows that the transform was "
                f"made with, but this process does not have it. Save the bank to a file, and make "
                f"the transform with that file's path."
            )
        return dict(bank), known
    if isinstance(bank, str | Path):
        return str(bank), _open(str(bank))
    opened, _ = open_bank(bank)
    digest = fingerprint(opened)
    _HANDED_IN[digest] = opened
    return {"sha256": digest, "windows": len(opened)}, opened


def _open(name: str) -> NoiseBank:
    path = Path(name)
    if path.is_file():
        state = path.stat()
        return _opened(name, state.st_mtime_ns, state.st_size)
    if name == "demo" or name.startswith("demo:"):
        return _opened(name, 0, 0)
    return open_bank(name)[0]


@lru_cache(maxsize=4)
def _opened(name: str, changed: int, size: int) -> NoiseBank:  # noqa: ARG001
    return open_bank(name)[0]
