"""Frames as the bytes of files with their line in the manifest, and the folder they go to."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sirst5k.datasets.sequences import FrameLabels
from sirst5k.imaging import encode_png, encode_tiff, pixel_hash, write_atomically
from sirst5k.sample import Image, Mask
from sirst5k.synthesis.folder_sink import IMAGES, MASKS, FolderSink
from sirst5k.synthesis.sequences.making import MadeFrame
from sirst5k.synthesis.sink import Packed, Record, add_checksums
from sirst5k.synthesis.units import Unit
from sirst5k.synthesis.working import stop_if_orphaned


class SequenceSink(FolderSink):
    """Stores frames as ``images/SEQUENCE/FRAME.png``, their masks likewise where there are any."""

    form = "sequences"

    def has(self, unit: Unit, records: Sequence[Mapping[str, Any]]) -> bool:  # noqa: ARG002
        """Return whether all files are there, and none is empty."""
        names = (record[key] for record in records for key in ("image", "mask"))
        try:
            return all(os.stat(f"{self.root}/{name}").st_size for name in names if name)  # noqa: PTH116
        except OSError:
            return False

    def _write(self, packed: Packed) -> Record:
        frame_id = packed.head["id"]
        image = f"{IMAGES}/{frame_id}.{packed.ending}"
        mask = f"{MASKS}/{frame_id}.png" if packed.mask else None
        self._make_folders(frame_id)
        stop_if_orphaned()
        write_atomically(self.root / image, packed.image)
        if mask is not None:
            write_atomically(self.root / mask, packed.mask)
        return {**packed.head, "image": image, "mask": mask, **packed.tail}


def pack_made(made: MadeFrame, key: bool) -> Packed:
    """Encode a frame of a training sequence; `key` says whether its targets are annotated."""
    return _pack(made.id, "train", made.parent, made.operations, made.image, made.labels, key)


def pack_test(frame_id: str, image: Image, labels: FrameLabels, key: bool) -> Packed:
    """Encode an untouched frame of a test sequence.

    Parameters
    ----------
    frame_id : str
    image : (H, W) uint8 | uint16 | float32
        Stored as PNG, as TIFF if it is of floats.
    labels : FrameLabels
    key : bool
        Whether its targets are annotated.
    """
    return _pack(frame_id, "test", None, [], image, labels, key)


def _pack(
    frame_id: str,
    split: str,
    parent: str | None,
    operations: list[dict[str, Any]],
    image: Image,
    labels: FrameLabels,
    key: bool,
) -> Packed:
    is_float = image.dtype == np.float32
    mask = labels.mask
    head = {"id": frame_id, "split": split, "parent": parent, "operations": operations}
    tail: Record = {
        "boxes": labels.boxes.tolist(),
        "classes": labels.classes.tolist(),
        "tracks": None if labels.tracks is None else list(labels.tracks),
        "key": key,
        "image_sha256": pixel_hash(image),
        "mask_sha256": None if mask is None else pixel_hash(_levels(mask)),
    }
    packed = Packed(
        head,
        tail,
        "tiff" if is_float else "png",
        encode_tiff(image) if is_float else encode_png(image),
        b"" if mask is None else encode_png(mask),
    )
    if is_float:
        add_checksums(packed)
    return packed


def _levels(mask: Mask) -> Image:
    levels: Image = mask.view(np.uint8) * np.uint8(255)
    return levels
