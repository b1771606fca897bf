"""Stored frames of sequences made again from the recipe, and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sirst5k.datasets import Splits, open_dataset
from sirst5k.datasets.sequences import FrameLabels, SequenceDataset, sequence_of
from sirst5k.errors import DatasetError, Sirst5kError
from sirst5k.imaging import read_image, read_mask
from sirst5k.noise import SequenceNoise
from sirst5k.sample import Image
from sirst5k.synthesis.faults import Fault
from sirst5k.synthesis.output_folder import OutputFolder
from sirst5k.synthesis.recomputing import compare, not_reproduced
from sirst5k.synthesis.sequences.packing import pack_made
from sirst5k.synthesis.sequences.virtual import SyntheticSequences
from sirst5k.synthesis.sink import Record


class RecordedFrames:
    """Reads the stored originals of an output folder: frames by their records.

    Parameters
    ----------
    folder : OutputFolder
    records : mapping of str to record
        By frame id.
    """

    def __init__(self, folder: OutputFolder, records: Mapping[str, Record]) -> None:
        self.folder = folder
        self.records = records

    @property
    def has_masks(self) -> bool:
        """Whether the pixels of targets are known."""
        return any(record["mask"] is not None for record in self.records.values())

    def read(self, frame_id: str) -> Image:
        """Return a frame."""
        return read_image(self.folder.inside(self.records[frame_id]["image"]))

    def labels(self, frame_id: str, with_mask: bool) -> FrameLabels:
        """Return the targets of a frame as its record has them."""
        record = self.records[frame_id]
        mask, tracks = record["mask"], record["tracks"]
        return FrameLabels(
            np.array(record["boxes"], np.float32).reshape(-1, 4),
            np.array(record["classes"], np.int64),
            None if tracks is None else tuple(tracks),
            read_mask(self.folder.inside(mask)).mask if with_mask and mask else None,
        )

    def shape(self, frame_id: str) -> tuple[int, int]:
        """Return height and width of a frame."""
        height, width = self.read(frame_id).shape
        return height, width

    def file(self, frame_id: str) -> Path | None:
        """Return a frame's file."""
        return self.folder.inside(self.records[frame_id]["image"])

    def stamp(self, frame_id: str) -> str:
        """Return what identifies a frame's content."""
        return str(self.records[frame_id]["image_sha256"])


def originals_of(folder: OutputFolder) -> SequenceDataset | None:
    """Return the source sequences that an output folder holds itself; None if it has none."""
    records = {record["id"]: record for record in folder.records() if _is_original(record)}
    if not records:
        return None
    sequences: dict[str, list[str]] = {}
    for frame_id in records:
        sequences.setdefault(sequence_of(frame_id), []).append(frame_id)
    keys = [frame_id for frame_id, record in records.items() if record["key"]]
    return SequenceDataset(
        RecordedFrames(folder, records), sequences, keys, Splits(), "original", folder.root
    )


def open_source_sequences(path: str | Path, facts: Mapping[str, Any]) -> SequenceDataset:
    """Open the source of a run over sequences.

    Raises
    ------
    DatasetError
        If there is another dataset.
    """
    stated = facts["source"]
    source = open_dataset(
        path, stated.get("split", "all"), mask_threshold=stated.get("mask_threshold")
    )
    if not isinstance(source, SequenceDataset):
        raise DatasetError(f"Expected sequences, the source of the dataset, but {path} has none.")
    if source.fingerprint() != stated.get("fingerprint"):
        raise DatasetError(
            f"Expected the source of the dataset, {stated.get('samples')} key frames of "
            f"{stated.get('name')!r}, but {path} holds others: {len(source)} whose names or "
            f"content differ. Name the source that it was made of."
        )
    return source


@dataclass(frozen=True)
class SequenceRecomputer:
    """Makes picked frames again.

    Parameters
    ----------
    folder : OutputFolder
    noise : SequenceNoise, optional
        Read from the folder.
    source : SequenceDataset
        What the run was made of.
    records : sequence of record
        Of the picked frames.
    """

    folder: OutputFolder
    noise: SequenceNoise | None
    source: SequenceDataset
    records: Sequence[Record]

    def __call__(self, place: int) -> Fault | None:
        """Make a frame again; return what is wrong with it, if anything is."""
        record = self.records[place]
        try:
            # Which noise there was is stored, so that none is measured for one sequence.
            one = self._one(sequence_of(str(record["parent"])))
            synthetic = SyntheticSequences(
                one, self.folder.recipe, self.noise, int(self.folder.facts["seed"])
            )
            frame = synthetic.maker.frame(record["id"])
            made = pack_made(synthetic.make(frame), frame.source_id in set(one.ids))
        except Sirst5kError as error:
            return not_reproduced(record, str(error))
        return compare(made, record)

    def _one(self, sequence: str) -> SequenceDataset:
        frames = [frame for frame in self.source.ids if sequence_of(frame) == sequence]
        if not frames:
            raise DatasetError(f"there is no sequence {sequence!r} in the source")
        return self.source.subset(frames)


def _is_original(record: Record) -> bool:
    return bool(record["split"] == "train" and record["id"] == record["parent"])
