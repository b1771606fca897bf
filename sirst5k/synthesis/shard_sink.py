"""Tar shards of samples, named as WebDataset wants it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sirst5k.datasets.layouts.shards import FOLDER
from sirst5k.datasets.shards import MASK, key_of
from sirst5k.datasets.tarring import END, member_header, padding
from sirst5k.synthesis.sink import Packed, Record, manifest_line
from sirst5k.synthesis.units import Unit
from sirst5k.synthesis.whole_file import whole_file

SHARD_SIZE = 1000
"""Samples a shard by default: some ten to a hundred megabytes."""


class ShardSink:
    """Stores finished samples in ``shards/train-000000.tar`` …, each shard a unit.

    A shard gets its name when it is whole. Its bytes depend on the samples alone.

    Parameters
    ----------
    root : Path
        The output folder; it is there.
    shard_size : int
        Samples a shard.
    """

    form = "shards"

    def __init__(self, root: Path, shard_size: int = SHARD_SIZE) -> None:
        self.root = root
        self.unit_size = shard_size

    def prepare(self) -> None:
        """Make the folder."""
        (self.root / FOLDER).mkdir(parents=True, exist_ok=True)

    def store(self, unit: Unit, samples: Iterable[Packed]) -> list[Record]:
        """Write a shard and return the records of its samples."""
        shard = shard_name(unit)
        records = []
        with whole_file(self.root / shard) as file:
            for packed in samples:
                if packed.is_skipped:
                    records.append({**packed.head, "shard": shard, **packed.tail})
                    continue
                key = key_of(packed.head["id"])
                where = {
                    "shard": shard,
                    "image": f"{key}.{packed.ending}",
                    "mask": f"{key}{MASK}.png",
                }
                label = label_of({**packed.head, **packed.tail})
                for name, data in (
                    (where["image"], packed.image),
                    (where["mask"], packed.mask),
                    (f"{key}.json", label),
                ):
                    file.write(member_header(name, len(data)))
                    file.write(data)
                    file.write(padding(len(data)))
                records.append({**packed.head, **where, **packed.tail})
            file.write(END)
        return records

    def has(self, unit: Unit, records: Sequence[Mapping[str, Any]]) -> bool:  # noqa: ARG002
        """Return whether the shard is there, and not empty."""
        try:
            return (self.root / shard_name(unit)).stat().st_size > 0
        except OSError:
            return False


def shard_name(unit: Unit) -> str:
    """Return the name of a unit's shard below the output folder."""
    return f"{FOLDER}/{unit.split}-{unit.number:06d}.tar"


def label_of(record: Mapping[str, Any]) -> bytes:
    """Return the text of ``key.json``: the record, without where the files lie."""
    return manifest_line(
        {key: value for key, value in record.items() if key not in ("shard", "image", "mask")}
    ).encode()
