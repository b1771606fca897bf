"""Looking over all sources before anything is written."""

from __future__ import annotations

from dataclasses import dataclass

from sirst5k.datasets import Dataset
from sirst5k.errors import DatasetError
from sirst5k.synthesis.executor import run_in_order
from sirst5k.synthesis.virtual import SyntheticDataset


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
    look = _Look(synthetic, on_error, synthetic.plan.needs_counts)
    if on_error == "stop" or look.count:
        counts = list(run_in_order(look, 0, len(synthetic.dataset), jobs))
        if look.count:
            synthetic.plan.set_counts(counts)
    if test is not None and on_error == "stop":
        for _ in run_in_order(_Check(test), 0, len(test), jobs):
            pass


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


@dataclass(frozen=True)
class _Look:
    """Checks one source, and returns its number of targets, or 0 where nobody asks."""

    synthetic: SyntheticDataset
    on_error: str
    count: bool

    def __call__(self, place: int) -> int:
        dataset = self.synthetic.dataset
        sample_id = dataset.ids[place]
        try:
            if self.on_error == "stop":
                dataset.source.check(sample_id)
            return self.synthetic.count_targets(sample_id) if self.count else 0
        except DatasetError:
            if self.on_error == "stop":
                raise
            return 0
