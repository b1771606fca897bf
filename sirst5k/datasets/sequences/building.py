"""Frames and labels gathered from lists and folders, checked as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sirst5k.datasets.names import natural_key, unusable
from sirst5k.datasets.reading import Reading
from sirst5k.datasets.sequences.dataset import SequenceDataset
from sirst5k.datasets.sequences.files import FileSequences, Known, SequenceFiles
from sirst5k.datasets.sequences.folders import FrameFolders, PathResolver
from sirst5k.datasets.sequences.layout import roles_of_lists
from sirst5k.datasets.splits import Splits
from sirst5k.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Listed:
    """A frame that a list names: where it is, what it holds, where that is said.

    Attributes
    ----------
    folder : str
        Below the root.
    stem : str
    known : Known
    where : str
        ``Line 3 of train.txt``.
    """

    folder: str
    stem: str
    known: Known
    where: str


class Gathering:
    """The sequences of a dataset while its lists are read.

    Parameters
    ----------
    folders : FrameFolders
    skip : bool
        Whether what cannot be used is left out and recorded instead of refused.

    Attributes
    ----------
    skipped : dict of str to str
        What was left out, with the reason.
    remarks : list of str
        On lines that say once more what a line before them said.
    """

    def __init__(self, folders: FrameFolders, skip: bool) -> None:
        self.folders = folders
        self.skip = skip
        self.skipped: dict[str, str] = {}
        self.remarks: list[str] = []
        self._known: dict[tuple[str, str], Known] = {}
        self._lists: dict[str, list[tuple[str, str]]] = {}
        self._prefix: str | None = None

    def refuse(self, name: str, why: str) -> None:
        """Record why something is left out, or raise `DatasetError` where that is not wanted."""
        if not self.skip:
            raise DatasetError(
                f"{why} Correct it, or leave such frames out with on_error='skip' "
                "(--on-error skip)."
            )
        self.skipped[name] = why

    def add_list(self, name: str, listed: Iterable[Listed]) -> None:
        """Take the key frames of a list."""
        members = self._lists.setdefault(name, [])
        seen = set()
        again: list[str] = []
        for frame in listed:
            key = frame.folder, frame.stem
            why = unusable(f"{frame.folder}/{frame.stem}")
            if why:
                self.refuse(ascii(key)[1:-1], f"{frame.where} names a frame, but {why}.")
                continue
            known = self._checked(frame)
            before = self._known.setdefault(key, known)
            if before != known:
                self.refuse(
                    f"{frame.where}",
                    f"{frame.where} says other boxes of {frame.folder}/{frame.stem} than a line "
                    "before it.",
                )
            if key in seen:
                again.append(frame.where)
            else:
                seen.add(key)
                members.append(key)
        if again:
            self.remarks.append(
                f"{again[0]} names a frame of a line before it once more"
                f"{f', as do {len(again) - 1} others' if len(again) > 1 else ''}."
            )

    def _checked(self, frame: Listed) -> Known:
        """Return the targets of a frame whose boxes have an area."""
        good = [k for k, (x1, y1, x2, y2) in enumerate(frame.known.boxes) if x2 > x1 and y2 > y1]
        if len(good) == len(frame.known.boxes):
            return frame.known
        bad = next(k for k in range(len(frame.known.boxes)) if k not in good)
        self.refuse(
            frame.where,
            f"{frame.where} has a box without area, {list(frame.known.boxes[bad])}: x1 y1 x2 y2 "
            "were expected, with x2 = x1 + width.",
        )
        tracks = frame.known.tracks
        return Known(
            tuple(frame.known.boxes[k] for k in good),
            tuple(frame.known.classes[k] for k in good),
            None if tracks is None else tuple(tracks[k] for k in good),
        )

    def finish(self, masks: str = "") -> tuple[SequenceFiles, dict[str, tuple[str, ...]]]:
        """Return the files, and the key frames of every list by their ids.

        Parameters
        ----------
        masks : str
            Folder of masks that mirrors ``images/``; empty if there is none.
        """
        used = sorted({folder for folder, _ in self._known}, key=natural_key)
        names = sequence_names(used)
        sequences: dict[str, tuple[str, ...]] = {}
        frames: dict[str, str] = {}
        mask_files: dict[str, str] = {}
        for folder in used:
            stems = self.folders.stems(folder)
            ids = {stem: f"{names[folder]}/{stem}" for stem in stems}
            sequences[names[folder]] = tuple(ids.values())
            frames |= {ids[stem]: f"{folder}/{stem}{ending}" for stem, ending in stems.items()}
            if masks and folder.startswith("images/"):
                beside = f"{masks}/{folder.removeprefix('images/')}"
                found = self.folders.stems(beside)
                mask_files |= {
                    ids[stem]: f"{beside}/{stem}{found[stem]}" for stem in stems if stem in found
                }
        known = {f"{names[f]}/{stem}": labels for (f, stem), labels in self._known.items()}
        lists = {
            name: tuple(f"{names[folder]}/{stem}" for folder, stem in members)
            for name, members in self._lists.items()
        }
        files = SequenceFiles(self.folders.root, sequences, frames, mask_files, known)
        return files, lists


def gather(
    root: Path,
    members: Mapping[str, str],
    reading: Reading,
    read: Callable[[Path, PathResolver, Gathering], Iterable[Listed]],
) -> Gathering:
    """Read the files that name a dataset's key frames.

    Parameters
    ----------
    root : Path
    members : mapping of str to str
        File below the root, to the list that its frames belong to.
    reading : Reading
    read : callable
        Gives the frames of one file, and refuses those that are not there.

    Raises
    ------
    DatasetError
        If a file cannot be read, or names what cannot be used and nothing is to be skipped.
    """
    folders = FrameFolders(str(root), reading.follow_links)
    gathering = Gathering(folders, reading.skip)
    resolver = PathResolver(folders)
    for name, listed in members.items():
        folders.fence.check(str(root / name))
        gathering.add_list(listed, read(root / name, resolver, gathering))
    return gathering


def listed_dataset(
    layout: str,
    gathering: Gathering,
    files: SequenceFiles,
    lists: dict[str, tuple[str, ...]],
    reading: Reading,
    length: int,
) -> SequenceDataset:
    """Return the dataset of what was gathered, its key frames those of all lists.

    Parameters
    ----------
    layout : str
    gathering : Gathering
    files : SequenceFiles
    lists : dict of str to tuple of str
        Both from `Gathering.finish`.
    reading : Reading
    length : int
        Frames of a clip.
    """
    every = {frame_id for frames in lists.values() for frame_id in frames}
    return SequenceDataset(
        FileSequences(files, reading.mask_threshold, reading.max_pixels),
        files.sequences,
        sorted(every, key=natural_key),
        Splits(lists, roles_of_lists(lists)),
        layout,
        Path(gathering.folders.root),
        length=length,
        skipped=gathering.skipped,
        remarks=gathering.remarks,
    )


def sequence_names(folders: Iterable[str]) -> Mapping[str, str]:
    """Return folder to sequence: without ``images/`` if that is where all of them lie.

    Examples
    --------
    >>> dict(sequence_names(["images/train/data5", "images/test/data6"]))
    {'images/train/data5': 'train/data5', 'images/test/data6': 'test/data6'}
    """
    folders = list(folders)
    inside = all(folder.startswith("images/") for folder in folders)
    return {
        folder: folder.removeprefix("images/") if inside else folder.replace("./", "") or "frames"
        for folder in folders
    }
