"""What a layout is: how to recognise a folder, and where its images, masks and lists lie."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from sirst5k.datasets.pairs import Part, natural_key
from sirst5k.datasets.splits import ROLES, FolderList, ListFile, role_of


@dataclass(frozen=True, slots=True)
class Found:
    """What a layout found in a folder.

    Attributes
    ----------
    parts : tuple of Part
        Where images and masks lie.
    lists : mapping of str to ListFile or FolderList
        Split lists by name.
    canonical : mapping of str to str
        Role to the list that it means.
    """

    parts: tuple[Part, ...]
    lists: Mapping[str, ListFile | FolderList] = field(default_factory=dict)
    canonical: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """A dataset layout, described rather than programmed.

    Attributes
    ----------
    name : str
        What `Dataset.layout` says.
    looks_for : str
        Its signature in words, for the error when nothing fits.
    signature : tuple of str
        Patterns that must all be there: ``images/`` a folder, ``*/train.txt`` a file;
        ``a|b`` is either.
    no_mark : frozenset of str
        Folders that say nothing for this layout, whatever lists they hold.
    parts : tuple of Part
        Where images and masks lie.
    lists : tuple of str
        Patterns of split lists. Where a pattern begins with ``*``, only files named after a
        role count.
    canonical : str
        The list of a role, with ``{role}`` and ``{root}`` (the folder's name) filled in;
        empty if the layout has none of its own.
    folder_lists : mapping of str to str
        Split to the prefix of its ids, where folders take the place of lists.
    leading_slash : bool
        Whether list lines begin with a slash.
    detect : callable, optional
        Recognises a folder instead of all of the above.
    """

    name: str
    looks_for: str
    signature: tuple[str, ...] = ()
    no_mark: frozenset[str] = frozenset()
    parts: tuple[Part, ...] = (Part(),)
    lists: tuple[str, ...] = ()
    canonical: str = ""
    folder_lists: Mapping[str, str] = field(default_factory=dict)
    leading_slash: bool = False
    detect: Callable[[Path], Found | None] | None = None

    def recognise(self, root: Path) -> Found | None:
        """Return what the layout finds in a folder, or None if it does not fit."""
        if self.detect is not None:
            return self.detect(root)
        pictures = picture_folders(self.parts)
        if not all(_is_there(root, wanted, pictures | self.no_mark) for wanted in self.signature):
            return None
        lists: dict[str, ListFile | FolderList] = {
            name: FolderList(prefix) for name, prefix in self.folder_lists.items()
        }
        lists |= find_lists(root, self.lists, pictures, self.leading_slash)
        canonical = {
            role: name
            for role in ROLES
            if (name := self.canonical.format(role=role, root=root.name)) in lists
        }
        return Found(self.parts, lists, canonical)


def find_lists(
    root: Path, patterns: tuple[str, ...], pictures: frozenset[str], leading_slash: bool = False
) -> dict[str, ListFile]:
    """Return the split lists that patterns find, by name, in natural order.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    patterns : tuple of str
        As in `Layout.lists`.
    pictures : frozenset of str
        Folders that are not searched.
    leading_slash : bool
        Whether ids begin with a slash.
    """
    names = set()
    for pattern in patterns:
        for path in expand(root, pattern, pictures):
            name = path.removesuffix(".txt")
            if not pattern.startswith("*") or role_of(name) is not None:
                names.add(name)
    ordered = sorted(names, key=natural_key)
    return {name: ListFile(root / f"{name}.txt", leading_slash) for name in ordered}


def picture_folders(parts: tuple[Part, ...]) -> frozenset[str]:
    """Return the top folders that hold pictures: large, and without lists."""
    folders = {part.images for part in parts} | {part.masks for part in parts}
    return frozenset(folder.partition("/")[0] for folder in folders)


def expand(root: Path, pattern: str, closed: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield files that match a pattern with one or two parts, relative to the root.

    Unlike ``Path.glob`` it stops scanning when nobody asks for more, and stays out of the
    `closed` folders where the pattern leaves the folder open.
    """
    folder, slash, stem = pattern.rpartition("/")
    if not slash:
        folders = [""]
    elif "*" in folder:
        folders = sorted(
            name
            for name, is_folder in _listing(root)
            if is_folder and fnmatchcase(name, folder) and name not in closed
        )
    else:
        folders = [folder]
    for name in folders:
        if "*" not in stem:
            path = f"{name}{slash}{stem}"
            if (root / path).is_file():
                yield path
            continue
        for entry, is_folder in _listing(root / name):
            if not is_folder and fnmatchcase(entry, stem) and not entry.startswith("."):
                yield f"{name}{slash}{entry}"


def _is_there(root: Path, wanted: str, closed: frozenset[str]) -> bool:
    for pattern in wanted.split("|"):
        if pattern.endswith("/"):
            if (root / pattern).is_dir():
                return True
        elif next(expand(root, pattern, closed), None) is not None:
            return True
    return False


def _listing(folder: Path) -> Iterator[tuple[str, bool]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry.name, entry.is_dir()
    except OSError:
        return  # not there, or not a folder: then nothing in it matches
