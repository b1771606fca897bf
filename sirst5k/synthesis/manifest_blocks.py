"""A manifest in blocks, each of which a worker can find and check alone."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sirst5k.synthesis.faults import Fault, changed, missing, unreadable
from sirst5k.synthesis.manifest import parse_line
from sirst5k.synthesis.sink import SKIPPED, Record

BLOCK = 32  # samples of a folder; of shards, a block is what is in one


class ManifestBlocks:
    """Knows where the lines of each block are; holds none of them.

    Parameters
    ----------
    path : Path
        The manifest.

    Attributes
    ----------
    samples, masks : int
        Samples that it names, and masks among their files.
    digest : str
        sha256 of its bytes; empty if it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.samples = 0
        self.masks = 0
        self.digest = ""
        self._shards: list[str | None] = []  # of each block
        self._offsets = array("Q")  # where each block begins, and the last one ends

    def __len__(self) -> int:
        return len(self._shards)

    @property
    def has_shards(self) -> bool:
        """Whether the samples lie in shards."""
        return any(shard is not None for shard in self._shards)

    def read(self, complete: bool, see: Callable[[Record], None]) -> list[Fault]:
        """Go through the manifest once, and return what is wrong with its lines.

        Parameters
        ----------
        complete : bool
            Whether the run is finished; before that, the last line may be torn.
        see : callable
            Called with each record.
        """
        digest, faults, offset, in_block = hashlib.sha256(), list[Fault](), 0, 0
        try:
            with self.path.open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    record = parse_line(line)
                    if record is None:
                        if not complete and not line.endswith(b"\n"):
                            break
                        faults.append(changed(self.path.name, f"line {number} is no record"))
                    else:
                        stored = record["split"] != SKIPPED
                        self.samples += stored
                        self.masks += stored and record["mask"] is not None
                        see(record)
                    if self._begins(in_block, None if record is None else record.get("shard")):
                        self._offsets.append(offset)
                        in_block = 0
                    in_block += 1
                    offset += len(line)
                    digest.update(line)
        except FileNotFoundError:
            return [missing(self.path.name)]
        except OSError as error:
            return [unreadable(self.path.name, error)]
        self._offsets.append(offset)
        self.digest = digest.hexdigest()
        return faults

    def block(self, number: int) -> tuple[str | None, list[Record]]:
        """Return the shard of a block, if there are shards, and its records."""
        begin, end = self._offsets[number], self._offsets[number + 1]
        with self.path.open("rb") as file:
            file.seek(begin)
            lines = file.read(end - begin).split(b"\n")[:-1]
        records = (parse_line(line + b"\n") for line in lines)
        return self._shards[number], [record for record in records if record is not None]

    def names(self) -> Iterator[str]:
        """Yield the names of all files of samples."""
        for number, shard in enumerate(self._shards):
            if shard is not None:
                yield shard
                continue
            for record in self.block(number)[1]:
                if record["split"] != SKIPPED:
                    yield record["image"]
                    if record["mask"] is not None:
                        yield record["mask"]

    def _begins(self, in_block: int, shard: Any) -> bool:
        """Return whether a line begins a block: of another shard, or after so many lines."""
        current = self._shards[-1] if self._shards else None
        if isinstance(shard, str):
            begins = shard != current
        else:  # a damaged line stays where it is
            begins = not self._shards or (current is None and in_block >= BLOCK)
        if begins:
            self._shards.append(shard if isinstance(shard, str) else None)
        return begins
