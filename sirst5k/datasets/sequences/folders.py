"""The frames of sequences on disk: one folder a sequence, found without opening a file."""

from __future__ import annotations

import os
from collections.abc import Iterable

from sirst5k.datasets.links import Fence
from sirst5k.datasets.names import leads_out, natural_key
from sirst5k.datasets.scanning import scan


class FrameFolders:
    """Folders of frames below a root, each scanned when it is first asked for.

    Parameters
    ----------
    root : str
        The dataset's folder.
    follow_links : bool
        Whether frames may be links out of it.

    Attributes
    ----------
    problems : dict of str to str
        Frames that must not be read, by their path without ending, with a sentence each.
    """

    def __init__(self, root: str, follow_links: bool = False) -> None:
        self.root = root
        self.fence = Fence(root, follow_links)
        self.problems: dict[str, str] = {}
        self._scanned: dict[str, dict[str, str]] = {}

    def stems(self, folder: str) -> dict[str, str]:
        """Return a folder's frames in the order of their numbers: stem to ending.

        Empty where there is no such folder. Of two files of one stem the first ending in the
        alphabet is taken.
        """
        if folder not in self._scanned:
            self._scanned[folder] = self._scan(folder)
        return self._scanned[folder]

    def _scan(self, folder: str) -> dict[str, str]:
        whole = f"{self.root}/{folder}/"
        if not os.path.isdir(whole):  # noqa: PTH112
            return {}
        self.fence.check(whole)
        found: dict[str, str] = {}
        for stem, ending, problem in sorted(scan(whole, deep=False, fence=self.fence)):
            if problem:
                self.problems[f"{folder}/{stem}"] = f"The frame {folder}/{stem}{ending}: {problem}."
            else:
                found.setdefault(stem, ending)
        return {stem: found[stem] for stem in sorted(found, key=natural_key)}


class PathResolver:
    """Finds the files that foreign lists name by paths of the machine they were made on.

    Of ``/home/somebody/DAUB/images/train/data5/0.bmp`` the longest end that is a file below
    the root, or below its ``images/``, counts: ``images/train/data5/0.bmp``. Another ending of
    the same name is taken where the listed one is not there. Nothing outside the root is
    looked at.

    Parameters
    ----------
    folders : FrameFolders
    """

    def __init__(self, folders: FrameFolders) -> None:
        self.folders = folders
        self._known: dict[str, str] = {}  # folder as listed to folder below the root

    def find(self, listed: str) -> tuple[str, str] | None:
        """Return the folder below the root and the stem of a listed frame, or None.

        Raises
        ------
        DatasetError
            If its folder is a link out of the dataset's, and that is not allowed.
        """
        above, _, name = listed.rpartition("/")
        stem = name.rpartition(".")[0]
        if not stem:
            return None
        known = self._known.get(above)
        if known is not None:
            return (known, stem) if stem in self.folders.stems(known) else None
        for folder in _ends(above):
            if stem in self.folders.stems(folder) or f"{folder}/{stem}" in self.folders.problems:
                self._known[above] = folder
                return folder, stem
        return None

    def explain(self, listed: str) -> str:
        """Return why a listed frame is not found."""
        above, _, name = listed.rpartition("/")
        stem = name.rpartition(".")[0]
        known = self._known.get(above)
        if known is not None:
            return self.folders.problems.get(
                f"{known}/{stem}", f"there is no {known}/{name} in {self.folders.root}"
            )
        return f"no end of that path is a file below {self.folders.root}"


def _ends(folder: str) -> Iterable[str]:
    """Yield the ends of a listed folder that may lie below the root, the longest first."""
    parts = [part for part in folder.split("/") if part not in ("", ".")]
    for first in range(len(parts)):
        end = "/".join(parts[first:])
        if not leads_out(end):
            yield end
            yield f"images/{end}"
    yield "."
    yield "images"
