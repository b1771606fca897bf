"""Stored samples against their records: there, readable, and the same to the byte."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from sirst5k.datasets.layouts.shards import FOLDER
from sirst5k.datasets.shards import MASK, image_from, key_of, mask_from
from sirst5k.datasets.tarring import BLOCK, END, member_header, padding
from sirst5k.errors import ImageError
from sirst5k.imaging import pixel_hash
from sirst5k.synthesis.faults import Fault, changed, missing, unreadable
from sirst5k.synthesis.folder_sink import IMAGES, MASKS
from sirst5k.synthesis.shard_sink import label_of
from sirst5k.synthesis.sink import SKIPPED
from sirst5k.synthesis.soundness import is_sound_png

Record = Mapping[str, Any]
_IMAGE_ENDINGS = ("png", "tiff")
_LARGEST_MEMBER = 1 << 33
_SHARD = re.compile(rf"{FOLDER}/(train|test)-\d{{6,}}\.tar")


class SampleChecker:
    """Checks the files of samples.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    test_threshold : float, optional
        Mask threshold with which the test images, stored as they came, were read.
    may_lack_masks : bool
        Whether samples are frames of sequences, of which only boxes may be known.
    """

    def __init__(
        self, root: Path, test_threshold: float | None = None, may_lack_masks: bool = False
    ) -> None:
        self.root = root
        self.test_threshold = test_threshold
        self.may_lack_masks = may_lack_masks

    def check_files(self, record: Record) -> list[Fault]:
        """Check the two files of one sample."""
        names = {
            "image": [f"{IMAGES}/{record['id']}.{ending}" for ending in _IMAGE_ENDINGS],
            "mask": [f"{MASKS}/{record['id']}.png"],
        }
        faults = []
        for key in ("image", "mask"):
            where = record[key]
            if where is None and self.may_lack_masks:
                continue
            if where not in names[key]:  # and perhaps outside the folder
                faults.append(changed("manifest.jsonl", f"it names {where!r} for {record['id']!r}"))
                continue
            try:
                data = (self.root / where).read_bytes()
            except FileNotFoundError:
                faults.append(missing(where))
                continue
            except OSError as error:
                faults.append(unreadable(where, error))
                continue
            faults += self.check_data(record, key, data, where)
        return faults

    def check_shard(self, shard: str, records: Sequence[Record]) -> list[Fault]:
        """Check a shard: its samples, and every byte around them."""
        if _SHARD.fullmatch(shard) is None:  # and perhaps outside the folder
            return [changed("manifest.jsonl", f"it names {shard!r}")]
        try:
            with (self.root / shard).open("rb", buffering=1 << 20) as file:
                return self._check_members(file, shard, records)
        except FileNotFoundError:
            return [missing(shard)]
        except OSError as error:
            return [unreadable(shard, error)]

    def check_data(self, record: Record, key: str, data: bytes, where: str) -> list[Fault]:
        """Check the bytes of an image file or a mask file, of which `key` says which it is."""
        try:
            if key == "image":
                found = pixel_hash(image_from(data, where))
            else:
                threshold = self.test_threshold if record["split"] == "test" else None
                mask = mask_from(data, where, threshold).mask
                found = pixel_hash(mask.view(np.uint8) * np.uint8(255))
        except ImageError as error:
            return [unreadable(where, error)]
        if found != record.get(f"{key}_sha256"):
            return [changed(where, "its pixels are others than the manifest says")]
        checksum = record.get(f"{key}_crc32")
        if not (is_sound_png(data) if checksum is None else f"{zlib.crc32(data):08x}" == checksum):
            return [changed(where, "bytes that do not show in the picture have changed")]
        return []

    def _check_members(self, file: BinaryIO, shard: str, records: Sequence[Record]) -> list[Fault]:
        faults: list[Fault] = []
        for record in records:
            if record["split"] == SKIPPED:
                continue
            key = key_of(record["id"])
            names = {
                "image": [f"{key}.{ending}" for ending in _IMAGE_ENDINGS],
                "mask": [f"{key}{MASK}.png"],
            }
            for part in ("image", "mask", "json"):
                name = f"{key}.json" if part == "json" else record[part]
                if part != "json" and name not in names[part]:
                    return [*faults, changed(shard, f"the manifest names {name!r} in it")]
                data = _next_member(file, name)
                if data is None:
                    # Where the next one begins is not known any more.
                    return [*faults, changed(shard, f"{name} is damaged in it, or missing")]
                where = f"{shard} ({name})"
                if part != "json":
                    faults += self.check_data(record, part, data, where)
                elif data != label_of(record):
                    faults.append(changed(where, "it says something else than the manifest"))
        if file.read(len(END) + 1) != END:
            faults.append(changed(shard, "something follows its last sample"))
        return faults


def _next_member(file: BinaryIO, name: str) -> bytes | None:
    """Return the data of a member of that name, or None if a byte around it is wrong."""
    blocks = len(member_header(name, 0)) // BLOCK
    header = file.read(blocks * BLOCK)
    try:
        size = int(header[-BLOCK:][124:135], 8)
    except ValueError:
        return None
    if not 0 <= size < _LARGEST_MEMBER or header != member_header(name, size):
        return None
    data = file.read(size)
    if len(data) < size or file.read(-size % BLOCK) != padding(size):
        return None
    return data
