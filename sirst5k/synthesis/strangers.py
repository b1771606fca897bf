"""Files in an output folder that no run has written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from sirst5k.synthesis.facts import FINISHED
from sirst5k.synthesis.faults import Fault, stranger
from sirst5k.synthesis.lock import HOLDER, LOCK

_KNOWN = {FINISHED, LOCK, HOLDER}


def find_strangers(
    root: Path,
    files: Iterable[str],
    present: Mapping[str, int],
    names: Callable[[], Iterable[str]],
) -> list[Fault]:
    """Return a fault for each file that does not belong to a dataset.

    Folders of samples are counted first: where the number of files is right and none is
    missing, there is none too many, and their names need not be held in memory.

    Parameters
    ----------
    root : Path
        The output folder.
    files : iterable of str
        Names of single files that belong to it.
    present : mapping of str to int
        Folder of samples to how many of its files were found by name.
    names : callable
        Returns the names of all files in those folders.
    """
    known = {*_KNOWN, *files}
    folders = {name.partition("/")[0] for name in known if "/" in name}
    faults = []
    for entry in sorted(root.iterdir()):
        name = entry.name
        if name in present and _is_folder(entry):
            if sum(1 for _ in _files(root, name)) != present[name]:
                belonging = {each for each in names() if each.startswith(f"{name}/")}
                faults += [stranger(each) for each in _files(root, name) if each not in belonging]
        elif name in folders and _is_folder(entry):
            faults += [stranger(each) for each in _files(root, name) if each not in known]
        elif name not in known:
            faults.append(stranger(name))
    return faults


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _files(root: Path, folder: str) -> Iterator[str]:
    """Yield what lies in a folder and its folders, by name below the root."""
    waiting = [folder]
    while waiting:
        below = waiting.pop()
        with os.scandir(root / below) as entries:
            for entry in entries:
                name = f"{below}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(name)
                else:
                    yield name
