"""Names are data: what may be one, and which two a disk takes for one."""

from __future__ import annotations

import contextlib
import os
import re
import unicodedata
import uuid
from collections.abc import Iterable
from pathlib import Path

from sirst5k.errors import OutputError

LONGEST = 255
"""Bytes that file systems allow for one name, ending included."""

_DRIVE = re.compile(r"[A-Za-z]:")
_NUMBERS = re.compile(r"(\d+)")


def natural_key(name: str) -> tuple[list[str | int], str]:
    """Return a sort key in which numbers count as numbers: ``a2`` before ``a10``.

    Examples
    --------
    >>> sorted(["a10", "a2", "a02"], key=natural_key)
    ['a02', 'a2', 'a10']
    """
    pieces: list[str | int] = list(_NUMBERS.split(name))
    pieces[1::2] = map(int, pieces[1::2])
    return pieces, name  # the name breaks ties, so that no order depends on the disk


def leads_out(name: str) -> bool:
    r"""Return whether a relative name, with slashes of either kind, may leave its folder.

    Parameters
    ----------
    name : str
        From a list, a manifest or an archive: whatever a stranger wrote there.

    Examples
    --------
    >>> [leads_out(name) for name in ("44/1(814)", "../a", "/a", "C:/a", r"b\..\a", "a..b")]
    [False, True, True, True, True, False]
    """
    if "\0" in name or name.startswith(("/", "\\")) or _DRIVE.match(name):
        return True
    return ".." in name and ".." in re.split(r"[/\\]", name)


def unusable(name: str) -> str:
    r"""Return why a file's name cannot be a sample's id, or nothing if it can.

    Split lists hold one id a line, and everything that is written is written in UTF-8.

    Examples
    --------
    >>> unusable("Misc 1 (copy)é")
    ''
    >>> unusable("two\nlines")
    'it holds a control character, which no list can name'
    """
    if name.isprintable():
        return ""
    if any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in name):
        return "it holds a control character, which no list can name"
    if any(0xD800 <= ord(sign) < 0xE000 for sign in name):
        return "it is not in UTF-8"
    return ""


def printable(name: str) -> str:
    r"""Return a name as it can be printed and stored: what is no text becomes ``\udcff``."""
    return name if name.isprintable() else ascii(name)[1:-1]


def folds_names(folder: Path) -> bool:
    """Return whether a folder takes names that differ only by case for one; by trying.

    Parameters
    ----------
    folder : Path
        It must exist. A file is made in it and removed again.

    Raises
    ------
    OutputError
        If nothing can be written there.
    """
    probe = folder / f".Probe-{uuid.uuid4().hex}"
    try:
        probe.touch()
        try:
            return probe.with_name(probe.name.lower()).exists()
        finally:
            with contextlib.suppress(OSError):
                probe.unlink()
    except OSError as error:
        raise OutputError(
            f"Expected to write into {folder}, but cannot: {error.strerror}. Check that it may "
            "be written to, and is not full."
        ) from error


def check_apart(names: Iterable[str], folder: Path) -> None:
    """Refuse names of which one would overwrite another in a folder.

    Parameters
    ----------
    names : iterable of str
        Distinct ids, as they will name files.
    folder : Path
        Where; it must exist.

    Raises
    ------
    OutputError
        If two of them differ only by case or by how accents are coded, and the folder's file
        system takes such names for one.
    """
    folded: dict[str, str] = {}
    clash = None
    for name in names:
        other = folded.setdefault(_folded(name), name)
        if other != name:
            clash = other, name
            break
    if clash is not None and folds_names(folder):
        raise OutputError(
            f"Expected names that {folder} can tell apart, but its file system takes "
            f"{clash[0]!r} and {clash[1]!r} for one: it does not distinguish upper and lower "
            "case. Write to another disk, or rename one of them."
        )


def check_lengths(names: Iterable[str], longest_addition: str) -> None:
    """Refuse names that no file system can hold.

    Parameters
    ----------
    names : iterable of str
        Ids.
    longest_addition : str
        What is put behind them: ``_pixels0.png``.

    Raises
    ------
    OutputError
        If one is too long.
    """
    added = len(os.fsencode(longest_addition))
    for name in names:
        last = name.rpartition("/")[2]
        # Four bytes a sign is the most, so that most names need no encoding.
        if 4 * len(last) + added > LONGEST and len(os.fsencode(last)) + added > LONGEST:
            raise OutputError(
                f"Expected names of at most {LONGEST} bytes, but {last!r} with "
                f"{longest_addition!r} is longer. Rename it, or choose a layout that adds less."
            )


def _folded(name: str) -> str:
    return name if name.isascii() and name.islower() else _fold(name)


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
