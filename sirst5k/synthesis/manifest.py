"""``manifest.jsonl``: a line for each stored sample, in the order of the plan.

A line follows its files, so what it names was whole when it was written. A torn last line is
what a killed run may leave; it is cut off when the run goes on.
"""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType, UnionType
from typing import Any, Protocol

from sirst5k.errors import OutputError
from sirst5k.synthesis.sink import SKIPPED, Record, Sink
from sirst5k.synthesis.units import Units

MANIFEST = "manifest.jsonl"

# Frames of sequences may have boxes alone, and no mask.
_STORED: dict[str, type | UnionType] = {"image": str, "mask": str | None, "operations": list}
_KEYS: dict[str, dict[str, type | UnionType]] = {
    "train": {**_STORED, "parent": str},
    "test": _STORED,
    SKIPPED: {"parent": str, "reason": str},
}


class Expected(Protocol):
    """What a run would write."""

    sink: Sink
    units: Units

    def id_at(self, place: int) -> str:
        """Return the id of the sample at a place."""
        ...


@dataclass
class Progress:
    """How far a run got.

    Attributes
    ----------
    units : int
        Units that the manifest vouches for.
    size : int
        Bytes of their lines; what follows is no good.
    lost : list of (int, int)
        Units among them whose files are gone, each with a checksum of its lines.
    """

    units: int = 0
    size: int = 0
    lost: list[tuple[int, int]] = field(default_factory=list)


def read_progress(path: Path, run: Expected) -> Progress:
    """Return how far a run got, by its manifest and the files that this names."""
    progress = Progress()
    if not path.exists():
        return progress
    with path.open("rb") as lines:
        for number, unit in enumerate(run.units):
            records, size, checksum = [], 0, 0
            for place in range(unit.start, unit.stop):
                line = lines.readline()
                record = parse_line(line)
                if record is None or record["id"] != run.id_at(place):
                    return progress
                records.append(record)
                size += len(line)
                checksum = zlib.crc32(line, checksum)
            if not run.sink.has(unit, records):
                progress.lost.append((number, checksum))
            progress.units += 1
            progress.size += size
    return progress


def read_records(path: Path) -> Iterator[tuple[bytes, Record]]:
    """Yield each line of a whole manifest with its record.

    Raises
    ------
    OutputError
        At a damaged line.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            record = parse_line(line)
            if record is None:
                raise OutputError(
                    f"Expected a record in line {number} of {path}, but it is damaged. Run the "
                    f"same command again: it writes the manifest anew from there."
                )
            yield line, record


def parse_line(line: bytes) -> Record | None:
    """Return the record in a line, or None if the line is torn or damaged."""
    if not line.endswith(b"\n"):
        return None
    try:
        record: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    wanted = _KEYS.get(str(record.get("split")))
    if wanted is None or not isinstance(record.get("id"), str):
        return None
    fits = all(key in record and isinstance(record[key], kind) for key, kind in wanted.items())
    return record if fits else None


class ManifestWriter:
    """Adds lines to a manifest; each is on its way to the disk when `append` returns.

    Parameters
    ----------
    path : Path
    size : int
        Bytes that are good; what follows them is cut off.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self._size = size
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._handle = os.open(path, flags, 0o666)
        os.ftruncate(self._handle, size)
        os.lseek(self._handle, size, os.SEEK_SET)

    def __enter__(self) -> ManifestWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._handle)

    def append(self, lines: str) -> None:
        """Add lines.

        Raises
        ------
        OutputError
            If that is not possible; then none of them is added.
        """
        remaining = memoryview(lines.encode())
        size = self._size + len(remaining)
        try:
            while remaining:
                remaining = remaining[os.write(self._handle, remaining) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, self._size)
            raise OutputError(
                f"Expected to write {self.path}, but cannot: {error.strerror}. Make room, then "
                f"run the same command again to go on."
            ) from error
        self._size = size
