"""Writing a synthetic dataset to a folder: the run, with its checks and its end."""

from __future__ import annotations

import contextlib
import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from sirst5k.datasets import Dataset
from sirst5k.datasets.names import check_apart, check_lengths, unusable
from sirst5k.errors import DatasetError, OutputError, ParameterError, Sirst5kError, suggest
from sirst5k.synthesis.backends import check_backend, open_backend
from sirst5k.synthesis.executor import CHUNK, InOrder
from sirst5k.synthesis.folder_sink import FolderSink
from sirst5k.synthesis.identity import Identity, run_identity
from sirst5k.synthesis.lock import FolderLock
from sirst5k.synthesis.manifest import (
    MANIFEST,
    Expected,
    ManifestWriter,
    Progress,
    read_progress,
)
from sirst5k.synthesis.run import Run
from sirst5k.synthesis.shard_sink import SHARD_SIZE, ShardSink
from sirst5k.synthesis.sink import Sink
from sirst5k.synthesis.state import LISTS, NOISE, OutputState
from sirst5k.synthesis.summary import Summary, summarise
from sirst5k.synthesis.surveying import survey
from sirst5k.synthesis.virtual import SyntheticDataset

Advance = Callable[[int], Any]
FORMATS = ("folder", "shards")


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
    format: str = "folder",
    shard_size: int = SHARD_SIZE,
    backend: str = "loky",
    scheduler: str | None = None,
    started: Callable[[int, int], Advance | None] | None = None,
) -> WriteReport:
    """Store a synthetic dataset as a folder in the `dnanet` layout, or as tar shards.

    ``images/``, ``masks/``, ``50_50/train.txt`` and, if a test set is given, its files
    untouched with ``50_50/test.txt``; or ``shards/train-000000.tar`` …, in WebDataset's
    naming. Beside them ``manifest.jsonl`` with one line a sample, ``noise.npz`` with the
    noise used, and at last ``dataset.json``. The bytes depend neither on `jobs` nor on
    interruptions: called again, it stores what is missing.

    Parameters
    ----------
    synthetic : SyntheticDataset
    out : path
        A new folder, or one that the same run left unfinished. A run with a higher `limit`
        goes on with what one with a lower limit stored.
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
    format : str
        ``folder`` or ``shards``.
    shard_size : int
        Samples a shard; a shard is made anew as a whole.
    backend : str
        ``loky`` makes the outputs in processes of this machine, ``dask`` on a Dask cluster
        whose workers reach the source and `out` under the same paths.
    scheduler : str, optional
        Address of the Dask scheduler; without one, a cluster of `jobs` processes of this
        machine is started for the run.
    started : callable, optional
        Called once with (all, already stored) samples; what it returns is called with the
        number of samples stored since.

    Raises
    ------
    Sirst5kError
        If anything about the input or the folder is not as it must be, or another process
        writes to it; then nothing is left that looks like a finished dataset.
    """
    _check_parameters(jobs, limit, on_error, format, shard_size)
    check_backend(backend, scheduler)
    _check_test_apart(synthetic.dataset, test)
    reserved = () if test is None else test.ids
    _check_names(synthetic, reserved)
    root = Path(out)
    OutputState(root).check()
    with one_sentence(root), contextlib.ExitStack() as stack:
        if root.exists():  # a folder in use is refused before hours of looking
            stack.enter_context(FolderLock(root))
        in_order = stack.enter_context(open_backend(root, jobs, backend, scheduler))
        survey(synthetic, test, jobs, on_error)
        _check_lengths(synthetic)
        sink: Sink = FolderSink(root) if format == "folder" else ShardSink(root, shard_size)
        run = Run(synthetic, test, sink, limit, on_error)
        identity = run_identity(
            synthetic,
            test,
            limit if run.outputs < len(synthetic) else None,
            {"format": format} | ({"shard_size": shard_size} if format == "shards" else {}),
        )
        if not root.exists():
            stack.enter_context(FolderLock(root))
        if format == "folder":
            check_apart([*synthetic.dataset.ids, *reserved], root)
        return _write(run, root, identity, in_order, overwrite, started)


def _write(
    run: Run,
    root: Path,
    identity: Identity,
    in_order: InOrder,
    overwrite: bool,
    started: Callable[[int, int], Advance | None] | None,
) -> WriteReport:
    state = OutputState(root)
    complete = state.claim(identity, overwrite)
    state.sweep()
    run.sink.prepare()
    progress = read_progress(root / MANIFEST, run)
    if complete and (progress.lost or progress.units < len(run.units)):
        state.reopen(identity)
    bank = run.synthetic.bank
    if bank is not None:
        bank.save(root / NOISE)
    with state.swept_after_errors():
        written = store_run(run, root, progress, in_order, started)
    summary = _finish(state, run, identity, root)
    return WriteReport(
        root=str(root),
        train=summary.train,
        test=summary.test,
        written=written,
        skipped={**run.synthetic.dataset.skipped, **summary.skipped},
        empty_masks=summary.empty_masks,
    )


