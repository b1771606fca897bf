"""The image files of a folder, found without opening one of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple

from sirst5k.datasets.links import REMEDY, Fence, may_follow
from sirst5k.datasets.names import unusable
from sirst5k.errors import DatasetError
from sirst5k.imaging import ENDINGS

_DEPTH = 3  # folders below an image folder; ids like `44/1(814)` need one


class Scanned(NamedTuple):
    """An image file: its path below the folder without ending, its ending, what is wrong."""

    stem: str
    ending: str
    problem: str


def image_files(folder: str, deep: bool = True) -> Iterator[tuple[str, str]]:
    """Yield stem and ending of every image file of a folder, one directory scan a folder.

    Hidden files and what operating systems leave behind are passed over.

    Parameters
    ----------
    folder : str
        With a slash at its end.
    deep : bool
        Whether folders inside it are searched; stems are then like ``44/1(814)``.
    """
    for stem, ending, _ in scan(folder, deep):
        yield stem, ending


def own_image_files(folder: str) -> Iterator[tuple[str, str]]:
    """Yield stem and ending of every image file of a folder that is no dataset.

    Parameters
    ----------
    folder : str
        With a slash at its end.

    Raises
    ------
    DatasetError
        At a link out of the folder, unless the environment allows such links.
    """
    fence = Fence(folder, may_follow())
    for stem, ending, _ in scan(folder, fence=fence):
        fence.check(f"{folder}{stem}{ending}")
        yield stem, ending


def scan(folder: str, deep: bool = True, fence: Fence | None = None) -> Iterator[Scanned]:
    """Yield every image file of a folder, with what keeps it from being used.

    Folders that are reached through links come after the others, each once, so that links
    in a circle end.

    Parameters
    ----------
    folder, deep
        As in `image_files`.
    fence : Fence, optional
        Links out of it are a problem; by default they are followed.

    Raises
    ------
    DatasetError
        If a folder cannot be read, or a link to a folder leads out of the fence.
    """
    waiting: list[tuple[str, int]] = [("", 0)]
    linked: list[tuple[str, int]] = []
    seen: set[str] = set()
    while waiting or linked:
        linked.sort(reverse=True)
        below, depth = waiting.pop() if waiting else linked.pop()
        real = os.path.realpath(folder + below)
        if real in seen:
            continue
        seen.add(real)
        with _entries(folder + below) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith((".", "__MACOSX")):
                    continue
                stem, dot, ending = name.rpartition(".")
                if stem and dot + ending.lower() in ENDINGS and not is_folder(entry):
                    whole = below + stem
                    problem = "" if whole.isprintable() else unusable(whole)
                    if fence is not None and entry.is_symlink() and not fence.holds(entry.path):
                        problem = f"it is a link to {os.path.realpath(entry.path)}. {REMEDY}"
                    yield Scanned(whole, dot + ending, problem)
                elif deep and depth < _DEPTH and is_folder(entry):
                    if entry.is_symlink():
                        if fence is not None:
                            fence.check(entry.path)
                        linked.append((f"{below}{name}/", depth + 1))
                    else:
                        waiting.append((f"{below}{name}/", depth + 1))


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether a directory entry is a folder; a link in a circle is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _entries(path: str) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
    try:
        return os.scandir(path)
    except OSError as error:
        raise DatasetError(
            f"Expected a readable folder, but {path} cannot be read: {error.strerror}."
        ) from error
