"""Unpacking a stranger's archive: nothing lands outside, nothing is a link, nothing is endless."""

from __future__ import annotations

import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from sirst5k.datasets.names import check_apart, leads_out, printable
from sirst5k.errors import DatasetError, OutputError

MOST_BYTES = 256 << 30
"""What an archive may unpack to; the largest public dataset is far below."""

_JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db")  # what desktops leave in archives
_CHUNK = 1 << 20
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
)


@dataclass(frozen=True)
class _Member:
    """A file in an archive."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def unpack(archive: Path, into: Path, most_bytes: int = MOST_BYTES) -> int:
    """Unpack a zip or tar file into a folder.

    Every name and size is looked at before the first file is written. Permissions, owners and
    times are not taken over.

    Parameters
    ----------
    archive : Path
        ``.zip``, ``.tar``, ``.tar.gz``, ``.tar.bz2`` or ``.tar.xz``; its content decides, not
        its name.
    into : Path
        A folder, made here.
    most_bytes : int
        What all files together may have.

    Returns
    -------
    int
        Files written.

    Raises
    ------
    DatasetError
        If it is no archive or a damaged one, if a name leads out of the folder, or if it holds a
        link, a device, an encrypted file, or more than `most_bytes`.
    OutputError
        If the disk is full or cannot be written.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                return _write(archive, list(_in_zip(archive, opened)), into, most_bytes)
        with tarfile.open(archive) as packed:
            return _write(archive, list(_in_tar(archive, packed)), into, most_bytes)
    except tarfile.ReadError as error:
        raise DatasetError(
            f"Expected a zip or tar file, but {archive} is none, or is not all there. "
            "Download it again; unpack other kinds (rar, 7z) yourself."
        ) from error
    except (*_DAMAGED, OSError) as error:
        if isinstance(error, OutputError):
            raise
        raise DatasetError(
            f"Expected a whole archive, but {archive} is damaged ({error}). Download it again."
        ) from error


def _in_zip(archive: Path, opened: zipfile.ZipFile) -> Iterator[_Member]:
    for item in opened.infolist():
        if item.is_dir():
            continue
        kind = stat.S_IFMT(item.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise _refusal(archive, item.filename, "is a link or a device")
        if item.flag_bits & 1:
            raise _refusal(archive, item.filename, "is encrypted")
        yield _Member(item.filename, item.file_size, partial(opened.open, item))


def _in_tar(archive: Path, packed: tarfile.TarFile) -> Iterator[_Member]:
    for item in packed:
        if item.isdir():
            continue
        if not item.isreg():
            raise _refusal(archive, item.name, "is a link or a device")

        yield _Member(item.name, item.size, partial(_open_in_tar, packed, item))


def _open_in_tar(packed: tarfile.TarFile, item: tarfile.TarInfo) -> IO[bytes]:
    stream = packed.extractfile(item)
    if stream is None:
        raise tarfile.TarError(f"{item.name} has no content")
    return stream


def _refusal(archive: Path, name: str, what: str) -> DatasetError:
    return DatasetError(
        f"Expected plain files in {archive}, but {printable(name)[:80]!r} {what}. Nothing was "
        "unpacked; look at the archive before you trust it."
    )


def _write(archive: Path, members: list[_Member], into: Path, most_bytes: int) -> int:
    wanted = {}
    for member in members:
        name = member.name.removeprefix("./")
        if leads_out(name):
            raise _refusal(archive, member.name, "leads out of its folder")
        if not set(name.split("/")).isdisjoint(_JUNK) or "/._" in f"/{name}":
            continue
        if name in wanted:
            raise _refusal(archive, member.name, "stands there twice")
        wanted[name] = member
    whole = sum(member.size for member in wanted.values())
    if whole > most_bytes:
        raise DatasetError(
            f"Expected {archive} to unpack to at most {most_bytes:,} bytes, but it declares "
            f"{whole:,}. Unpack it yourself if you trust it."
        )
    try:
        into.mkdir(parents=True, exist_ok=True)
        check_apart(wanted, into)
        for name, member in wanted.items():
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with member.open() as source, target.open("xb") as file:
                _copy(archive, member, source, file)
    except OSError as error:
        if error.errno is None:  # a decompressor's: gzip, bz2
            raise
        raise OutputError(
            f"Expected to unpack {archive} into {into}, but cannot: {error.strerror or error}. "
            "Check that it may be written to, and is not full."
        ) from error
    return len(wanted)


def _copy(archive: Path, member: _Member, source: IO[bytes], file: IO[bytes]) -> None:
    """Copy a member, and no byte more than it declares."""
    left = member.size
    while chunk := source.read(min(_CHUNK, left + 1)):
        left -= len(chunk)
        if left < 0:
            raise _refusal(archive, member.name, "is longer than it says")
        file.write(chunk)
    if left:
        raise EOFError(f"{printable(member.name)[:80]} is {left} bytes short")


def remove(folder: Path) -> None:
    """Remove what was unpacked, as far as that goes."""
    shutil.rmtree(folder, ignore_errors=True)
