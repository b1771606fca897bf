"""Looking over all sources before anything is written."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from sirst5k.datasets import Dataset
from sirst5k.errors import DatasetError
from sirst5k.synthesis.executor import run_in_order
from sirst5k.synthesis.virtual import SyntheticDataset

CHUNK = 256  # samples that a worker looks at in one go: each takes a fraction of a millisecond
_KNOWN = 10_000  # masks that are remembered


def survey(
    synthetic: SyntheticDataset, test: Dataset | None, jobs: int = 1, on_error: str = "stop"
) -> None:
    """Check every file of a run, and count the targets where the plan depends on them.

    A damaged file shows now rather than after hours of writing.

    Parameters
    ----------
    synthetic : SyntheticDataset
        Its plan gets the counts.
    test : Dataset, optional
        The images that pass through untouched.
    jobs : int
        Worker processes.
    on_error : str
        With ``skip`` nothing is checked, and a sample whose mask cannot be read counts as
        one without targets.

    Raises
    ------
    DatasetError
        At the first sample that cannot be used, unless `on_error` is ``skip``.
    """
    count_ahead(synthetic, jobs, on_error, check=on_error == "stop")
    if test is not None and on_error == "stop":
        for _ in run_in_order(_Check(test), 0, len(test), jobs, CHUNK):
            pass


def count_ahead(
    synthetic: SyntheticDataset, jobs: int = 1, on_error: str = "stop", check: bool = False
) -> None:
    """Count the targets of all samples over processes, if the plan depends on them.

    Parameters
    ----------
    synthetic : SyntheticDataset
        Its plan gets the counts.
    jobs : int
        Worker processes.
    on_error : str
        With ``skip`` a sample whose mask cannot be read counts as one without targets.
    check : bool
        Whether the files of every sample are checked as well.

    Raises
    ------
    DatasetError
        At the first sample that cannot be used, unless `on_error` is ``skip``.
    """
    needed = synthetic.plan.needs_counts
    if not (needed or check):
        return
    # Counting takes no noise, and sampling a bank of it for the workers would take long.
    light = SyntheticDataset(synthetic.dataset, replace(synthetic.recipe, displacement=None))
    look = _Look(light, on_error, check, needed)
    counts = list(run_in_order(look, 0, len(synthetic.dataset), jobs, CHUNK))
    if needed:
        synthetic.plan.set_counts(counts)


def intact(dataset: Dataset) -> Dataset:
    """Return the samples of a dataset whose files pass the check."""
    check = _Check(dataset)

    def passes(place: int) -> bool:
        try:
            check(place)
        except DatasetError:
            return False
        return True

    return dataset.subset(dataset.ids[place] for place in range(len(dataset)) if passes(place))


@dataclass(frozen=True)
class _Check:
    """Checks the files of one sample."""

    dataset: Dataset

    def __call__(self, place: int) -> None:
        self.dataset.source.check(self.dataset.ids[place])


class _Look:
    """Checks one source, and returns its number of targets, or 0 where nobody asks."""

    def __init__(
        self, synthetic: SyntheticDataset, on_error: str, check: bool, count: bool
    ) -> None:
        self.synthetic = synthetic
        self.on_error = on_error
        self.check = check
        self.count = count
        self._known: dict[bytes, int] = {}

    def __call__(self, place: int) -> int:
        dataset = self.synthetic.dataset
        sample_id = dataset.ids[place]
        try:
            if self.check:
                dataset.source.check(sample_id)
            return self._count(sample_id) if self.count else 0
        except DatasetError:
            if self.on_error == "stop":
                raise
            return 0

    def _count(self, sample_id: str) -> int:
        """Count targets, once for all masks that are the same file to the byte.

        Frames without a target share one, and so do the variants of a scene: reading a file is
        eight times quicker than decoding it.
        """
        files = self.synthetic.dataset.source.files(sample_id)
        if files is None:
            return self.synthetic.count_targets(sample_id)
        try:
            digest = hashlib.blake2b(files[1].read_bytes(), digest_size=16).digest()
        except OSError:  # the sentence for it is made below
            return self.synthetic.count_targets(sample_id)
        if digest not in self._known:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known[digest] = self.synthetic.count_targets(sample_id)
        return self._known[digest]
