"""Writing a synthetic dataset to a folder: what is checked before, and told after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sirst5k.datasets import Dataset
from sirst5k.datasets.names import check_apart, check_lengths, unusable
from sirst5k.errors import DatasetError, ParameterError, suggest
from sirst5k.imaging.writable import check_outside
from sirst5k.synthesis.backends import check_backend
from sirst5k.synthesis.folder_sink import FolderSink
from sirst5k.synthesis.identity import run_identity
from sirst5k.synthesis.run import Run
from sirst5k.synthesis.shard_sink import SHARD_SIZE, ShardSink
from sirst5k.synthesis.sink import Sink
from sirst5k.synthesis.storing import Started, open_output
from sirst5k.synthesis.surveying import survey
from sirst5k.synthesis.virtual import SyntheticDataset

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
    started: Started | None = None,
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
    _check_parameters(limit, on_error, format, shard_size)
    check_backend(backend, scheduler, jobs)
    _check_test_apart(synthetic.dataset, test)
    reserved = () if test is None else test.ids
    _check_names(synthetic, reserved)
    root = Path(out)
    check_outside(root, synthetic.dataset.root)
    with open_output(root, jobs, backend, scheduler) as output:
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
        output.hold()
        if format == "folder":
            check_apart([*synthetic.dataset.ids, *reserved], root)
        written, summary = output.store(run, identity, overwrite, started)
    return WriteReport(
        root=str(root),
        train=summary.train,
        test=summary.test,
        written=written,
        skipped=summary.skipped,
        empty_masks=summary.empty_masks,
    )


def _check_parameters(limit: int | None, on_error: str, form: str, shard_size: int) -> None:
    if on_error not in ("stop", "skip"):
        raise ParameterError(f"Expected on_error 'stop' or 'skip', got {on_error!r}.")
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
