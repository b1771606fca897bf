"""Which part of a dataset may be learned from, and which part tests it."""

from __future__ import annotations

from typing import TypeVar, cast

from sirst5k.datasets.dataset import Dataset
from sirst5k.datasets.sequences import SequenceDataset
from sirst5k.errors import SplitError

Part = TypeVar("Part", bound=Dataset | SequenceDataset)


def training_part(whole: Part, split: str | None) -> Part:
    """Return the samples or clips that the user named, or the training ones if none were named.

    Parameters
    ----------
    whole : Dataset or SequenceDataset
        Opened with the same `split`.
    split : str, optional
        What the user asked for.

    Raises
    ------
    SplitError
        If nothing was named and the dataset does not say which samples are for training.
    """
    if split is not None:
        return whole
    roles = whole.splits.roles
    for role in ("trainval", "train"):
        if role in roles:
            return cast(Part, whole.of_split(role))
    tests = {name for name in whole.splits if whole.splits.sibling(name, "test") == name}
    known = ", ".join([*(name for name in whole.splits if name not in tests), "all"])
    raise SplitError(
        f"{whole.describe()} does not say which of its images are for training, and test "
        f"images must not be used for it. Name a split: --split {known}."
    )


def test_part(dataset: Part) -> Part | None:
    """Return the test split of the same family of lists as a dataset's own, if there is one.

    Raises
    ------
    SplitError
        If the dataset is that test split itself.
    """
    if dataset.split is None:
        return None
    sibling = dataset.splits.sibling(dataset.split, "test")
    if sibling == dataset.split:
        raise SplitError(
            f"{dataset.split!r} is a test split, and test images are never synthesised from "
            f"or trained on. Name the training split."
        )
    return None if sibling is None else cast(Part, dataset.of_split(sibling))


test_part.__test__ = False  # type: ignore[attr-defined]  # pytest takes the name for a test
