"""Writing synthetic sequences to a folder: what is checked before, and told after."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sirst5k.datasets.names import check_apart, unusable
from sirst5k.datasets.sequences import SequenceDataset
from sirst5k.errors import DatasetError, ParameterError
from sirst5k.imaging.writable import check_outside
from sirst5k.synthesis.backends import check_backend
from sirst5k.synthesis.executor import run_in_order
from sirst5k.synthesis.identity import run_identity
from sirst5k.synthesis.sequences.packing import SequenceSink
from sirst5k.synthesis.sequences.run import SequenceRun
from sirst5k.synthesis.sequences.virtual import SyntheticSequences
from sirst5k.synthesis.storing import Started, open_output

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
    started: Started | None = None,
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
    if limit is not None and limit < 1:
        raise ParameterError(f"Expected a limit of at least 1 sequence, got {limit}.")
    check_backend(backend, scheduler, jobs)
    _check_names(synthetic, test)
    root = Path(out)
    check_outside(root, synthetic.dataset.root)
    with open_output(root, jobs, backend, scheduler) as output:
        for dataset in (synthetic.dataset, test):
            if dataset is not None:
                check_frames(dataset, jobs)
        run = SequenceRun(synthetic, test, SequenceSink(root), limit)
        limited = limit if run.outputs < len(synthetic.plan) else None
        identity = run_identity(synthetic, test, limited, {"format": "sequences"})
        output.hold()
        names = [*synthetic.sequences, *(() if test is None else test.sequences)]
        check_apart(names, root)
        written, summary = output.store(run, identity, overwrite, started)
    return SequenceWriteReport(
        root=str(root),
        sequences=summary.sequences["train"],
        test_sequences=summary.sequences.get("test", 0),
        train=summary.frames["train"],
        test=summary.frames.get("test", 0),
        written=written,
        without_targets=summary.without_targets,
    )


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
