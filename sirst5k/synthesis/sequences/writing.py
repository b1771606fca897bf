"""Writing synthetic sequences to a folder: the run, with its checks and its end."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sirst5k.datasets.names import check_apart, unusable
from sirst5k.datasets.sequences import SequenceDataset
from sirst5k.errors import DatasetError, ParameterError
from sirst5k.synthesis.backends import check_backend, open_backend
from sirst5k.synthesis.executor import InOrder, run_in_order
from sirst5k.synthesis.identity import Identity, run_identity
from sirst5k.synthesis.lock import FolderLock
from sirst5k.synthesis.manifest import MANIFEST, read_progress
from sirst5k.synthesis.sequences.packing import SequenceSink
from sirst5k.synthesis.sequences.run import SequenceRun
from sirst5k.synthesis.sequences.summary import SequenceSummary, summarise_sequences
from sirst5k.synthesis.sequences.virtual import SyntheticSequences
from sirst5k.synthesis.state import NOISE, OutputState
from sirst5k.synthesis.writing import Advance, one_sentence, store_run

_CHUNK = 256  # frames that a worker looks at in one go


@dataclass(frozen=True, slots=True)
class SequenceWriteReport:
    """What a run over sequences did.

    Attributes
    ----------
    root : str
        The output folder.
    sequences, test_sequences : int
        Stored sequences.
    train, test : int
        Their frames.
    written : int
        Frames stored by this call; the others were there already.
    without_targets : int
        Key frames of the training sequences without any target.
    """

    root: str
    sequences: int
    test_sequences: int
    train: int
    test: int
    written: int
    without_targets: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)


def write_sequence_dataset(
    synthetic: SyntheticSequences,
    out: str | Path,
    jobs: int = 1,
    *,
    test: SequenceDataset | None = None,
    limit: int | None = None,
    overwrite: bool = False,
    backend: str = "loky",
    scheduler: str | None = None,
    started: Callable[[int, int], Advance | None] | None = None,
) -> SequenceWriteReport:
    """Store synthetic sequences as a folder in the `sequences` layout.

    ``images/SEQUENCE/FRAME.png``, ``masks/`` likewise where the pixels of targets are known,
    ``annotations/train.txt`` with a line for each key frame, ``tracks.jsonl``; a test set's
    sequences as they are with ``annotations/test.txt``. Beside them ``manifest.jsonl`` with
    one line a frame, ``noise.npz`` with the noise used, and at last ``dataset.json``. The bytes
    depend neither on `jobs` nor on interruptions: called again, it stores what is missing.

    Parameters
    ----------
    synthetic : SyntheticSequences
    out : path
        A new folder, or one that the same run left unfinished.
    jobs : int
        Worker processes; -1 takes every core.
    test : SequenceDataset, optional
        It must share no sequence with the source.
    limit : int, optional
        Store the first so many output sequences only.
    overwrite : bool
        Replace another run in that folder.
    backend, scheduler : str, optional
        Who makes the frames; see `sirst5k.write_dataset`.
    started : callable, optional
        Called once with (all, already stored) frames; what it returns is called with the
        number of frames stored since.

    Raises
    ------
    Sirst5kError
        If anything about the input or the folder is not as it must be, or another process
        writes to it; then nothing is left that looks like a finished dataset.
    """
    if jobs == 0 or jobs < -1:
        raise ParameterError(f"Expected jobs of at least 1, or -1 for every core, got {jobs}.")
    if limit is not None and limit < 1:
        raise ParameterError(f"Expected a limit of at least 1 sequence, got {limit}.")
    check_backend(backend, scheduler)
    _check_names(synthetic, test)
    root = Path(out)
    OutputState(root).check()
    with one_sentence(root), contextlib.ExitStack() as stack:
        if root.exists():  # a folder in use is refused before hours of looking
            stack.enter_context(FolderLock(root))
        in_order = stack.enter_context(open_backend(root, jobs, backend, scheduler))
        for dataset in (synthetic.dataset, test):
            if dataset is not None:
                check_frames(dataset, jobs)
        run = SequenceRun(synthetic, test, SequenceSink(root), limit)
        limited = limit if run.outputs < len(synthetic.plan) else None
        identity = run_identity(synthetic, test, limited, {"format": "sequences"})
        if not root.exists():
            stack.enter_context(FolderLock(root))
        names = [*synthetic.sequences, *(() if test is None else test.sequences)]
        check_apart(names, root)
        return _write(run, root, identity, in_order, overwrite, started)


def check_frames(dataset: SequenceDataset, jobs: int = 1) -> None:
    """Check every frame of a dataset, as far as that takes no decoding.

    A damaged file shows now rather than after hours of writing.

    Raises
    ------
    DatasetError
        At the first frame that cannot be used.
    """
    frames = [frame for frames in dataset.sequences.values() for frame in frames]
    for _ in run_in_order(_Check(dataset, frames), 0, len(frames), jobs, _CHUNK):
        pass


@dataclass(frozen=True)
class _Check:
    """Checks one frame."""

    dataset: SequenceDataset
    frames: list[str]

    def __call__(self, place: int) -> None:
        self.dataset.source.shape(self.frames[place])
        self.dataset.labels(self.frames[place], with_mask=False)


def _write(
    run: SequenceRun,
    root: Path,
    identity: Identity,
    in_order: InOrder,
    overwrite: bool,
    started: Callable[[int, int], Advance | None] | None,
) -> SequenceWriteReport:
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
    return SequenceWriteReport(
        root=str(root),
        sequences=summary.sequences["train"],
        test_sequences=summary.sequences.get("test", 0),
        train=summary.frames["train"],
        test=summary.frames.get("test", 0),
        written=written,
        without_targets=summary.without_targets,
    )


def _finish(
    state: OutputState, run: SequenceRun, identity: Identity, root: Path
) -> SequenceSummary:
    """Write the annotations and the mark of completeness: what follows from the manifest."""
    summary = summarise_sequences(root, root / MANIFEST, has_test=run.test is not None)
    files = dict(summary.files)
    if run.synthetic.bank is not None:
        files[NOISE] = hashlib.sha256((root / NOISE).read_bytes()).hexdigest()
    state.finish(identity, {**summary.facts(), "files": files})
    return summary


def _check_names(synthetic: SyntheticSequences, test: SequenceDataset | None) -> None:
    """Refuse test sequences among the sources, and names that no line of text can hold."""
    reserved = () if test is None else tuple(test.sequences)
    shared = sorted(set(synthetic.dataset.sequences) & set(reserved))
    if shared:
        raise DatasetError(
            f"{len(shared)} test sequences are among the sources too, as {shared[0]!r}. Test "
            f"sequences are never synthesised from: choose a split that leaves them out."
        )
    for name in [*synthetic.dataset.sequences, *reserved]:
        why = unusable(name)
        if why:
            raise DatasetError(
                f"Expected names for folders of frames, but {name!r} is none: {why}."
            )
    synthetic.plan.variants.check_names(reserved)
