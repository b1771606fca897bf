"""A folder of images and masks in the `dnanet` layout, which published scripts read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from sirst5k.datasets import Dataset
from sirst5k.errors import OutputError
from sirst5k.imaging import encode_png, encode_tiff, pixel_hash, write_atomically
from sirst5k.sample import Sample

Record = dict[str, Any]
IMAGES, MASKS = "images", "masks"
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class FolderSink:
    """Stores finished samples as ``images/ID.png`` and ``masks/ID.png``.

    Float images are stored as TIFF, because PNG has no such depth.

    Parameters
    ----------
    root : Path
        The output folder; `prepare` makes it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._prefix = f"{root}/"
        self._folders: set[str] = set()

    def prepare(self) -> None:
        """Make the folders.

        Raises
        ------
        OutputError
            If that is not possible.
        """
        try:
            for folder in (IMAGES, MASKS):
                (self.root / folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"Cannot make the output folder {self.root}: {error}.") from error

    def write(self, sample: Sample, split: str) -> Record:
        """Store a sample and return its manifest record."""
        ending = "tiff" if sample.image.dtype == np.float32 else "png"
        encode = encode_tiff if ending == "tiff" else encode_png
        record = _record(sample, split, ending)
        self._make_folders(sample.id)
        write_atomically(self._prefix + record["image"], encode(sample.image))
        write_atomically(self._prefix + record["mask"], encode_png(sample.mask))
        return record

    def copy(self, dataset: Dataset, sample_id: str, split: str) -> Record:
        """Store a sample of a dataset untouched: PNG files byte for byte.

        Files in another format are decoded and stored losslessly as `write` does.
        """
        sample = dataset.get(sample_id)
        files = dataset.source.files(sample_id)
        if files is None or any(file.suffix.lower() != ".png" for file in files):
            return self.write(sample, split)
        self._make_folders(sample_id)
        record = _record(sample, split, "png")
        for key, file in zip(("image", "mask"), files, strict=True):
            write_atomically(self._prefix + record[key], file.read_bytes())
        return record

    def has(self, record: Mapping[str, Any]) -> bool:
        """Return whether both files of a record are there."""
        return all((self.root / record[key]).is_file() for key in ("image", "mask"))

    def sweep(self) -> None:
        """Remove temporary files that an interrupted run left behind."""
        for folder in (self.root / IMAGES, self.root / MASKS):
            for leftover in folder.rglob(".*.part"):
                leftover.unlink(missing_ok=True)

    def _make_folders(self, sample_id: str) -> None:
        """Make the folders of an id like ``44/1(814)``; most ids have none."""
        parent = str(PurePosixPath(sample_id).parent)
        if parent != "." and parent not in self._folders:
            for folder in (IMAGES, MASKS):
                (self.root / folder / parent).mkdir(parents=True, exist_ok=True)
            self._folders.add(parent)


def manifest_line(record: Mapping[str, Any]) -> str:
    """Return a record as one line of ``manifest.jsonl``."""
    return _ENCODER.encode(record) + "\n"


def _record(sample: Sample, split: str, ending: str) -> Record:
    return {
        "id": sample.id,
        "split": split,
        "parent": sample.meta.get("parent"),
        "operations": sample.meta.get("operations", []),
        "image": f"{IMAGES}/{sample.id}.{ending}",
        "mask": f"{MASKS}/{sample.id}.png",
        "image_sha256": pixel_hash(sample.image),
        "mask_sha256": pixel_hash(sample.mask.view(np.uint8) * np.uint8(255)),
    }
