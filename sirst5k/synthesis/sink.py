"""What sinks have in common: samples as the bytes of files, and their line in the manifest."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from sirst5k.datasets import Dataset
from sirst5k.errors import DatasetError
from sirst5k.imaging import encode_png, encode_tiff, pixel_hash
from sirst5k.sample import Sample
from sirst5k.synthesis.soundness import is_sound_png
from sirst5k.synthesis.units import Unit

Record = dict[str, Any]
SKIPPED = "skipped"
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_ASCII_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))


class Packed(NamedTuple):
    """A sample as the bytes of its files.

    Attributes
    ----------
    head, tail : dict
        Its record, before and after the entries that say where the files lie.
    ending : str
        Of the image file: ``png`` or ``tiff``.
    image, mask : bytes
        The files; empty for a sample that is left out.
    """

    head: Record
    tail: Record
    ending: str = "png"
    image: bytes = b""
    mask: bytes = b""

    @property
    def is_skipped(self) -> bool:
        """Whether the sample is left out, on the user's wish."""
        return bool(self.head["split"] == SKIPPED)


class Sink(Protocol):
    """Where finished samples go, a unit at a time; a unit is there wholly or not at all."""

    form: str
    unit_size: int

    def prepare(self) -> None:
        """Make the folders."""
        ...

    def store(self, unit: Unit, samples: Iterable[Packed]) -> list[Record]:
        """Store the samples of a unit and return their records."""
        ...

    def has(self, unit: Unit, records: Sequence[Mapping[str, Any]]) -> bool:
        """Return whether the files of a unit are there."""
        ...


def pack_sample(sample: Sample, split: str) -> Packed:
    """Encode a sample: as PNG, or as TIFF if it is float32, which PNG cannot hold."""
    is_float = sample.image.dtype == np.float32
    image = encode_tiff(sample.image) if is_float else encode_png(sample.image)
    packed = Packed(
        *_record(sample, split), "tiff" if is_float else "png", image, encode_png(sample.mask)
    )
    if is_float:
        add_checksums(packed)
    if split == "train" and not sample.mask.any():
        packed.tail["empty"] = True
    return packed


def pack_untouched(dataset: Dataset, sample_id: str, split: str) -> Packed:
    """Take a sample of a dataset as it is: PNG files byte for byte.

    Files in another format are decoded and stored losslessly as `pack_sample` does.
    """
    sample = dataset.get(sample_id)
    files = dataset.source.files(sample_id)
    if files is None or any(file.suffix.lower() != ".png" for file in files):
        return pack_sample(sample, split)
    image, mask = (file.read_bytes() for file in files)
    packed = Packed(*_record(sample, split), "png", image, mask)
    add_checksums(packed)
    return packed


def skipped(output_id: str, source_id: str, error: DatasetError) -> Packed:
    """Return what stands for a sample that is left out."""
    head = {"id": output_id, "split": SKIPPED, "parent": source_id}
    return Packed(head, {"reason": str(error)})


def manifest_line(record: Mapping[str, Any]) -> str:
    """Return a record as one line of ``manifest.jsonl``."""
    line = _ENCODER.encode(record)
    try:
        line.encode()
    except UnicodeEncodeError:  # a file name that is no valid UTF-8
        line = _ASCII_ENCODER.encode(record)
    return line + "\n"


def _record(sample: Sample, split: str) -> tuple[Record, Record]:
    head = {
        "id": sample.id,
        "split": split,
        "parent": sample.meta.get("parent"),
        "operations": sample.meta.get("operations", []),
    }
    hashes = {
        "image_sha256": pixel_hash(sample.image),
        "mask_sha256": pixel_hash(sample.mask.view(np.uint8) * np.uint8(255)),
    }
    return head, hashes


def add_checksums(packed: Packed) -> None:
    """Record the checksum of a file that does not hold one over each of its bytes itself.

    What sirst5k writes as PNG does; TIFF has none, and others' PNG files may have bytes that
    are passed over when it is read.
    """
    for key, data in (("image", packed.image), ("mask", packed.mask)):
        if not is_sound_png(data):
            packed.tail[f"{key}_crc32"] = f"{zlib.crc32(data):08x}"
