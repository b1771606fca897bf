"""Split lists: text files with one sample id a line."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath
from typing import NamedTuple

from sirst5k.errors import SplitError


class Entry(NamedTuple):
    """One line of a list."""

    line: int
    id: str


def parse_list(path: Path, leading_slash: bool = False) -> list[Entry]:
    """Read a split list.

    Any line end, a byte order mark, blank lines and blanks around an id are accepted, as is
    a backslash for a slash.

    Parameters
    ----------
    path : Path
        The list file.
    leading_slash : bool
        Whether ids begin with a slash in this layout, which is then taken off.

    Raises
    ------
    SplitError
        If the file cannot be read as text, or an id points out of the dataset's folder.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SplitError(
            f"Expected a readable split list, but {path} cannot be read: {error.strerror}."
        ) from error
    except UnicodeDecodeError as error:
        raise SplitError(
            f"Expected a split list in UTF-8, but {path} is not: byte {error.start} "
            "does not decode. Save it as UTF-8."
        ) from error
    if "\0" in text:
        raise SplitError(f"Expected a text file with one id a line, but {path} holds zero bytes.")
    entries = []
    for number, line in enumerate(text.splitlines(), start=1):
        sample_id = line.strip()
        if not sample_id:
            continue
        sample_id = sample_id.replace("\\", "/")
        if leading_slash:
            sample_id = sample_id.lstrip("/")
        if "/" in sample_id or ":" in sample_id or sample_id == "..":
            sample_id = _inside(sample_id, path, number)
        entries.append(Entry(number, sample_id))
    return entries


def _inside(sample_id: str, path: Path, line: int) -> str:
    """Return the id with empty and ``.`` parts taken out, or refuse it."""
    parts = sample_id.split("/")
    if sample_id.startswith("/") or ".." in parts or PureWindowsPath(sample_id).drive:
        raise SplitError(
            f"Expected ids inside the dataset's folder, but line {line} of {path} is "
            f"{sample_id!r}, which leads out of it. Remove the line or correct it."
        )
    return "/".join(part for part in parts if part not in ("", "."))
