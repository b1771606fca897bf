"""Sequences by folders: one of frames for each, with one of masks, or a file of boxes.

- ``images/[ROLE/]SEQ/N.bmp`` with ``masks/[ROLE/]SEQ/N.bmp`` (IRDST-simulation);
- ``[ROLE/]SEQ/img/N.png`` with ``[ROLE/]SEQ/mask/N.png`` (SatVideoIRSDT), or with a file of
  boxes (see `box_files`), frames also in ``SEQ`` itself then.

Where lists of ids or paths stand in the root or one folder below it they are the splits, else
folders called ``train``, ``val`` and ``test`` are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sirst5k.datasets.layouts import LAYOUTS
from sirst5k.datasets.layouts.layout import expand
from sirst5k.datasets.layouts.plain import PLAIN
from sirst5k.datasets.lists import read_lines
from sirst5k.datasets.names import natural_key, unusable
from sirst5k.datasets.reading import Reading
from sirst5k.datasets.scanning import is_folder
from sirst5k.datasets.sequences.box_files import JSON_FILES, MOT_FILES, read_boxes
from sirst5k.datasets.sequences.dataset import SequenceDataset
from sirst5k.datasets.sequences.files import FileSequences, Known, SequenceFiles
from sirst5k.datasets.sequences.folders import FrameFolders
from sirst5k.datasets.sequences.layout import Opener, SequenceLayout, roles_of_lists
from sirst5k.datasets.splits import ROLES, Splits
from sirst5k.errors import DatasetError, SplitError

_FRAMES = ("img", "img1", "images", "imgs", "frames")
_MASKS = ("mask", "masks", "gt", "label", "labels")
_NUMBERED = re.compile(r"\D*(\d{1,12})")
_ENDINGS = re.compile(r"\.(?:png|bmp|jpe?g|tiff?)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tree:
    """A sequence's folders and files, below the root.

    Attributes
    ----------
    name : str
        Of the sequence.
    role : str
        ``train``, … if it lies in a folder of that name, else empty.
    frames : str
        Folder of frames.
    masks, boxes : str
        Folder of masks or file of boxes; one of them is empty.
    """

    name: str
    role: str
    frames: str
    masks: str = ""
    boxes: str = ""


def _recognise(root: Path) -> Opener | None:
    folders = FrameFolders(str(root), follow_links=True)  # opening checks links
    if folders.stems("images"):
        return None  # single images, whatever else is beside them
    trees = [tree for tree in _trees(root) if _numbered(folders.stems(tree.frames))]
    if not trees or not any(_fits(folders, root, tree) for tree in trees):
        return None
    if not (root / "images").is_dir() and _are_datasets(root, trees):
        return None
    return partial(_open, root, trees)


def _are_datasets(root: Path, trees: list[Tree]) -> bool:
    """Return whether the first folder is a dataset of single images with lists of its own."""
    first = root / trees[0].name
    return not trees[0].boxes and any(
        layout is not PLAIN and layout.recognise(first) is not None for layout in LAYOUTS.values()
    )


def _fits(folders: FrameFolders, root: Path, tree: Tree) -> bool:
    if tree.boxes:
        return (root / tree.boxes).is_file()
    return bool(folders.stems(tree.frames).keys() & folders.stems(tree.masks).keys())


def _numbered(stems: Mapping[str, str]) -> dict[int, str]:
    """Return number to stem if all frames of a folder are numbered alike, else nothing."""
    matches = {stem: _NUMBERED.fullmatch(stem) for stem in stems}
    numbers = {int(match[1]): stem for stem, match in matches.items() if match is not None}
    return numbers if len(numbers) == len(stems) >= 2 else {}


def _trees(root: Path) -> Iterator[Tree]:
    """Yield what may be sequences, by the names of folders."""
    if (root / "images").is_dir() and (root / "masks").is_dir():
        for role, name in _nested(root / "images"):
            below = f"{role}/{name}" if role else name
            yield Tree(below, role, f"images/{below}", f"masks/{below}")
        return
    for role, name in _nested(root):
        below = f"{role}/{name}" if role else name
        inside = {entry.lower(): entry for entry in _subfolders(root / below)}
        frames = next((inside[word] for word in _FRAMES if word in inside), "")
        masks = next((inside[word] for word in _MASKS if word in inside), "")
        boxes = next((f for f in (*MOT_FILES, *JSON_FILES) if (root / below / f).is_file()), "")
        place = f"{below}/{frames}" if frames else below
        if boxes:
            yield Tree(below, role, place, boxes=f"{below}/{boxes}")
        elif frames and masks:
            yield Tree(below, role, place, f"{below}/{masks}")


def _nested(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield role and name of every folder, looking into those that are called after a role."""
    for name in _subfolders(folder):
        if name.lower() in ROLES:
            yield from ((name, inner) for inner in _subfolders(folder / name))
        else:
            yield "", name


