"""A folder of images and masks in the `dnanet` layout, which published scripts read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from sirst5k.imaging import write_atomically
from sirst5k.synthesis.sink import SKIPPED, Packed, Record
from sirst5k.synthesis.units import Unit
from sirst5k.synthesis.working import stop_if_orphaned

IMAGES, MASKS = "images", "masks"


class FolderSink:
    """Stores finished samples as ``images/ID.png`` and ``masks/ID.png``, each a unit.

    Parameters
    ----------
    root : Path
        The output folder; it is there.
    """

    form = "folder"
    unit_size = 1

    def __init__(self, root: Path) -> None:
        self.root = root
        self._prefix = f"{root}/"
        self._folders: set[str] = set()

    def prepare(self) -> None:
        """Make the folders."""
        for folder in (IMAGES, MASKS):
            (self.root / folder).mkdir(parents=True, exist_ok=True)

    def store(self, unit: Unit, samples: Iterable[Packed]) -> list[Record]:  # noqa: ARG002
        """Write the files of samples and return their records."""
        return [self._write(packed) for packed in samples]

    def has(self, unit: Unit, records: Sequence[Mapping[str, Any]]) -> bool:  # noqa: ARG002
        """Return whether all files are there, and none is empty.

        A power failure may leave a file empty whose name had been written already.
        """
        try:
            return all(
                os.stat(self._prefix + record[key]).st_size  # noqa: PTH116
                for record in records
                if record["split"] != SKIPPED
                for key in ("image", "mask")
            )
        except OSError:
            return False

    def _write(self, packed: Packed) -> Record:
        if packed.is_skipped:
            return {**packed.head, **packed.tail}
        sample_id = packed.head["id"]
        where = {
            "image": f"{IMAGES}/{sample_id}.{packed.ending}",
            "mask": f"{MASKS}/{sample_id}.png",
        }
        self._make_folders(sample_id)
        stop_if_orphaned()
        write_atomically(self._prefix + where["image"], packed.image)
        write_atomically(self._prefix + where["mask"], packed.mask)
        return {**packed.head, **where, **packed.tail}

    def _make_folders(self, sample_id: str) -> None:
        """Make the folders of an id like ``44/1(814)``; most ids have none."""
        parent = str(PurePosixPath(sample_id).parent)
        if parent != "." and parent not in self._folders:
            for folder in (IMAGES, MASKS):
                (self.root / folder / parent).mkdir(parents=True, exist_ok=True)
            self._folders.add(parent)
