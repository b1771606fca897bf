"""Tar archives: headers that are the same wherever they are made, and a quick look at members.

The format is POSIX ustar (IEEE Std 1003.1, "pax"): each member is a header of 512 bytes and its
data, filled up with zeros to a multiple of 512; two blocks of zeros end the archive. Names that
a header cannot hold come in an extended header before it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sirst5k.errors import DatasetError
from sirst5k.imaging.regular import open_regular

BLOCK = 512
END = bytes(2 * BLOCK)
_NAME = 100  # bytes that a header has for the name
# name, mode, owner, group, size, time, checksum, type, link, magic, version, names, devices, prefix
_HEADER = struct.Struct("100s8s8s8s12s12s8s1s100s6s2s32s32s8s8s155s12x")
_LONGEST_NAME = 1 << 16
MOST_BYTES = 1 << 62  # an archive may be of any size: it is never read whole


class Member(NamedTuple):
    """A file in an archive: its name, and where its bytes lie."""

    name: str
    offset: int
    size: int


def member_header(name: str, size: int) -> bytes:
    """Return the bytes before a member's data.

    Owner, time and mode are constants, so that equal files make equal archives.

    Parameters
    ----------
    name : str
        With ``/`` between folders; any length.
    size : int
        Bytes of data.
    """
    raw = name.encode("utf-8", "surrogateescape")
    if len(raw) <= _NAME and raw.isascii():
        return _header(raw, size, b"0")
    record = _extended(b"path", raw)
    short = raw.decode("ascii", "replace").replace("\ufffd", "_").encode()[:_NAME]
    return (
        _header(b"PaxHeaders/" + short[: _NAME - 11], len(record), b"x")
        + record
        + padding(len(record))
        + _header(short, size, b"0")
    )


def padding(size: int) -> bytes:
    """Return the zeros after data of a size."""
    return bytes(-size % BLOCK)


def read_members(path: Path) -> Iterator[Member]:
    """Yield the files of an archive in order, reading their headers only.

    Raises
    ------
    DatasetError
        If it cannot be read, is no tar archive, is cut off, or is compressed.
    """
    try:
        with BufferedReader(open_regular(path, MOST_BYTES), 1 << 16) as file:
            yield from _members(file, path)
    except OSError as error:
        raise DatasetError(
            f"Expected a readable tar archive, but {path} cannot be read: {error.strerror}."
        ) from error


def _members(file: BinaryIO, path: Path) -> Iterator[Member]:
    length = file.seek(0, 2)
    position, name = 0, b""
    while True:
        file.seek(position)
        block = file.read(BLOCK)
        if block == bytes(BLOCK):
            return
        if len(block) < BLOCK:
            raise _damaged(path, "it ends before the end of the archive")
        fields = _HEADER.unpack(block)
        size = _checked_size(block, fields, path)
        start = position + BLOCK
        position = start + size + -size % BLOCK
        if start + size > length:
            raise _damaged(path, "it ends in the middle of a file")
        kind = fields[7]
        if kind in (b"x", b"L"):
            file.seek(start)
            data = file.read(min(size, _LONGEST_NAME))
            name = (data.rstrip(b"\0") if kind == b"L" else _path_of(data)) or name
            continue
        if kind in (b"0", b"\0"):
            short, prefix = fields[0].rstrip(b"\0"), fields[15].rstrip(b"\0")
            if prefix and fields[9].startswith(b"ustar\0"):
                short = prefix + b"/" + short
            yield Member((name or short).decode("utf-8", "surrogateescape"), start, size)
        name = b""


def _checked_size(block: bytes, fields: tuple[bytes, ...], path: Path) -> int:
    try:
        declared = int(fields[6].rstrip(b" \0") or b"0", 8)
        if sum(block) - sum(fields[6]) + 8 * 32 != declared:
            raise ValueError
        if fields[4][0] & 0x80:  # a binary number, for sizes of 8 GB and more
            size = int.from_bytes(fields[4][1:], "big")
        else:
            size = int(fields[4].rstrip(b" \0") or b"0", 8)
        if size < 0:
            raise ValueError
    except ValueError:
        what = (
            "it is compressed, and single samples cannot be read from that; unpack it to .tar"
            if block.startswith((b"\x1f\x8b", b"BZh", b"\xfd7z", b"\x28\xb5\x2f\xfd"))
            else "a header in it is none"
        )
        raise _damaged(path, what) from None
    return size


def _header(name: bytes, size: int, kind: bytes) -> bytes:
    block = _HEADER.pack(
        name,
        b"0000644\0",
        b"0000000\0",
        b"0000000\0",
        b"%011o\0" % size,
        b"00000000000\0",
        b" " * 8,
        kind,
        b"",
        b"ustar\0",
        b"00",
        b"",
        b"",
        b"0000000\0",
        b"0000000\0",
        b"",
    )
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _extended(key: bytes, value: bytes) -> bytes:
    """Return one record of an extended header: its own length, the key, the value."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + 1
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return str(length).encode() + rest


def _path_of(data: bytes) -> bytes:
    """Return the path that an extended header gives, or nothing."""
    while data:
        digits, blank, _ = data.partition(b" ")
        if not blank or not digits.isdigit():
            break
        record, data = data[: int(digits)], data[int(digits) :]
        if not record:
            break
        key, _, value = record[len(digits) + 1 :].partition(b"=")
        if key == b"path":
            return value.removesuffix(b"\n")
    return b""


def _damaged(path: Path, what: str) -> DatasetError:
    return DatasetError(f"Expected a whole tar archive, but {path} is not: {what}.")