def _subfolders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if is_folder(entry)]
    except OSError:
        return []
    usable = [name for name in names if not name.startswith((".", "__MACOSX"))]
    return sorted((name for name in usable if not unusable(name)), key=natural_key)


def _open(root: Path, trees: list[Tree], reading: Reading, length: int) -> SequenceDataset:
    folders = FrameFolders(str(root), reading.follow_links)
    sequences: dict[str, tuple[str, ...]] = {}
    frames: dict[str, str] = {}
    masks: dict[str, str] = {}
    known: dict[str, Known] = {}
    by_role: dict[str, list[str]] = {}
    for tree in trees:
        stems = folders.stems(tree.frames)
        ids = {stem: f"{tree.name}/{stem}" for stem in stems}
        sequences[tree.name] = tuple(ids.values())
        frames |= {ids[stem]: f"{tree.frames}/{stem}{ending}" for stem, ending in stems.items()}
        if tree.boxes:
            folders.fence.check(str(root / tree.boxes))
            numbers = _numbered(stems)
            found = read_boxes(root / tree.boxes, numbers, min(numbers))
            known |= {ids[stem]: found.get(stem, Known()) for stem in stems}
            labelled = list(ids.values())
        else:
            beside = folders.stems(tree.masks)
            paired = [stem for stem in stems if stem in beside]
            masks |= {ids[stem]: f"{tree.masks}/{stem}{beside[stem]}" for stem in paired}
            labelled = [ids[stem] for stem in paired]
        by_role.setdefault(tree.role.lower(), []).extend(labelled)
    problems = dict(folders.problems)
    if problems and not reading.skip:
        raise DatasetError(
            f"{next(iter(problems.values()))} Leave such frames out with on_error='skip' "
            "(--on-error skip)."
        )
    boxed = {tree.name for tree in trees if tree.boxes}
    if boxed and len(boxed) < len(trees):
        raise DatasetError(
            f"Expected masks or boxes of all sequences in {root}, but {sorted(boxed)[0]} has boxes "
            "and others have masks. Divide the dataset."
        )
    every = tuple(frame_id for members in by_role.values() for frame_id in members)
    lists = _lists(root, frozenset(every), frames, reading.skip)
    if not lists:
        lists = {role: tuple(members) for role, members in by_role.items() if role}
    files = SequenceFiles(str(root), sequences, frames, masks, known if boxed else None)
    return SequenceDataset(
        FileSequences(files, reading.mask_threshold, reading.max_pixels),
        sequences,
        sorted(every, key=natural_key),
        Splits(lists, roles_of_lists(lists)),
        "sequence-folders",
        root,
        length=length,
        skipped=problems,
    )


def _lists(
    root: Path, known: frozenset[str], frames: Mapping[str, str], skip: bool
) -> dict[str, tuple[str, ...]]:
    """Return the split lists of ids, or of paths of frames, that fit this dataset."""
    by_path = {_ENDINGS.sub("", path): frame_id for frame_id, path in frames.items()}
    closed = frozenset(path.partition("/")[0] for path in frames.values()) | {"masks"}
    lists: dict[str, tuple[str, ...]] = {}
    for name in [p for pattern in ("*.txt", "*/*.txt") for p in expand(root, pattern, closed)]:
        if unusable(name):
            continue
        found, missing = [], ""
        for number, line in read_lines(root / name):
            frame_id = _find(line, known, by_path)
            if frame_id is not None:
                found.append(frame_id)
            elif not missing:
                missing = f"Line {number} of {root / name} lists {line[:200]!r}, which is no frame."
        if missing and found and not skip:
            raise SplitError(f"{missing} Correct the list, or skip such lines (--on-error skip).")
        if found:
            lists[name.removesuffix(".txt")] = tuple(dict.fromkeys(found))
    return {name: lists[name] for name in sorted(lists, key=natural_key)}


def _find(line: str, known: frozenset[str], by_path: Mapping[str, str]) -> str | None:
    parts = _ENDINGS.sub("", line.replace("\\", "/")).strip("/").split("/")
    for first in range(len(parts)):
        end = "/".join(parts[first:])
        frame_id = end if end in known else by_path.get(end)
        if frame_id is not None and frame_id in known:
            return frame_id
    return None


SEQUENCE_FOLDERS = SequenceLayout(
    name="sequence-folders",
    looks_for=(
        "images/SEQ/N.png with masks/SEQ/N.png, or SEQ/img/N.png with SEQ/mask/N.png or a file of "
        f"boxes ({', '.join((*MOT_FILES, *JSON_FILES))}), also inside train/, val/, test/"
    ),
    recognise=_recognise,
)