class Storable(Expected, Protocol):
    """A run whose units can be stored: of stills, or of sequences."""

    def __len__(self) -> int:
        """Return the number of samples."""
        ...

    def store(self, number: int, /) -> str:
        """Store a unit and return its lines of the manifest."""
        ...


def store_run(
    run: Storable,
    root: Path,
    progress: Progress,
    in_order: InOrder,
    started: Callable[[int, int], Advance | None] | None,
) -> int:
    """Store what is lost and what is still to come; return how many samples that were."""
    units = run.units
    done = units[progress.units].start if progress.units < len(units) else len(run)
    lost = sum(len(units[number]) for number, _ in progress.lost)
    advance = started(len(run), done - lost) if started is not None else None
    chunk = CHUNK if run.sink.unit_size == 1 else 1
    again = _Again(run, [number for number, _ in progress.lost])
    remade = in_order(again, 0, len(progress.lost), chunk=chunk)
    for (number, checksum), lines in zip(progress.lost, remade, strict=True):
        if zlib.crc32(lines.encode()) != checksum:
            raise OutputError(
                f"Expected to make {run.id_at(units[number].start)!r} as it was, but it became "
                f"another: its source has changed since, or the manifest. Name a new folder, or "
                f"replace the run with --overwrite."
            )
        if advance:
            advance(len(units[number]))
    with ManifestWriter(root / MANIFEST, progress.size) as manifest:
        lines_of_units = in_order(run.store, progress.units, len(units), chunk=chunk)
        for number, lines in enumerate(lines_of_units, progress.units):
            manifest.append(lines)
            if advance:
                advance(len(units[number]))
    return len(run) - done + lost


def _finish(state: OutputState, run: Run, identity: Identity, root: Path) -> Summary:
    """Write the lists and the mark of completeness: what follows from the manifest."""
    lists = root / LISTS if run.sink.form == "folder" else None
    summary = summarise(root / MANIFEST, lists, has_test=run.test is not None)
    summary.skipped = {**run.synthetic.dataset.skipped, **summary.skipped}
    files = dict(summary.files)
    if run.synthetic.bank is not None:
        files[NOISE] = hashlib.sha256((root / NOISE).read_bytes()).hexdigest()
    state.finish(identity, {**summary.facts(), "files": files})
    return summary


class _Again:
    """Stores units whose files are lost."""

    def __init__(self, run: Storable, numbers: list[int]) -> None:
        self.run = run
        self.numbers = numbers

    def __call__(self, place: int) -> str:
        return self.run.store(self.numbers[place])


@contextlib.contextmanager
def one_sentence(root: Path) -> Iterator[None]:
    """Turn what the operating system refuses into one sentence that says how to go on."""
    try:
        yield
    except OSError as error:
        if isinstance(error, Sirst5kError):
            raise
        where = error.filename or root
        raise OutputError(
            f"Expected to write to {root}, but cannot: {error.strerror or error} ({where}). Make "
            f"room or make it writable, then run the same command again to go on."
        ) from error


def _check_parameters(
    jobs: int, limit: int | None, on_error: str, form: str, shard_size: int
) -> None:
    if on_error not in ("stop", "skip"):
        raise ParameterError(f"Expected on_error 'stop' or 'skip', got {on_error!r}.")
    if jobs == 0 or jobs < -1:
        raise ParameterError(f"Expected jobs of at least 1, or -1 for every core, got {jobs}.")
    if limit is not None and limit < 1:
        raise ParameterError(f"Expected a limit of at least 1 output, got {limit}.")
    if form not in FORMATS:
        raise ParameterError(f"There is no format {form!r}.{suggest(form, FORMATS)}")
    if shard_size < 1:
        raise ParameterError(f"Expected a shard_size of at least 1 sample, got {shard_size}.")


def _check_test_apart(dataset: Dataset, test: Dataset | None) -> None:
    if test is None:
        return
    shared = sorted(set(dataset.ids) & set(test.ids))
    if shared:
        raise DatasetError(
            f"{len(shared)} test samples are among the sources too, as {shared[0]!r}. Test "
            f"images are never synthesised from: choose a split that leaves them out."
        )


def _check_names(synthetic: SyntheticDataset, reserved: Sequence[str]) -> None:
    """Refuse names that no list with one a line can hold, and those that clash."""
    for sample_id in [*synthetic.dataset.ids, *reserved]:
        why = unusable(sample_id)
        if why:
            raise DatasetError(f"Expected names for files, but {sample_id!r} is none: {why}.")
    synthetic.plan.check_names(reserved)


def _check_lengths(synthetic: SyntheticDataset) -> None:
    """Refuse names that are too long for a disk with what the recipe adds to them."""
    if len(synthetic.plan):
        last = synthetic.plan[-1]
        addition = last.id.removeprefix(last.source_id)
        check_lengths(synthetic.dataset.ids, f"{addition}.tiff")
