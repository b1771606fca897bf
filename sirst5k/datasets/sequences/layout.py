"""What a layout of sequences is, and how the names of its lists give their roles."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sirst5k.datasets.reading import Reading
from sirst5k.datasets.sequences.dataset import SequenceDataset
from sirst5k.datasets.splits import ROLES

Opener = Callable[[Reading, int], SequenceDataset]
"""Opens a recognised folder, given how it is to be read and the frames of a clip."""


@dataclass(frozen=True, slots=True)
class SequenceLayout:
    """A layout of sequences on disk.

    Attributes
    ----------
    name : str
        What `SequenceDataset.layout` says.
    looks_for : str
        Its signature in words.
    recognise : callable
        Given a folder, returns its opener, or None if it does not fit.
    """

    name: str
    looks_for: str
    recognise: Callable[[Path], Opener | None]


def roles_of_lists(names: Iterable[str]) -> dict[str, str]:
    """Return role to list, by the words of the lists' names.

    A list counts for a role if one word of its name is that role, digits behind it aside, and
    no other list counts as well. Where there is no test list the one called ``val`` is the
    test: in DAUB, IRDST and ITSDT they are the same.

    Examples
    --------
    >>> roles_of_lists(["coco_train_DAUB", "coco_val_DAUB"])
    {'train': 'coco_train_DAUB', 'test': 'coco_val_DAUB'}
    >>> roles_of_lists(["annotations/train2017", "annotations/val2017", "annotations/test"])
    {'train': 'annotations/train2017', 'val': 'annotations/val2017', 'test': 'annotations/test'}
    """
    claims: dict[str, list[str]] = {role: [] for role in ROLES}
    for name in names:
        words = re.split(r"[_\-. ]", name.rpartition("/")[2].lower())
        found = {word.rstrip("0123456789") for word in words} & set(ROLES)
        if len(found) == 1:
            claims[found.pop()].append(name)
    roles = {role: lists[0] for role, lists in claims.items() if len(lists) == 1}
    if "val" in roles and not claims["test"]:
        roles["test"] = roles.pop("val")
    return roles
