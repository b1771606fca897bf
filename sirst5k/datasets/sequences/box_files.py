"""Files that hold the boxes of a whole sequence, in two forms that trackers use.

- MOTChallenge: ``SEQ/gt/gt.txt`` (or ``SEQ/gt.txt``), lines ``frame,identity,left,top,width,
  height,flag,class,…``; frames, left and top count from 1; flag 0 means: do not use.
- Anti-UAV: ``SEQ/IR_label.json`` (``infrared.json``, ``label.json``) with ``{"exist": [1, …],
  "gt_rect": [[x, y, width, height], …]}``, one entry a frame, from 0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sirst5k.datasets.lists import read_lines
from sirst5k.datasets.sequences.files import Box, Known
from sirst5k.errors import DatasetError
from sirst5k.imaging import read_regular

MOT_FILES = ("gt/gt.txt", "gt.txt")
JSON_FILES = ("IR_label.json", "infrared.json", "label.json")
_MOST_BYTES = 64 << 20


def read_boxes(path: Path, numbers: Mapping[int, str], first: int) -> dict[str, Known]:
    """Return the targets of each frame that a file names.

    Parameters
    ----------
    path : Path
        One of `MOT_FILES` or `JSON_FILES`.
    numbers : mapping of int to str
        Number of a frame in its name to its stem.
    first : int
        The smallest of these numbers: where frames of JSON files begin.

    Raises
    ------
    DatasetError
        If the file is none of them.
    """
    try:
        if path.suffix == ".json":
            return _anti_uav(path, numbers, first)
        return _mot(path, numbers)
    except (OSError, ValueError, RecursionError) as error:
        raise DatasetError(
            f"Expected the boxes of a sequence in {path} (MOTChallenge's or Anti-UAV's form), "
            f"but: {str(error)[:200]}. Correct or remove it."
        ) from error


def _mot(path: Path, numbers: Mapping[int, str]) -> dict[str, Known]:
    found: dict[str, list[tuple[Box, int, int]]] = {}
    for number, line in read_lines(path):
        cells = line.split(",")
        if len(cells) < 6:
            raise ValueError(f"line {number} has {len(cells)} cells instead of 6 or more")
        frame, track, left, top, width, height = (float(cell) for cell in cells[:6])
        if len(cells) > 6 and float(cells[6]) == 0:
            continue
        stem = numbers.get(int(frame))
        if stem is not None:
            x, y = left - 1, top - 1
            found.setdefault(stem, []).append(((x, y, x + width, y + height), 0, int(track)))
    return {stem: _known(targets) for stem, targets in found.items()}


def _known(targets: list[tuple[Box, int, int]]) -> Known:
    boxes, classes, tracks = zip(*targets, strict=True)
    return Known(tuple(boxes), tuple(classes), tuple(tracks))


def _anti_uav(path: Path, numbers: Mapping[int, str], first: int) -> dict[str, Known]:
    document: Any = json.loads(read_regular(path, _MOST_BYTES))
    boxes = document.get("gt_rect") if isinstance(document, dict) else None
    if not isinstance(boxes, list):
        raise ValueError("it has no list 'gt_rect'")
    exist = document.get("exist", [1] * len(boxes))
    if not isinstance(exist, list) or len(exist) != len(boxes):
        raise ValueError("'exist' and 'gt_rect' differ in length")
    found = {}
    for place, (there, box) in enumerate(zip(exist, boxes, strict=True)):
        stem = numbers.get(first + place)
        if stem is None:
            continue
        if not there or not box:
            found[stem] = Known((), (), ())
            continue
        if not isinstance(box, list) or len(box) != 4:
            raise ValueError(f"entry {place} of 'gt_rect' is no [x, y, width, height]")
        x, y, width, height = (float(number) for number in box)
        found[stem] = Known(((x, y, x + width, y + height),), (0,), (0,))
    return found
