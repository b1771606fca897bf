"""An output folder, read back: what its run was, and its samples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sirst5k.datasets.names import leads_out
from sirst5k.datasets.shards import find_members, image_from, mask_from, read_data
from sirst5k.errors import DatasetError, DatasetNotFoundError, RecipeError
from sirst5k.imaging import read_image, read_mask
from sirst5k.noise import NoiseBank, SequenceNoise
from sirst5k.sample import Image, Mask, Sample
from sirst5k.synthesis.facts import FINISHED, UNFINISHED
from sirst5k.synthesis.manifest import MANIFEST, parse_line
from sirst5k.synthesis.recipe import Recipe

Record = dict[str, Any]


class OutputFolder:
    """A folder that `write_dataset` made, complete or not.

    Parameters
    ----------
    root : path
        It holds ``manifest.jsonl``.

    Attributes
    ----------
    root : Path
    complete : bool
        Whether the run came to its end.
    facts : mapping
        What ``dataset.json`` says: recipe, seed, version, source.
    recipe : Recipe

    Raises
    ------
    DatasetError
        If the files that say what the run was are missing or damaged.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        if not is_output_folder(self.root):
            raise DatasetNotFoundError(
                f"Expected an output folder of sirst5k synth, but {root} has no {MANIFEST}."
            )
        self.complete = (self.root / FINISHED).is_file()
        name = FINISHED if self.complete else UNFINISHED
        self.facts: Mapping[str, Any] = self._read_facts(self.root / name)
        try:
            self.recipe = Recipe.from_dict(self.facts["recipe"])
        except RecipeError as error:
            raise DatasetError(
                f"{self.root / name} holds a recipe that is none: {error}"
            ) from error

    def records(self) -> Iterator[Record]:
        """Read the manifest line by line, without what was skipped."""
        path = self.root / MANIFEST
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n") and not self.complete:
                    return  # the run was interrupted while it wrote this line
                record = parse_line(line)
                if record is None:
                    raise DatasetError(
                        f"Expected a record in line {number} of {path}, but it is damaged. Run "
                        f"sirst5k synth again, with --overwrite."
                    )
                if record["split"] != "skipped":
                    yield record

    def read(self, record: Mapping[str, Any]) -> Sample:
        """Return the stored sample of a record.

        Raises
        ------
        DatasetError
            If it cannot be read.
        """
        meta = {"parent": record.get("parent"), "operations": record["operations"]}
        if "shard" in record:
            image, mask = self._read_from_shard(record)
        else:
            image = read_image(self.inside(record["image"]))
            mask = read_mask(self.inside(record["mask"])).mask
        return Sample(record["id"], image, mask, meta)

    @property
    def holds_sequences(self) -> bool:
        """Whether the samples are frames of sequences."""
        return self.facts.get("format") == "sequences"

    def bank(self) -> NoiseBank | None:
        """Return the noise that a run over stills used; None if there is none."""
        path = self.root / "noise.npz"
        return NoiseBank.load(path) if path.is_file() else None

    def sequence_noise(self) -> SequenceNoise | None:
        """Return the noise that a run over sequences used; None if there is none."""
        path = self.root / "noise.npz"
        return SequenceNoise.load(path) if path.is_file() else None

    def _read_from_shard(self, record: Mapping[str, Any]) -> tuple[Image, Mask]:
        shard = self.inside(str(record["shard"]))
        members = find_members(shard)
        names = [record["image"], record["mask"]]
        for name in names:
            if name not in members:
                raise DatasetError(
                    f"Expected {name!r} in {shard}, but it is not there. Run sirst5k synth again."
                )
        image, mask = read_data(shard, [members[name] for name in names])
        return image_from(image, f"{shard} ({names[0]})"), mask_from(
            mask, f"{shard} ({names[1]})"
        ).mask

    def inside(self, name: str) -> Path:
        """Return the path of a file that the manifest names.

        Raises
        ------
        DatasetError
            If it would lie elsewhere.
        """
        if leads_out(name):
            raise DatasetError(
                f"{self.root / MANIFEST} names {name!r}, which is not in its own folder."
            )
        return self.root / name

    def _read_facts(self, path: Path) -> dict[str, Any]:
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DatasetError(
                f"Expected {path} to say which run it was, but it cannot be read: {error}."
            ) from error
        if not isinstance(facts, dict) or not isinstance(facts.get("source"), dict):
            raise DatasetError(f"Expected {path} to say which run it was, but it does not.")
        return {"recipe": None, "seed": 0, "version": "?", **facts}


def is_output_folder(path: str | Path) -> bool:
    """Return whether a folder was made by `write_dataset`."""
    return (Path(path) / MANIFEST).is_file()
