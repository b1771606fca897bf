"""The split lists of a dataset, by name and by role."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sirst5k.datasets.lists import Entry, parse_list
from sirst5k.errors import Sirst5kWarning, SplitError, suggest

if TYPE_CHECKING:
    from sirst5k.datasets.index import SampleIndex

ROLES = ("train", "val", "trainval", "test")

# `train`, `train_NUDT-SIRST`, `test-v2`: the role comes first, then nothing or a separator.
_ROLE = re.compile(
    rf"(?P<role>{'|'.join(sorted(ROLES, key=len, reverse=True))})(?P<rest>[_\-. ].*)?"
)


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list on disk that is read when it is first asked for."""

    path: Path
    leading_slash: bool = False

    def entries(self) -> list[Entry]:
        """Read and parse the file."""
        return parse_list(self.path, self.leading_slash)


@dataclass(frozen=True, slots=True)
class FolderList:
    """The samples of one folder, where folders take the place of lists."""

    prefix: str


class Splits(Mapping[str, tuple[str, ...]]):
    """Lists of sample ids, by name; files among them are read when first asked for.

    Parameters
    ----------
    lists : mapping of str to sequence of str, ListFile or FolderList
        Every list, by its path in the dataset without ``.txt``: ``50_50/train``.
    canonical : mapping of str to str, optional
        Role to the list that it means, where the layout says so.
    index : SampleIndex, optional
        The samples that exist; listed ids are looked up in it.
    """

    def __init__(
        self,
        lists: Mapping[str, Sequence[str] | ListFile | FolderList] | None = None,
        canonical: Mapping[str, str] | None = None,
        index: SampleIndex | None = None,
    ) -> None:
        self._lists = dict(lists or {})
        self._canonical = dict(canonical or {})
        self._index = index
        self._ids: dict[str, tuple[str, ...]] = {}
        self._dropped: dict[str, dict[str, str]] = {}

    def __getitem__(self, name: str) -> tuple[str, ...]:
        if name not in self._ids:
            if name not in self._lists:
                raise KeyError(name)
            self._load(name)
        return self._ids[name]

    def __contains__(self, name: object) -> bool:
        return name in self._lists  # the inherited one would read the list

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)

    def __repr__(self) -> str:
        return f"Splits({', '.join(self._lists)})"

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What ids begin with where folders take the place of lists: ``("trainval/", …)``."""
        lists = self._lists.values()
        return tuple(part.prefix for part in lists if isinstance(part, FolderList))

    @property
    def canonical(self) -> Mapping[str, str]:
        """Role to the layout's own list of it, where it has one."""
        return dict(self._canonical)

    @property
    def roles(self) -> dict[str, str]:
        """Role to the list that `resolve` gives for it; ambiguous roles are left out."""
        found = {}
        for role in ROLES:
            if role in self._lists or role in self._canonical:
                found[role] = self.resolve(role)
            elif len(claims := self._claiming(role)) == 1:
                found[role] = claims[0]
        return found

    def resolve(self, name: str) -> str:
        """Return the name of the list that a name or a role means.

        Parameters
        ----------
        name : str
            A list's name, or ``train``, ``val``, ``trainval`` or ``test``.

        Raises
        ------
        SplitError
            If there is no such list, or several claim the role and none is canonical.
        """
        if name in self._canonical:
            return self._canonical[name]
        if name in self._lists:
            return name
        if name.endswith(".txt") and name[:-4] in self._lists:
            return name[:-4]
        if not self._lists:
            raise SplitError(
                f"Expected a split list for {name!r}, but the dataset has none. "
                "Take everything with the split 'all'."
            )
        if name not in ROLES:
            known = [*self._lists, *self.roles, "all"]
            raise SplitError(f"The dataset has no split {name!r}.{suggest(name, set(known))}")
        claims = self._claiming(name)
        if len(claims) == 1:
            return claims[0]
        if not claims:
            raise SplitError(
                f"No list of the dataset is its {name!r} split. "
                f"Name one of {', '.join(self._lists)}, or 'all' for everything."
            )
        raise SplitError(
            f"Several lists claim to be the {name!r} split: {', '.join(claims)}. "
            "Name the one that is meant."
        )

    def sibling(self, name: str, role: str) -> str | None:
        """Return the list of another role in the same family as a list, if there is one.

        Parameters
        ----------
        name : str
            A list's name or a role: ``idx_427/trainval``.
        role : str
            The role wanted: with ``test``, the answer is ``idx_427/test``.
        """
        resolved = self.resolve(name)
        folder, slash, stem = resolved.rpartition("/")
        match = _ROLE.fullmatch(stem)
        if match is None:
            own = resolved in self._canonical.values()
            return self._canonical.get(role) if own else None
        candidate = f"{folder}{slash}{role}{match['rest'] or ''}"
        return candidate if candidate in self._lists else None

    def dropped(self, name: str) -> dict[str, str]:
        """Return listed ids that could not be used, with the reason.

        Always empty unless the dataset was opened with ``on_error="skip"``.
        """
        _ = self[name]
        return dict(self._dropped.get(name, {}))

    def _claiming(self, role: str) -> list[str]:
        return [name for name in self._lists if role_of(name) == role]

    def _load(self, name: str) -> None:
        source = self._lists[name]
        if isinstance(source, FolderList):
            index = self._index
            self._ids[name] = index.under(source.prefix) if index is not None else ()
            return
        if isinstance(source, ListFile):
            if self._index is not None:
                self._index.fence.check(str(source.path))
            entries, where = source.entries(), str(source.path)
        else:
            entries, where = [Entry(k, sample) for k, sample in enumerate(source, 1)], repr(name)
        entries = _without_duplicates(entries, where)
        if self._index is None:
            self._ids[name] = tuple(entry.id for entry in entries)
            return
        self._ids[name], self._dropped[name] = self._index.look_up(entries, where)


class ListName(NamedTuple):
    """A list's name in its parts: ``img_idx``, ``train``, ``_NUDT-SIRST``.

    Lists of one folder and rest belong together: they divide one dataset in one way.
    """

    folder: str
    role: str
    rest: str

    @property
    def family(self) -> tuple[str, str]:
        """Folder and rest."""
        return self.folder, self.rest


def parse_name(name: str) -> ListName | None:
    """Return the parts of a list's name, or None if it claims no role."""
    folder, _, stem = name.rpartition("/")
    match = _ROLE.fullmatch(stem)
    return ListName(folder, match["role"], match["rest"] or "") if match else None


def role_of(name: str) -> str | None:
    """Return the role that a list's name claims, if any.

    Examples
    --------
    >>> role_of("50_50/train"), role_of("img_idx/test_NUAA-SIRST"), role_of("trainvaltest_full")
    ('train', 'test', None)
    """
    parsed = parse_name(name)
    return parsed.role if parsed else None


def _without_duplicates(entries: list[Entry], where: str) -> list[Entry]:
    first: dict[str, Entry] = {}
    for entry in entries:
        first.setdefault(entry.id, entry)
    if len(first) < len(entries):
        again = next(entry for entry in entries if first[entry.id] is not entry)
        warnings.warn(
            f"{where} lists {len(entries) - len(first)} ids more than once, for example "
            f"{again.id!r} in lines {first[again.id].line} and {again.line}; each is used once.",
            Sirst5kWarning,
            stacklevel=5,
        )
    return list(first.values())
