"""The rows of a contact sheet: a source beside some of its variants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sirst5k.datasets import Dataset
from sirst5k.errors import DatasetError
from sirst5k.noise import NoiseBank
from sirst5k.sample import Sample
from sirst5k.synthesis.output_folder import OutputFolder, Record
from sirst5k.synthesis.plan import Variant
from sirst5k.synthesis.recipe import Recipe
from sirst5k.synthesis.sheet_choice import check_ids, choose_samples, choose_variants
from sirst5k.synthesis.virtual import SyntheticDataset

_CANDIDATES = 48
"""Variants of one source that are looked at, spread over all of them."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A source and what was made of it.

    Attributes
    ----------
    source_id : str
    source : Sample, optional
        None where the output folder does not hold it.
    variants : tuple of Sample
        With ``operations`` in their ``meta``.
    """

    source_id: str
    source: Sample | None
    variants: tuple[Sample, ...]


def rows_of_dataset(
    dataset: Dataset,
    recipe: Recipe,
    bank: NoiseBank | None,
    *,
    samples: int = 3,
    variants: int = 3,
    seed: int = 0,
    ids: Sequence[str] = (),
) -> list[SheetRow]:
    """Make variants of some samples, the same that `write_dataset` would store.

    Parameters
    ----------
    dataset : Dataset
        Never a test split.
    recipe : Recipe
    bank : NoiseBank, optional
    samples, variants : int
        At most so many rows, and variants a row.
    seed : int
        Of the outputs, and of the choice of samples.
    ids : sequence of str
        Which samples instead.

    Raises
    ------
    DatasetError
        If an id is not in the dataset.
    """
    check_ids(ids, dataset.ids, dataset.describe())

    def shows_target(name: str) -> bool:
        return bool(dataset.get(name).mask.any())

    chosen = list(ids) or choose_samples(dataset.ids, samples, seed, shows_target)
    synthetic = SyntheticDataset(dataset.subset(chosen), recipe, bank, seed)
    planned: dict[str, list[Variant]] = {name: [] for name in chosen}
    for variant in synthetic.plan:
        if not variant.is_original:
            planned[variant.source_id].append(variant)
    rows = []
    for name, wanted in planned.items():
        step = max(1, len(wanted) / _CANDIDATES)
        made = [
            synthetic.make(wanted[int(place * step)]) for place in range(int(len(wanted) / step))
        ]
        places = choose_variants([sample.meta["operations"] for sample in made], variants)
        rows.append(SheetRow(name, dataset.get(name), tuple(made[place] for place in places)))
    return rows


def rows_of_output(
    folder: OutputFolder,
    *,
    samples: int = 3,
    variants: int = 3,
    seed: int = 0,
    ids: Sequence[str] = (),
) -> list[SheetRow]:
    """Read some sources and variants from an output folder.

    Parameters
    ----------
    folder : OutputFolder
    samples, variants : int
        At most so many rows, and variants a row.
    seed : int
        Of the choice of samples.
    ids : sequence of str
        Which sources instead.

    Raises
    ------
    DatasetError
        If the folder holds no variant, or not those wanted.
    """
    # Two passes over the manifest, so that memory does not grow with the outputs.
    made: dict[str, bool] = {}
    for record in folder.records():
        if record["split"] != "test" and record["operations"]:
            made[record["parent"]] = made.get(record["parent"], False) or not record.get("empty")
    if not made:
        raise DatasetError(f"{folder.root} holds no variant yet: there is nothing to show.")
    check_ids(ids, list(made), f"{folder.root} that variants were made of")
    chosen = list(ids) or choose_samples(list(made), samples, seed, made.__getitem__)
    originals: dict[str, Record] = {}
    stored: dict[str, list[Record]] = {name: [] for name in chosen}
    for record in folder.records():
        if record["split"] != "test" and record["parent"] in stored:
            if record["operations"]:
                stored[record["parent"]].append(record)
            else:
                originals[record["parent"]] = record
    rows = []
    for name, records in stored.items():
        places = choose_variants([record["operations"] for record in records], variants)
        source = folder.read(originals[name]) if name in originals else None
        rows.append(SheetRow(name, source, tuple(folder.read(records[k]) for k in places)))
    return rows
