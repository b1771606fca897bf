"""Split lists: text files with one sample id a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sirst5k.datasets.names import leads_out
from sirst5k.errors import SplitError
from sirst5k.imaging import read_regular

MAX_BYTES = 64 << 20
MAX_LINES = 3_000_000
"""Longer lists are refused: what a line takes in memory is many times what it takes on disk."""

# Only the line ends of text files: a name may hold what Unicode calls a line separator.
_LINE = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n|\Z)")
_BLANKS = " \t\v\f"


class Entry(NamedTuple):
    """One line of a list.

    Attributes
    ----------
    line : int
        Its number, from 1.
    id : str
        Without blanks around it, and with slashes of one kind.
    raw : str
        As it stands in the file, in case that a file bears just this name.
    """

    line: int
    id: str
    raw: str = ""


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
        If the file cannot be read as text, is longer than any list, or an id points out of
        the dataset's folder.
    """
    entries = []
    for number, raw in read_lines(path, strip=False):
        sample_id = raw.strip(_BLANKS)
        if "\\" in sample_id:
            sample_id = sample_id.replace("\\", "/")
        if leading_slash:
            sample_id = sample_id.lstrip("/")
        if "/" in sample_id or ":" in sample_id or sample_id == "..":
            sample_id = _inside(sample_id, path, number)
        entries.append(Entry(number, sample_id, raw if raw != sample_id else sample_id))
    return entries


def read_lines(path: Path, strip: bool = True) -> Iterator[tuple[int, str]]:
    """Yield number, from 1, and text of every line of a text file that is not blank.

    Parameters
    ----------
    path : Path
    strip : bool
        Whether blanks around the text are taken off.

    Raises
    ------
    SplitError
        If the file cannot be read as text, or is longer than any list.
    """
    text = _read_text(path)
    for number, match in enumerate(_LINE.finditer(text), start=1):
        if number > MAX_LINES + 1:
            raise SplitError(
                f"Expected at most {MAX_LINES:,} ids in a split list, but {path} has more lines. "
                "Divide the dataset, or correct the file."
            )
        bare = match[1].strip(_BLANKS)
        if bare:
            yield number, bare if strip else match[1]


def _read_text(path: Path) -> str:
    try:
        text = read_regular(path, MAX_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise SplitError(
            f"Expected a readable split list, but {path} cannot be read: {error.strerror}. "
            "Replace or remove it."
        ) from error
    except UnicodeDecodeError as error:
        raise SplitError(
            f"Expected a split list in UTF-8, but {path} is not: byte {error.start} "
            "does not decode. Save it as UTF-8."
        ) from error
    if "\0" in text:
        raise SplitError(
            f"Expected a text file with one id a line, but {path} holds zero bytes. "
            "Replace or remove it."
        )
    return text


def _inside(sample_id: str, path: Path, line: int) -> str:
    """Return the id with empty and ``.`` parts taken out, or refuse it."""
    if leads_out(sample_id):
        shown = repr(sample_id if len(sample_id) <= 300 else sample_id[:300] + "…")
        raise SplitError(
            f"Expected ids inside the dataset's folder, but line {line} of {path} is "
            f"{shown}, which leads out of it. Remove the line or correct it."
        )
    return "/".join(part for part in sample_id.split("/") if part not in ("", "."))
