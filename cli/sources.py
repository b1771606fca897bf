"""Which part of a dataset a command may learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sirst5k.datasets import Dataset


def training_part(whole: Dataset, split: str | None) -> Dataset:
    """Return the samples that the user named, or the training ones if none were named."""
    from sirst5k import datasets

    return datasets.training_part(whole, split)


def test_part(dataset: Dataset) -> Dataset | None:
    """Return the test split of the same family of lists, if there is one."""
    from sirst5k import datasets

    return datasets.test_part(dataset)
