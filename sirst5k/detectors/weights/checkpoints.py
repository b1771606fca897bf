"""Torch checkpoints, read so that nothing in them can run or grow."""

from __future__ import annotations

import re
import zipfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from sirst5k.errors import WeightsError
from sirst5k.optional import require

ZIP = b"PK\x03\x04"


def load_checkpoint(path: Path) -> Any:
    """Return what ``torch.save`` stored: tensors, numbers, texts, and containers of them.

    Raises
    ------
    WeightsError
        If the file holds code, is damaged, or is something else.
    """
    torch = require("torch", "a torch checkpoint")
    archive = _is_archive(path)
    if archive:
        _check_archive(path)
    try:
        with _plain_numpy(torch):
            # Mapped, the state of an optimizer is never read.
            return torch.load(path, map_location="cpu", weights_only=True, mmap=archive or None)
    except Exception as error:  # damage shows as almost any exception
        raise WeightsError(_refusal(path, error)) from error


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(ZIP)) == ZIP


def _check_archive(path: Path) -> None:
    """Refuse an archive that would take more memory than its file is long.

    One that is compressed is refused as well, because it cannot be mapped.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise WeightsError(_damaged(path)) from error
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    if packed or sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise WeightsError(
            f"Expected an archive as torch writes it, but {path} is compressed or unpacks to more "
            f"than it is long. Save it again with torch.save."
        )


def _plain_numpy(torch: Any) -> AbstractContextManager[Any]:
    """Allow NumPy's numbers and arrays, as training scripts keep their best score in one."""
    allow = getattr(torch.serialization, "safe_globals", None)  # since torch 2.5
    if allow is None:
        return nullcontext()
    scalar, rebuild = np.float64(0).__reduce__()[0], np.zeros(0).__reduce__()[0]
    makers = [
        (make, f"numpy.{core}.multiarray.{name}")
        for core in ("core", "_core")  # numpy 1 and 2
        for make, name in ((scalar, "scalar"), (rebuild, "_reconstruct"))
    ]
    numbers = [np.dtype(code) for code in "?bBhHiIlLqQefd"]
    context: AbstractContextManager[Any] = allow(
        [*makers, np.ndarray, np.dtype, *{type(number) for number in numbers}]
    )
    return context


def _refusal(path: Path, error: Exception) -> str:
    code = re.search(r"GLOBAL ([\w.]+)", str(error))
    if code is None:
        return _damaged(path)
    return (
        f"Expected tensors and names only, but {path} holds code ({code[1]}), which sirst5k never "
        f"runs. Save model.state_dict() alone, in the program that wrote the file."
    )


def _damaged(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(64).lstrip().lower()
    for sign, found in ((b"<", "a web page"), (b"version https://git-lfs", "a Git LFS pointer")):
        if start.startswith(sign):
            return (
                f"Expected a safetensors file or a torch checkpoint, but {path} is {found}. "
                f"Download the file itself."
            )
    return (
        f"Expected a safetensors file or a torch checkpoint, but {path} is damaged or none. Copy "
        f"or download it again."
    )
