"""The file of a frame store: written once, mapped into memory, and checked when opened.

A head of 64 bytes (magic, version, where the footer is, its checksum), the arrays one after
another, each on a multiple of 64 bytes, and a footer in JSON that names them.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sirst5k.training.frames.store import Boxes, FrameStore, FrameTable, offsets_of

_MAGIC = b"sirst5k frames\n\0"
_VERSION = 1
_HEAD = struct.Struct("<16sIQQI")
_ALIGN = 64
_CHUNK = 1 << 22  # bytes


class DamagedError(Exception):
    """The file is not what it was when it was written."""


def write_store(
    path: Path, table: FrameTable, parts: Mapping[str, Path], key: Mapping[str, str]
) -> None:
    """Write the file of a store.

    Parameters
    ----------
    path : Path
        Written in place: give a temporary name, and replace.
    table : FrameTable
    parts : mapping
        Files with the raw levels of ``images`` and ``masks``; removed as they are taken in.
    key : mapping of str to str
        What the frames were made from; `read_store` expects the same.
    """
    with path.open("w+b") as file:
        file.write(bytes(_ALIGN))
        places = {}
        for name, part in parts.items():
            with part.open("rb") as levels:
                places[name] = _put(file, iter(lambda: levels.read(_CHUNK), b""))
            part.unlink()
        counts = np.array([len(boxes) for boxes in table.boxes], np.int64)
        arrays = {
            "shapes": table.shapes,
            "moments": table.moments,
            "counts": counts,
            "boxes": np.concatenate(table.boxes),
        }
        for name, array in arrays.items():
            places[name] = _put(file, [np.ascontiguousarray(array).tobytes()])
        end = file.tell()
        footer = json.dumps(
            {
                "key": dict(key),
                "dtype": table.dtype.name,
                "places": places,
                "checksum": _checksum(file, _ALIGN, end),
                "ids": table.ids,
                "parents": table.parents,
            }
        ).encode()
        file.seek(end)
        file.write(footer)
        file.seek(0)
        file.write(_HEAD.pack(_MAGIC, _VERSION, end, len(footer), zlib.crc32(footer)))


def read_store(path: Path, key: Mapping[str, str]) -> FrameStore:
    """Map the file of a store into memory, after reading it through once.

    Raises
    ------
    DamagedError
        If it is damaged, of another version, or made from something else than `key` says.
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        footer = _read_footer(file, path.stat().st_size)
        if footer["key"] != dict(key):
            raise DamagedError("made from other samples")
        if _checksum(file, _ALIGN, file.seek(0, 2) - footer["bytes"]) != footer["checksum"]:
            raise DamagedError("other bytes than were written")
    places = footer["places"]

    def mapped(name: str, dtype: Any) -> NDArray[Any]:
        start, stop = places[name]
        count = (stop - start) // np.dtype(dtype).itemsize
        array: NDArray[Any] = np.memmap(path, dtype, "r", start, (count,))
        return array

    def loaded(name: str, dtype: Any, width: int) -> NDArray[Any]:
        start, stop = places[name]
        if start == stop:
            return np.empty((0, width), dtype)
        return np.array(mapped(name, dtype)).reshape(-1, width)

    shapes = loaded("shapes", np.int64, 2)
    dtype = np.dtype(footer["dtype"])
    return FrameStore(
        ids=footer["ids"],
        parents=footer["parents"],
        shapes=shapes,
        boxes=_divided(loaded("boxes", np.int64, 4), loaded("counts", np.int64, 1)[:, 0]),
        moments=loaded("moments", np.float64, 2),
        dtype=dtype,
        offsets=offsets_of(shapes),
        images=mapped("images", dtype),
        masks=mapped("masks", np.uint8),
    )


def _divided(boxes: Boxes, counts: NDArray[np.int64]) -> list[Boxes]:
    ends = np.concatenate([[0], np.cumsum(counts)]).tolist()
    return [boxes[start:stop] for start, stop in pairwise(ends)]


def _put(file: BinaryIO, chunks: Iterable[bytes]) -> tuple[int, int]:
    """Append bytes on the next multiple of `_ALIGN`; return where they begin and end."""
    file.write(bytes(-file.tell() % _ALIGN))
    start = file.tell()
    for chunk in chunks:
        file.write(chunk)
    return start, file.tell()


def _read_footer(file: BinaryIO, size: int) -> dict[str, Any]:
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise DamagedError("too short")
    magic, version, start, length, checksum = _HEAD.unpack(head)
    if magic != _MAGIC or version != _VERSION:
        raise DamagedError("of another version")
    if start + length != size:
        raise DamagedError("of another length")
    file.seek(start)
    text = file.read(length)
    if zlib.crc32(text) != checksum:
        raise DamagedError("another footer than was written")
    footer: dict[str, Any] = json.loads(text)
    return {**footer, "bytes": length}


def _checksum(file: BinaryIO, start: int, stop: int) -> int:
    # Read, not mapped: mapped pages would count as this process's memory.
    file.seek(start)
    checksum = 0
    while start < stop:
        part = file.read(min(_CHUNK, stop - start))
        if not part:
            raise DamagedError("too short")
        checksum = zlib.crc32(part, checksum)
        start += len(part)
    return checksum
