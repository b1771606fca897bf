"""Writing a synthetic dataset to a folder: the run, with its checks and its end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sirst5k.datasets import Dataset
from sirst5k.errors import DatasetError, ParameterError
from sirst5k.synthesis.executor import run_in_order
from sirst5k.synthesis.identity import run_identity
from sirst5k.synthesis.sink import FolderSink, Record, manifest_line
from sirst5k.synthesis.state import MANIFEST, OutputState
from sirst5k.synthesis.surveying import survey
from sirst5k.synthesis.virtual import SyntheticDataset

Advance = Callable[[int], Any]


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What a run did.

    Attributes
    ----------
    root : str
        The output folder.
    train, test : int
        Samples in the two lists.
    written : int
        Samples stored by this call; the others were there already.
    skipped : mapping of str to str
        Sources left out on the user's wish, with the reason.
    empty_masks : int
        Training outputs without any target.
    """

    root: str
    train: int
    test: int
    written: int
    skipped: Mapping[str, str]
    empty_masks: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)


def write_dataset(
    synthetic: SyntheticDataset,
    out: str | Path,
    jobs: int = 1,
    *,
    test: Dataset | None = None,
    limit: int | None = None,
    overwrite: bool = False,
    on_error: str = "stop",
    started: Callable[[int, int], Advance | None] | None = None,
) -> WriteReport:
    """Store a synthetic dataset as a folder in the `dnanet` layout.

    ``images/``, ``masks/``, ``50_50/train.txt`` and, if a test set is given, its files
    untouched with ``50_50/test.txt``; ``manifest.jsonl`` with one line a sample,
    ``noise.npz`` with the noise used, and at last ``dataset.json``. The bytes depend
    neither on `jobs` nor on interruptions: called again, it stores what is missing.

    Parameters
    ----------
    synthetic : SyntheticDataset
    out : path
        A new folder, or one that the same run left unfinished.
    jobs : int
        Worker processes; -1 takes every core.
    test : Dataset, optional
        Passed through untouched; it must share no sample with the source.
    limit : int, optional
        Store the first so many outputs only.
    overwrite : bool
        Replace another run in that folder.
    on_error : str
        ``stop`` at a sample that cannot be read, or ``skip`` it and say so.
    started : callable, optional
        Called once with (all, already stored) samples; what it returns is called with 1
        after each stored sample.

    Raises
    ------
    Sirst5kError
        If anything about the input or the folder is not as it must be; then nothing is
        left that looks like a finished dataset.
    """
    if on_error not in ("stop", "skip"):
        raise ParameterError(f"Expected on_error 'stop' or 'skip', got {on_error!r}.")
    if jobs == 0 or jobs < -1:
        raise ParameterError(f"Expected jobs of at least 1, or -1 for every core, got {jobs}.")
    if limit is not None and limit < 1:
        raise ParameterError(f"Expected a limit of at least 1 output, got {limit}.")
    _check_test_apart(synthetic.dataset, test)
    synthetic.plan.check_names(() if test is None else test.ids)
    survey(synthetic, test, jobs, on_error)
    run = _Run(synthetic, test, Path(out), limit, on_error)
    state = OutputState(run.sink.root, run_identity(synthetic, test, limit))
    complete = state.claim(overwrite)
    run.sink.prepare()
    run.sink.sweep()
    if synthetic.bank is not None and not (run.sink.root / "noise.npz").exists():
        synthetic.bank.save(run.sink.root / "noise.npz")
    done = state.trim(run.id_at)
    lost = [place for place, record in _records(run.sink.root) if not _is_there(run.sink, record)]
    if complete and (lost or done < len(run)):
        state.reopen()
    advance = started(len(run), done - len(lost)) if started is not None else None
    for place in lost:
        run.store(place)
        if advance:
            advance(1)
    with (run.sink.root / MANIFEST).open("a", encoding="utf-8") as manifest:
        for line in run_in_order(run.store, done, len(run), jobs):
            manifest.write(line)
            manifest.flush()
            if advance:
                advance(1)
    summary = _summarise(run.sink.root)
    if not (complete and not lost and done == len(run)):
        lists = {"train": summary.train}
        if test is not None:
            lists["test"] = summary.test
        state.finish(lists, summary.facts())
    return WriteReport(
        root=str(run.sink.root),
        train=len(summary.train),
        test=len(summary.test),
        written=len(run) - done + len(lost),
        skipped={**synthetic.dataset.skipped, **summary.skipped},
        empty_masks=summary.empty_masks,
    )


class _Run:
    """Everything a worker needs to store the sample at one place of the run."""

    def __init__(
        self,
        synthetic: SyntheticDataset,
        test: Dataset | None,
        root: Path,
        limit: int | None,
        on_error: str,
    ) -> None:
        self.synthetic = synthetic
        self.test = test
        self.sink = FolderSink(root)
        self.on_error = on_error
        planned = len(synthetic)
        self.outputs = planned if limit is None else min(limit, planned)

    def __len__(self) -> int:
        return self.outputs + (len(self.test) if self.test is not None else 0)

    def id_at(self, place: int) -> str:
        if place < self.outputs:
            return self.synthetic.plan[place].id
        if self.test is None:
            raise IndexError(place)
        return self.test.ids[place - self.outputs]

    def store(self, place: int) -> str:
        """Store the sample at a place and return its line of the manifest.

        The line, not the record: a worker has more time to write JSON than the parent.
        """
        return manifest_line(self._store(place))

    def _store(self, place: int) -> Record:
        if place >= self.outputs:
            assert self.test is not None
            return self.sink.copy(self.test, self.test.ids[place - self.outputs], "test")
        variant = self.synthetic.plan[place]
        try:
            sample = self.synthetic.make(variant)
        except DatasetError as error:
            if self.on_error == "stop":
                raise
            return {
                "id": variant.id,
                "split": "skipped",
                "parent": variant.source_id,
                "reason": str(error),
            }
        record = self.sink.write(sample, "train")
        if not sample.mask.any():
            record["empty"] = True
        return record


@dataclass
class _Summary:
    """What the manifest adds up to."""

    train: list[str]
    test: list[str]
    skipped: dict[str, str]
    empty_masks: int

    def facts(self) -> dict[str, Any]:
        """Return the counts that ``dataset.json`` states."""
        return {
            "counts": {
                "train": len(self.train),
                "test": len(self.test),
                "empty_masks": self.empty_masks,
            },
            "skipped": self.skipped,
        }


def _summarise(root: Path) -> _Summary:
    summary = _Summary([], [], {}, 0)
    for _, record in _records(root):
        if record["split"] == "skipped":
            summary.skipped[record["parent"]] = record["reason"]
        else:
            (summary.train if record["split"] == "train" else summary.test).append(record["id"])
            summary.empty_masks += bool(record.get("empty"))
    return summary


def _records(root: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    path = root / MANIFEST
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for place, line in enumerate(lines):
            yield place, json.loads(line)


def _is_there(sink: FolderSink, record: Mapping[str, Any]) -> bool:
    return record["split"] == "skipped" or sink.has(record)


def _check_test_apart(dataset: Dataset, test: Dataset | None) -> None:
    if test is None:
        return
    shared = sorted(set(dataset.ids) & set(test.ids))
    if shared:
        raise DatasetError(
            f"{len(shared)} test samples are among the sources too, as {shared[0]!r}. Test "
            f"images are never synthesised from: choose a split that leaves them out."
        )
