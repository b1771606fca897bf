"""What a layout is: how to recognise a folder, and where its images, masks and lists lie."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from sirst5k.datasets.names import natural_key, unusable
from sirst5k.datasets.pairs import Part
from sirst5k.datasets.reading import Opened, Reading
from sirst5k.datasets.scanning import is_folder
from sirst5k.datasets.splits import ROLES, FolderList, ListFile, role_of


@dataclass(frozen=True, slots=True)
class Found:
    """What a layout found in a folder.

    Attributes
    ----------
    parts : tuple of Part
        Where images and masks lie.
    lists : mapping of str to sequence of str, ListFile or FolderList
        Split lists by name.
    canonical : mapping of str to str
        Role to the list that it means.
    opener : callable, optional
        Opens the samples where they are no pairs of files: given how they are to be read, it
        returns their source and index, and `parts` is empty.
    """

    parts: tuple[Part, ...]
    lists: Mapping[str, Sequence[str] | ListFile | FolderList] = field(default_factory=dict)
    canonical: Mapping[str, str] = field(default_factory=dict)
    opener: Callable[[Reading], Opened] | None = None


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
        ``a|b`` is either, tried in this order.
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
        lists: dict[str, Sequence[str] | ListFile | FolderList] = {
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
            if unusable(name) == "" and (not pattern.startswith("*") or role_of(name) is not None):
                names.add(name)
    ordered = sorted(names, key=natural_key)
    return {name: ListFile(root / f"{name}.txt", leading_slash) for name in ordered}


def picture_folders(parts: tuple[Part, ...]) -> frozenset[str]:
    """Return the top folders that hold pictures: large, and without lists."""
    folders = {part.images for part in parts} | {part.masks for part in parts}
    return frozenset(folder.partition("/")[0] for folder in folders)


def expand(root: Path, pattern: str, closed: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield files that match a pattern, relative to the root.

    Unlike ``Path.glob`` it stops scanning when nobody asks for more, and stays out of the
    `closed` folders where the pattern leaves the folder open.
    """
    *folders, stem = pattern.split("/")
    for folder in _expand_folders(root, "", folders, closed):
        if "*" not in stem:
            if (root / folder / stem).is_file():
                yield folder + stem
            continue
        for entry, is_a_folder in _listing(root / folder):
            if not is_a_folder and fnmatchcase(entry, stem) and not entry.startswith("."):
                yield folder + entry


def _expand_folders(
    root: Path, below: str, patterns: Sequence[str], closed: frozenset[str]
) -> Iterator[str]:
    """Yield folders that match the parts of a pattern, each with a slash at its end."""
    if not patterns:
        yield below
        return
    wanted, *rest = patterns
    names = [wanted]
    if "*" in wanted:
        names = sorted(
            name
            for name, is_a_folder in _listing(root / below)
            if is_a_folder and fnmatchcase(name, wanted) and (below or name not in closed)
        )
    for name in names:
        yield from _expand_folders(root, f"{below}{name}/", rest, closed)


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
                yield entry.name, is_folder(entry)
    except OSError:
        return  # not there, or not a folder: then nothing in it matches
