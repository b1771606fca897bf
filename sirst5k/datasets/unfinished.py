"""The mark in a folder that a conversion writes: what it was, and whether it came to its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sirst5k.errors import DatasetError, OutputError
from sirst5k.imaging import read_regular

MARK = "conversion.json"
_MAX_BYTES = 16 << 20


def read_mark(root: Path) -> dict[str, Any] | None:
    """Return what a folder's mark says, or None if it has none.

    Raises
    ------
    OutputError
        If it cannot be read, or is not of sirst5k.
    """
    path = root / MARK
    try:
        mark = json.loads(read_regular(path, _MAX_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise OutputError(f"{path} cannot be read: {error}. Remove it, or that folder.") from error
    if not isinstance(mark, dict) or mark.get("command") != "convert":
        raise OutputError(f"{path} is not of sirst5k convert. Remove it, or name another folder.")
    return mark


def check_finished(root: Path) -> None:
    """Refuse a folder whose conversion was interrupted: it looks whole, and is not.

    Raises
    ------
    DatasetError
        If it is not complete.
    """
    try:
        mark = read_mark(root)
    except OutputError:
        return  # somebody else's file of that name
    if mark is not None and mark.get("complete") is not True:
        raise DatasetError(
            f"Expected a finished dataset, but the conversion that wrote {root} was interrupted. "
            "Run the same sirst5k convert again: it goes on where it stopped."
        )
