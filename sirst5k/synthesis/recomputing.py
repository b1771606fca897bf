"""Stored outputs made again from the recipe, and compared."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sirst5k._version import __version__
from sirst5k.datasets import Dataset, Splits, open_stills
from sirst5k.errors import DatasetError, Sirst5kError
from sirst5k.noise import NoiseBank
from sirst5k.sample import Mask, Sample
from sirst5k.synthesis.faults import Fault
from sirst5k.synthesis.output_folder import OutputFolder
from sirst5k.synthesis.sink import Packed, Record, manifest_line, pack_sample
from sirst5k.synthesis.virtual import SyntheticDataset


@dataclass(frozen=True, slots=True)
class Pick:
    """An output to be made again, with the record of the original beside it, if there is one."""

    record: Record
    original: Record | None


class Picker:
    """Picks some outputs out of a stream, each with the same chance.

    Parameters
    ----------
    number : int
        How many.
    """

    def __init__(self, number: int) -> None:
        self.picks: list[Pick] = []
        self._number = number
        self._seen = 0
        self._original: Record | None = None
        self._rng = random.Random(0)

    def see(self, record: Record) -> None:
        """Take note of the next record; variants follow their original."""
        if record["split"] != "train":
            return
        if record["id"] == record["parent"]:
            self._original = record
            return
        self._seen += 1
        place = self._seen - 1 if self._seen <= self._number else self._rng.randrange(self._seen)
        if place >= self._number:
            return
        original = self._original
        if original is not None and original["id"] != record["parent"]:
            original = None
        pick = Pick(record, original)
        if place < len(self.picks):
            self.picks[place] = pick
        else:
            self.picks.append(pick)


@dataclass(frozen=True)
class Recomputer:
    """Makes picked outputs again.

    Parameters
    ----------
    folder : OutputFolder
    bank : NoiseBank, optional
        Read from the folder.
    source : Dataset, optional
        What the run was made of; by default the originals that the folder holds.
    picks : sequence of Pick
    """

    folder: OutputFolder
    bank: NoiseBank | None
    source: Dataset | None
    picks: Sequence[Pick]

    def __call__(self, place: int) -> Fault | None:
        """Make a pick again; return what is wrong with it, if anything is."""
        record = self.picks[place].record
        try:
            made = self._make(self.picks[place])
        except Sirst5kError as error:
            return not_reproduced(record, str(error))
        if made is None:
            return not_reproduced(record, "the recipe has no such output")
        return compare(made, record)

    def _make(self, pick: Pick) -> Packed | None:
        source_id = str(pick.record["parent"])
        if self.source is not None:
            dataset = self.source.subset([source_id])
        else:
            assert pick.original is not None
            dataset = _one(self.folder.read(pick.original))
        # Which noise there was is stored, so that none is sampled for a single source.
        synthetic = SyntheticDataset(
            dataset, self.folder.recipe, self.bank, int(self.folder.facts["seed"])
        )
        wanted = (variant for variant in synthetic.plan if variant.id == pick.record["id"])
        variant = next(wanted, None)
        return None if variant is None else pack_sample(synthetic.make(variant), "train")


def open_source(path: str | Path, facts: Mapping[str, Any]) -> Dataset:
    """Open the source of a run.

    Raises
    ------
    DatasetError
        If there is another dataset.
    """
    stated = facts["source"]
    source = open_stills(
        path,
        stated.get("split", "all"),
        mask_threshold=stated.get("mask_threshold"),
        on_error="skip",
    )
    if source.fingerprint() != stated.get("fingerprint"):
        raise DatasetError(
            f"Expected the source of the dataset, {stated.get('samples')} samples of "
            f"{stated.get('name')!r}, but {path} holds others: {len(source)} samples whose names "
            f"or sizes differ. Name the source that it was made of."
        )
    return source


def _one(sample: Sample) -> Dataset:
    return Dataset(_Only(sample), [sample.id], Splits(), "original")


@dataclass(frozen=True)
class _Only:
    """A source of one sample, which is in memory."""

    sample: Sample

    def read(self, sample_id: str) -> Sample:  # noqa: ARG002
        return self.sample

    def read_mask(self, sample_id: str) -> Mask:  # noqa: ARG002
        return self.sample.mask

    def files(self, sample_id: str) -> None:  # noqa: ARG002
        return None

    def check(self, sample_id: str) -> None:  # noqa: ARG002
        return None

    def stamp(self, sample_id: str) -> str:
        return sample_id


def version_notes(facts: Mapping[str, Any]) -> list[str]:
    """Return a note if another version made the dataset than makes outputs again."""
    if facts.get("version") == __version__:
        return []
    return [
        f"The dataset was made by sirst5k {facts.get('version')}, and outputs were made again by "
        f"{__version__}."
    ]


def compare(made: Packed, record: Record) -> Fault | None:
    """Return what is wrong with a stored sample, given the same one made again."""
    fresh = json.loads(manifest_line({**made.head, **made.tail}))
    # Another version of OpenCV may write the same pixels as another TIFF file.
    differing = [
        key for key in fresh if fresh[key] != record.get(key) and not key.endswith("_crc32")
    ]
    if not differing:
        return None
    return not_reproduced(record, f"made again, it differs in {', '.join(differing)}")


def not_reproduced(record: Record, text: str) -> Fault:
    """Return the fault of an output that could not be made again; `text` ends the sentence."""
    where = str(record.get("shard", record["image"]))
    return Fault("not reproduced", where, f"{record['id']}: {text}.".replace("..", "."))
