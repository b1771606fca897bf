"""What is converted: which samples under which ids, and which lists of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sirst5k.datasets.dataset import Dataset
from sirst5k.datasets.splits import ROLES, parse_name
from sirst5k.errors import DatasetError


@dataclass(frozen=True)
class Selection:
    """The samples of a conversion.

    Attributes
    ----------
    ids : mapping of str to str
        Ids in the source to ids in the output, in order.
    lists : mapping of str to tuple of str
        Lists by their name in the source, of ids in the source.
    primary : (str, str) or None
        Folder and rest of the lists that a layout with one place for lists puts there.
    lost : mapping of str to str
        Lists that are not converted, with the reason.
    skipped : mapping of str to str
        Samples left out on the user's wish, with the reason.
    """

    ids: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]
    primary: tuple[str, str] | None
    lost: Mapping[str, str]
    skipped: Mapping[str, str]


def select(dataset: Dataset, splits: Sequence[str] = ()) -> Selection:
    """Choose what of a dataset is converted.

    Parameters
    ----------
    dataset : Dataset
    splits : sequence of str
        Lists or roles: then their samples, and these lists. If none is named, the samples of
        the dataset, with the list that it was opened with, else with every list of which it
        has all samples.

    Raises
    ------
    SplitError
        If there is no such list.
    DatasetError
        If there is no sample.
    """
    if "all" in splits:
        dataset, splits = dataset.of_split("all"), ()
    lost: dict[str, str] = {}
    skipped = dict(dataset.skipped)
    if splits:
        parts = [dataset.of_split(name) for name in splits]
        lists = {str(part.split): part.ids for part in parts}
        ids = tuple(dict.fromkeys(name for part in parts for name in part.ids))
        skipped = {name: why for part in parts for name, why in part.skipped.items()}
    elif dataset.split is not None:
        ids, lists = dataset.ids, {dataset.split: dataset.ids}
    else:
        ids = dataset.ids
        lists, lost = _lists_within(dataset)
        for name in lists:
            skipped |= dataset.splits.dropped(name)
    if not ids:
        raise DatasetError(f"Expected images to convert in {dataset.describe()}, but none is left.")
    return Selection(
        dict(zip(ids, _without_prefixes(ids, dataset.splits.prefixes), strict=True)),
        lists,
        _primary(dataset, list(lists), bool(splits)),
        lost,
        skipped,
    )


def _lists_within(dataset: Dataset) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Return the lists of which a dataset has all samples, and why not the others."""
    there = set(dataset.ids)
    lists, lost = {}, {}
    for name in dataset.splits:
        members = dataset.splits[name]
        if not members:
            lost[name] = "it names no image"
        elif there.issuperset(members):
            lists[name] = members
        else:
            lost[name] = "not all of its images are converted"
    return lists, lost


def _primary(dataset: Dataset, names: Sequence[str], chosen: bool) -> tuple[str, str] | None:
    """Return the family of lists that counts: the first chosen one, or that of the roles."""
    parsed = {name: found for name in names if (found := parse_name(name)) is not None}
    families = {found.family for found in parsed.values()}
    if len(families) <= 1:
        return next(iter(families), None)
    if chosen:
        return next(iter(parsed.values())).family
    meant = dataset.splits.roles
    for role in sorted(ROLES, key=("test", "trainval", "train", "val").index):
        if meant.get(role) in parsed:
            return parsed[meant[role]].family
    return None


def _without_prefixes(ids: Iterable[str], prefixes: Sequence[str]) -> list[str]:
    """Take off what says which split an id is in, if they can be told apart without it."""
    ids = list(ids)
    if not prefixes:
        return ids
    shorter = [_shorter(name, prefixes) for name in ids]
    return shorter if len({name.casefold() for name in shorter}) == len(ids) else ids


def _shorter(name: str, prefixes: Sequence[str]) -> str:
    fitting = [prefix for prefix in prefixes if name.startswith(prefix)]
    return name[len(max(fitting, key=len)) :] if fitting else name
