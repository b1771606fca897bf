"""Converting a dataset: the run, with its checks and its end."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sirst5k._version import __version__
from sirst5k.datasets.dataset import Dataset
from sirst5k.datasets.export.report import ConvertReport
from sirst5k.datasets.export.selection import Selection, select
from sirst5k.datasets.export.state import FolderState
from sirst5k.datasets.export.storing import Outcome, Storer, Task
from sirst5k.datasets.export.target import Arrangement, Stored, Target
from sirst5k.datasets.export.targets import TARGETS, find_target
from sirst5k.datasets.files import FileSource
from sirst5k.datasets.names import check_apart, check_lengths
from sirst5k.datasets.opening import open_stills
from sirst5k.errors import DatasetError, ParameterError, Sirst5kWarning
from sirst5k.imaging import write_atomically
from sirst5k.imaging.writable import check_outside

Advance = Callable[[int], Any]

_CHUNK = 64  # samples that a worker takes at a time


def convert_dataset(
    dataset: Dataset | str | os.PathLike[str],
    out: str | os.PathLike[str],
    to: str,
    *,
    split: str | Sequence[str] | None = None,
    yolo_labels: str = "segment",
    overwrite: bool = False,
    on_error: str = "stop",
    mask_threshold: float | None = None,
    max_pixels: int | None = None,
    follow_links: bool | None = None,
    jobs: int = 1,
    started: Callable[[int, int], Advance | None] | None = None,
) -> ConvertReport:
    """Write a dataset in another layout, or for COCO or YOLO tools.

    Images are copied byte for byte where the target takes their format, else encoded with
    the same grey levels; masks become PNG of 0 and 255, instances are their 8-connected
    targets. Lists come last, and the folder counts as unfinished until then: `open_dataset`
    refuses it, and the same call goes on where it stopped.

    Parameters
    ----------
    dataset : Dataset or path
        What `open_dataset` gives, or what it takes.
    out : path
        A new or empty folder.
    to : str
        ``dnanet``, ``sirst``, ``irstd1k``, ``grokcv``, ``coco`` or ``yolo``.
    split : str or sequence of str, optional
        Lists or roles to convert; by default all samples and all lists.
    yolo_labels : {"segment", "box"}
        What YOLO's label files hold.
    overwrite : bool
        Replace an earlier conversion in that folder; nothing else is replaced.
    on_error : {"stop", "skip"}
        Stop at a sample that cannot be read, or leave it out and say so.
    mask_threshold, max_pixels, follow_links
        How a path is opened; see `open_dataset`.
    jobs : int
        Worker processes; -1 takes every core. The result does not depend on it.
    started : callable, optional
        Called once with (all, already stored) samples; what it returns is called with the
        number of further ones.

    Returns
    -------
    ConvertReport

    Raises
    ------
    ParameterError
        If there is no such target.
    OutputError
        If the folder holds something else, cannot be written, or would take two names for one.
    DatasetError
        If the dataset cannot be read as it is.

    Examples
    --------
    >>> import tempfile
    >>> report = convert_dataset("demo:n=2,size=64", tempfile.mkdtemp(), "dnanet", split="all")
    >>> report.samples
    2
    """
    target = find_target(to, yolo_labels)
    _check_options(on_error, jobs)
    if not isinstance(dataset, Dataset):
        dataset = open_stills(
            dataset,
            mask_threshold=mask_threshold,
            on_error=on_error,
            max_pixels=max_pixels,
            follow_links=follow_links,
        )
    selection = select(dataset, [split] if isinstance(split, str) else split or ())
    arrangement = target.arrange(selection)
    root = Path(out)
    check_outside(root, dataset.root)
    names = [place.image for place in arrangement.places.values()]
    check_lengths(names, target.addition)
    folders = {name for known in TARGETS.values() for name in known.folders}
    identity = _identity(dataset, arrangement, to, yolo_labels)
    state = FolderState(root, identity, sorted(folders))
    done = state.claim(overwrite)
    check_apart(names, root)
    for name in target.folders:
        state.make_folder(name)
    stored, failed = _store(
        dataset, target, arrangement, state, done, jobs, on_error == "skip", started
    )
    documents = _write_documents(state, target, arrangement, stored)
    report = _report(root, to, selection, arrangement, stored, failed)
    facts = {"lists": report.lists, "skipped": report.skipped, "documents": documents}
    state.finish({"samples": report.samples, **facts})
    return report


def _store(
    dataset: Dataset,
    target: Target,
    arrangement: Arrangement,
    state: FolderState,
    done: Mapping[str, Stored],
    jobs: int,
    skip: bool,
    started: Callable[[int, int], Advance | None] | None,
) -> tuple[dict[str, Stored], dict[str, str]]:
    """Store every sample that is not stored yet, noting each; return them in order."""
    tasks = [
        _task(dataset, source, place)
        for source, place in arrangement.places.items()
        if source not in done
    ]
    storer = _storer(dataset, target, state.root, tasks, skip)
    advance = started(len(arrangement.places), len(done)) if started is not None else None
    found, warned = dict(done), False
    failed: dict[str, str] = {}
    for outcome in _outcomes(storer, tasks, jobs):
        state.record(outcome.stored)
        found |= {sample.id: sample for sample in outcome.stored}
        failed |= outcome.failed
        if outcome.doubt and not warned:
            warned = True  # once a dataset: thousands of masks are made the same way
            warnings.warn(outcome.doubt, Sirst5kWarning, stacklevel=3)
        if advance:
            advance(len(outcome.stored) + len(outcome.failed))
    if not found:
        raise DatasetError(
            f"Expected images to convert in {dataset.describe()}, but none can be read. "
            f"{next(iter(failed.values()), '')}"
        )
    return {source: found[source] for source in arrangement.places if source in found}, failed


def _task(dataset: Dataset, source: str, place: Any) -> Task:
    files = dataset.source.files(source)
    if files is not None:
        return Task(source, place, str(files[0]), str(files[1]))
    # Annotations may stand beside images that are files.
    image_file = getattr(dataset.source, "image_file", None)
    return Task(source, place, None if image_file is None else str(image_file(source)), None)


def _storer(
    dataset: Dataset, target: Target, root: Path, tasks: Sequence[Task], skip: bool
) -> Storer:
    """Return what stores tasks; it takes the whole source along only if that is needed."""
    source = dataset.source
    needed = any(task.mask is None for task in tasks)
    threshold = source.mask_threshold if isinstance(source, FileSource) else None
    limit = getattr(source, "max_pixels", None)
    return Storer(target, str(root), source if needed else None, threshold, limit, skip)


def _outcomes(storer: Storer, tasks: Sequence[Task], jobs: int) -> Iterator[Outcome]:
    chunks = [tasks[k : k + _CHUNK] for k in range(0, len(tasks), _CHUNK)]
    if jobs == 1 or len(chunks) <= 1:
        for task in tasks:
            yield storer.store_all([task])
        return
    from joblib import Parallel, delayed

    pool = Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="2*n_jobs", batch_size=1)
    yield from pool(delayed(storer.store_all)(chunk) for chunk in chunks)


def _write_documents(
    state: FolderState, target: Target, arrangement: Arrangement, stored: Mapping[str, Stored]
) -> list[str]:
    """Write the files that describe the whole, and return their names."""
    names = []
    for name, data in target.documents(arrangement, stored):
        state.make_folder(name.rpartition("/")[0])
        write_atomically(state.root / name, data)
        names.append(name)
    return names


def _report(
    root: Path,
    to: str,
    selection: Selection,
    arrangement: Arrangement,
    stored: Mapping[str, Stored],
    failed: Mapping[str, str],
) -> ConvertReport:
    lists = {
        name: sum(source in stored for source in members)
        for name, members in arrangement.lists.items()
    }
    return ConvertReport(
        root=str(root),
        to=to,
        samples=len(stored),
        copied=sum(sample.copied for sample in stored.values()),
        targets=sum(sample.targets for sample in stored.values()),
        lists=lists,
        renamed={old: new for old, new in arrangement.names.items() if old != new},
        lost=dict(arrangement.lost),
        outside=len(selection.ids) - len(arrangement.places),
        skipped={**selection.skipped, **failed},
        filled_holes=sum(s.note for s in stored.values() if isinstance(s.note, int)),
    )


def _identity(
    dataset: Dataset, arrangement: Arrangement, to: str, yolo_labels: str
) -> dict[str, Any]:
    """Return what a conversion is, so that a folder is gone on with only by the same one."""
    chosen = dataset.subset(arrangement.places)
    return {
        "version": __version__,
        "to": f"{to} ({yolo_labels})" if to == "yolo" else to,
        "source": {
            "name": dataset.root.name if dataset.root is not None else dataset.layout,
            "layout": dataset.layout,
            "samples": len(chosen),
            "fingerprint": chosen.fingerprint(),
        },
        "names": dict(arrangement.names),
        "mask_threshold": getattr(dataset.source, "mask_threshold", None),
    }


def _check_options(on_error: str, jobs: int) -> None:
    if on_error not in ("stop", "skip"):
        raise ParameterError(f"Expected on_error to be 'stop' or 'skip', got {on_error!r}.")
    if jobs == 0 or jobs < -1:
        raise ParameterError(f"Expected jobs of at least 1, or -1 for every core, got {jobs}.")
