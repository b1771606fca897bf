"""Sequences by annotation lists: DAUB, IRDST and ITSDT as distributed, and what is written here.

``images/[train/]SEQ/N.bmp`` beside lists of ``PATH x1,y1,x2,y2,class …``, in the root or a folder
of it. The paths may be those of another machine. ``masks/`` may mirror ``images/``, and
``tracks.jsonl`` may tell which targets are the same: ``{"frame": "SEQ/N", "tracks": [0, 2]}``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from sirst5k.datasets.layouts.layout import expand
from sirst5k.datasets.names import natural_key
from sirst5k.datasets.reading import Reading
from sirst5k.datasets.sequences.building import Gathering, Listed, gather, listed_dataset
from sirst5k.datasets.sequences.dataset import SequenceDataset
from sirst5k.datasets.sequences.files import Known, SequenceFiles
from sirst5k.datasets.sequences.folders import PathResolver
from sirst5k.datasets.sequences.layout import Opener, SequenceLayout
from sirst5k.datasets.sequences.lines import looks_like_annotations, parse_lines
from sirst5k.errors import DatasetError
from sirst5k.imaging import read_regular

TRACKS = "tracks.jsonl"
_MOST_TRACK_BYTES = 256 << 20
_PICTURES = frozenset({"images", "masks"})


def _recognise(root: Path) -> Opener | None:
    kinds = {
        path: looks_like_annotations(root / path)
        for pattern in ("*.txt", "*/*.txt")
        for path in expand(root, pattern, _PICTURES)
    }
    # A list without any box may be one of anything, but for its place or its neighbours.
    sure = [
        path
        for path, kind in kinds.items()
        if kind == "boxes" or (kind and path.startswith("annotations/"))
    ]
    if not sure:
        return None
    homes = {path.rpartition("/")[0] for path in sure}
    names = [path for path, kind in kinds.items() if kind and path.rpartition("/")[0] in homes]
    return partial(_open, root, sorted(names, key=natural_key))


def _open(root: Path, names: list[str], reading: Reading, length: int) -> SequenceDataset:
    gathering = gather(root, {name: name.removesuffix(".txt") for name in names}, reading, _listed)
    files, lists = gathering.finish("masks")
    if (root / TRACKS).is_file():
        gathering.folders.fence.check(str(root / TRACKS))
        files = with_tracks(files, root / TRACKS)
    return listed_dataset("sequences", gathering, files, lists, reading, length)


def _listed(path: Path, resolver: PathResolver, gathering: Gathering) -> Iterator[Listed]:
    for line in parse_lines(path):
        where = f"Line {line.number} of {path}"
        found = resolver.find(line.path)
        if found is None:
            why = resolver.explain(line.path)
            gathering.refuse(line.path, f"{where} lists {line.path[:300]!r}, but {why}.")
            continue
        yield Listed(*found, Known(line.boxes, line.classes), where)


def with_tracks(files: SequenceFiles, path: Path) -> SequenceFiles:
    """Return the files with the identities of their targets, read from a JSON lines file.

    Raises
    ------
    DatasetError
        If it cannot be read, or does not tell one whole number a box.
    """
    known = dict(files.known or {})
    for number, (frame_id, tracks) in enumerate(_read_tracks(path), start=1):
        if frame_id not in known:
            continue
        if len(tracks) != len(known[frame_id].boxes):
            raise DatasetError(
                f"Expected {len(known[frame_id].boxes)} identities of {frame_id!r} in line "
                f"{number} of {path}, one a box, got {len(tracks)}. Remove or correct the file."
            )
        known[frame_id] = replace(known[frame_id], tracks=tracks)
    # A frame without boxes has no target to name.
    known = {
        frame_id: replace(labels, tracks=()) if not labels.boxes else labels
        for frame_id, labels in known.items()
    }
    return replace(files, known=known)


def _read_tracks(path: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    try:
        text = read_regular(path, _MOST_TRACK_BYTES).decode("utf-8")
        for line in filter(None, map(str.strip, text.splitlines())):
            record = json.loads(line)
            tracks = record.get("tracks") if isinstance(record, Mapping) else None
            frame = record.get("frame") if isinstance(record, Mapping) else None
            if not isinstance(frame, str) or not isinstance(tracks, list):
                raise ValueError("a line has no 'frame' and 'tracks'")
            if not all(type(track) is int for track in tracks):
                raise ValueError("an identity is no whole number")
            yield frame, tuple(tracks)
    except (OSError, ValueError, RecursionError) as error:
        raise DatasetError(
            f'Expected lines of {{"frame": "SEQ/N", "tracks": [0, 2]}} in {path}: '
            f"{str(error)[:200]}. Remove or correct the file."
        ) from error


SEQUENCES = SequenceLayout(
    name="sequences",
    looks_for=(
        "a list of lines 'PATH x1,y1,x2,y2,class …' in the folder or one below it, and the "
        "frames that it names (DAUB, IRDST, ITSDT: images/SEQ/N.bmp)"
    ),
    recognise=_recognise,
)
