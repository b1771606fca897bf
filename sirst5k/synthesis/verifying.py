"""Whether a stored dataset is what was written, wholly and to the byte."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sirst5k.datasets.layouts.shards import FOLDER as SHARDS
from sirst5k.datasets.names import leads_out
from sirst5k.errors import DatasetError, DatasetNotFoundError, Sirst5kError
from sirst5k.synthesis.checking_samples import SampleChecker
from sirst5k.synthesis.executor import run_in_order
from sirst5k.synthesis.facts import FINISHED, UNFINISHED, is_sealed
from sirst5k.synthesis.faults import Fault, changed, missing, stranger, unreadable
from sirst5k.synthesis.folder_sink import IMAGES, MASKS
from sirst5k.synthesis.manifest import MANIFEST
from sirst5k.synthesis.manifest_blocks import ManifestBlocks
from sirst5k.synthesis.output_folder import OutputFolder
from sirst5k.synthesis.recomputing import (
    Pick,
    Picker,
    Recomputer,
    open_source,
    version_notes,
)
from sirst5k.synthesis.sequences.verifying import recompute_frames
from sirst5k.synthesis.sink import SKIPPED, Record
from sirst5k.synthesis.state import LISTS, NOISE
from sirst5k.synthesis.strangers import find_strangers

Facts = Mapping[str, Any]
Progress = Callable[[Iterable[list[Fault]], int], Iterable[list[Fault]]]
RECOMPUTED = 8
"""Outputs that are made again by default."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What `verify_dataset` found.

    Attributes
    ----------
    root : str
        The folder.
    samples : int
        Samples that were checked.
    recomputed : int
        Outputs among them that were made again and compared.
    faults : tuple of Fault
        What is wrong; none if the dataset is as it was written.
    notes : tuple of str
        What could not be checked, and why.
    """

    root: str
    samples: int
    recomputed: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {**asdict(self), "faults": [asdict(fault) for fault in self.faults]}


def verify_dataset(
    path: str | Path,
    *,
    sample: int | None = None,
    jobs: int = 1,
    source: str | Path | None = None,
    progress: Progress | None = None,
) -> VerifyReport:
    """Check a folder that `write_dataset` made: a folder of images, or shards.

    Every file must be there, be readable, hold the pixels whose sha256 the manifest records,
    and be the same to the byte; no other file may be there. Some outputs are made again from
    the recipe, the noise and the originals in the folder, or in `source`.

    Parameters
    ----------
    path : path
        The folder.
    sample : int, optional
        Outputs to make again; by default `RECOMPUTED`, if the originals are at hand.
    jobs : int
        Worker processes; -1 takes every core.
    source : path, optional
        The dataset that the run was made of. Needed only if the recipe leaves the originals
        out.
    progress : callable, optional
        Wraps the stream of checked blocks, given their number; a tqdm bar.

    Raises
    ------
    DatasetNotFoundError
        If there is no output folder.
    DatasetError
        If `source` is not the source, or outputs are to be made again and there is none.
    """
    root = Path(path)
    if not any((root / name).is_file() for name in (MANIFEST, FINISHED, UNFINISHED)):
        raise DatasetNotFoundError(
            f"Expected an output folder of sirst5k synth, but {path} {_what_is_there(root)}. Name "
            "what sirst5k synth had as OUT."
        )
    complete = (root / FINISHED).is_file()
    facts, faults = _read_facts(root, complete)
    picker = Picker(RECOMPUTED if sample is None else sample)
    blocks = ManifestBlocks(root / MANIFEST)
    faults += blocks.read(complete, picker.see)
    if complete:
        faults += _check_single_files(root, facts, blocks.digest)
    sequences = facts.get("format") == "sequences"
    checker = SampleChecker(root, _threshold(facts), may_lack_masks=sequences)
    checked: Iterable[list[Fault]] = run_in_order(_Check(blocks, checker), 0, len(blocks), jobs, 1)
    for found in progress(checked, len(blocks)) if progress is not None else checked:
        faults += found
    if complete:  # before that, files may be there whose line is not
        faults += _find_strangers(root, facts, blocks, faults)
    picks = _unharmed(picker.picks, faults)
    recompute = recompute_frames if sequences else _recompute
    recomputed, wrong, notes = recompute(root, facts, picks, sample, source, jobs)
    return VerifyReport(str(root), blocks.samples, recomputed, (*faults, *wrong), tuple(notes))


@dataclass(frozen=True)
class _Check:
    """Checks the samples of one block of the manifest."""

    blocks: ManifestBlocks
    checker: SampleChecker

    def __call__(self, number: int) -> list[Fault]:
        shard, records = self.blocks.block(number)
        if shard is not None:
            return self.checker.check_shard(shard, records)
        faults = []
        for record in records:
            if record["split"] != SKIPPED:
                faults += self.checker.check_files(record)
        return faults


def _what_is_there(root: Path) -> str:
    if root.is_dir():
        return f"is none: it has neither {MANIFEST} nor {FINISHED}"
    return "is a file" if root.exists() else "is not there"


def _read_facts(root: Path, complete: bool) -> tuple[Facts, list[Fault]]:
    """Return what the folder says of its run, or nothing where that is not to be relied on."""
    name = FINISHED if complete else UNFINISHED
    faults = []
    if not complete:
        text = (
            f"{FINISHED} is missing: the run is not finished. Run the same sirst5k synth command "
            f"again to finish it."
        )
        faults.append(Fault("unfinished", FINISHED, text))
    elif (root / UNFINISHED).exists():
        faults.append(stranger(UNFINISHED))
    try:
        text = (root / name).read_text(encoding="utf-8")
        facts = json.loads(text)
    except FileNotFoundError:
        return {}, faults
    except (OSError, ValueError, RecursionError) as error:
        return {}, [*faults, unreadable(name, error)]
    if complete and not is_sealed(text):
        return {}, [*faults, changed(name, "its own sha256 does not fit it")]
    if not isinstance(facts, dict) or not isinstance(facts.get("source"), dict):
        return {}, [*faults, changed(name, "it does not say which run it was")]
    return facts, faults


def _threshold(facts: Facts) -> float | None:
    threshold = facts.get("source", {}).get("mask_threshold")
    return float(threshold) if isinstance(threshold, int | float) else None


def _check_single_files(root: Path, facts: Facts, manifest_digest: str) -> list[Fault]:
    """Check the manifest, the noise and the lists against what ``dataset.json`` says of them."""
    faults = []
    for name, expected in facts.get("files", {}).items():
        if leads_out(name):
            faults.append(changed(FINISHED, f"it names {name!r}"))
            continue
        try:
            found = (
                manifest_digest
                if name == MANIFEST
                else hashlib.sha256((root / name).read_bytes()).hexdigest()
            )
        except FileNotFoundError:
            faults.append(missing(name))
            continue
        except OSError as error:
            faults.append(unreadable(name, error))
            continue
        if found and found != expected:  # a manifest without digest is missing, and reported
            faults.append(changed(name, f"{FINISHED} records another sha256"))
    return faults


def _find_strangers(
    root: Path, facts: Facts, blocks: ManifestBlocks, faults: Sequence[Fault]
) -> list[Fault]:
    if blocks.has_shards:
        expected = {SHARDS: len(blocks)}
    else:
        expected = {IMAGES: blocks.samples, MASKS: blocks.masks}
    lost = [fault.where.partition("/")[0] for fault in faults if fault.kind == "missing"]
    present = {folder: number - lost.count(folder) for folder, number in expected.items()}
    anything = [NOISE, f"{LISTS}/train.txt", f"{LISTS}/test.txt"]  # if nobody says what there is
    files = [MANIFEST, UNFINISHED, *facts.get("files", anything)]
    return find_strangers(root, files, present, blocks.names)


def _unharmed(picks: Sequence[Pick], faults: Sequence[Fault]) -> list[Pick]:
    """Leave out outputs of which something is known to be wrong, or with their originals."""
    wrong = {fault.where.partition(" (")[0] for fault in faults}

    def is_good(record: Record) -> bool:
        return not wrong & {record.get("shard"), record["image"], record["mask"]}

    return [
        pick
        for pick in picks
        if is_good(pick.record) and (pick.original is None or is_good(pick.original))
    ]


def _recompute(
    root: Path,
    facts: Facts,
    picks: Sequence[Pick],
    sample: int | None,
    source: str | Path | None,
    jobs: int,
) -> tuple[int, list[Fault], list[str]]:
    """Make outputs again; return how many, what is wrong with them, and why there are not more."""
    if not picks:
        return 0, [], []
    try:
        folder = OutputFolder(root)
        bank = folder.bank()
        if not facts or (folder.recipe.needs_noise and bank is None):
            raise DatasetError("what the run was made with is damaged")
    except Sirst5kError as error:
        return 0, [], [f"No output was made again: {error}"]
    dataset = None if source is None else open_source(source, facts)
    if dataset is None and any(pick.original is None for pick in picks):
        if sample is not None:
            raise DatasetError(
                f"Expected the originals in {root}, to make outputs again, but its recipe leaves "
                f"them out. Name the source: --source PATH."
            )
        return 0, [], ["No output was made again: name the source for that, with --source PATH."]
    task = Recomputer(folder, bank, dataset, picks)
    faults = [fault for fault in run_in_order(task, 0, len(picks), jobs) if fault is not None]
    return len(picks), faults, version_notes(facts)
