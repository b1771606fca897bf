"""Boxes that anybody saved: COCO results, text lines, a text file a frame."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sirst5k.errors import DatasetError, DatasetNotFoundError

Row = tuple[float, float, float, float, int, float]
"""x1, y1, x2, y2, class from 0, score."""

COCO_NAME = "boxes.json"
"""What `sirst5k predict` calls its own COCO document."""


@dataclass(slots=True)
class BoxFiles:
    """Boxes by the name that their file gives to each frame.

    Attributes
    ----------
    rows : dict of str to list of Row
        Frames without any box among them, where the file lists them.
    complete : bool
        Whether the file lists silent frames, so that one it lacks was never looked at.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict)
    complete: bool = True


def read_box_files(
    path: str | os.PathLike[str], images: str | os.PathLike[str] | None = None
) -> BoxFiles:
    """Read saved boxes.

    Parameters
    ----------
    path : path
        One of

        - ``*.json``: a list of COCO results (``image_id, category_id, bbox, score``), or a COCO
          document whose annotations have scores, as `sirst5k predict` writes;
        - another file: a line a frame, ``FRAME x1,y1,x2,y2,class,score …``;
        - a folder with a ``boxes.json``, or with a text file for each frame, whose lines are
          ``class score x1 y1 x2 y2``.
    images : path, optional
        A COCO json whose ``images`` tell the file names of the ids in a list of results.

    Raises
    ------
    DatasetNotFoundError, DatasetError
        If there is no such file, or a line of it is none of these.
    """
    where = Path(path)
    if where.is_dir():
        if (where / COCO_NAME).is_file():
            return _from_json(where / COCO_NAME, images)
        return _from_folder(where)
    if not where.is_file():
        raise DatasetNotFoundError(f"Expected a file or folder of boxes, but there is no {where}.")
    return _from_json(where, images) if where.suffix.lower() == ".json" else _from_lines(where)


def _from_json(file: Path, images: str | os.PathLike[str] | None) -> BoxFiles:
    document = _load(file)
    if isinstance(document, dict) and isinstance(document.get("annotations"), list):
        names, results = _names(document, file), document["annotations"]
        found = BoxFiles({name: [] for name in names.values()})
    elif isinstance(document, list):
        results = document
        names = {} if images is None else _names(_load(Path(images)), Path(images))
        found = BoxFiles({name: [] for name in names.values()}, complete=images is not None)
    else:
        raise DatasetError(
            f"Expected a list of COCO results, or a document with annotations, in {file}."
        )
    least = min((_kind(one) for one in results), default=1)
    first = 1 if least >= 1 else 0  # COCO counts from 1; those who count from 0 show it
    for number, one in enumerate(results):
        try:
            left, top, width, height = (float(value) for value in one["bbox"])
            row = (left, top, left + width, top + height, _kind(one) - first, float(one["score"]))
            key = one["image_id"]
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetError(
                f"Expected image_id, category_id, bbox [x, y, width, height] and score in result "
                f"{number} of {file}, got {str(one)[:120]} ({error!r})."
            ) from error
        name = names.get(key)
        if name is None:
            if not isinstance(key, str) or names:
                raise DatasetError(
                    f"Result {number} of {file} is of the image {key!r}, and nothing tells its "
                    "file name. Give the COCO json of the labels: --images FILE (images=FILE)."
                )
            name = key
        found.rows.setdefault(name, []).append(_checked(row, f"result {number} of {file}"))
    return found


def _kind(result: Any) -> int:
    try:
        return int(result.get("category_id", 1))
    except (AttributeError, TypeError, ValueError):
        return 1  # what is wrong with it is said where its row is read


def _names(document: Any, file: Path) -> Mapping[Any, str]:
    try:
        return {one["id"]: str(one["file_name"]) for one in document["images"]}
    except (KeyError, TypeError) as error:
        raise DatasetError(
            f"Expected images with id and file_name in {file}, but {error!r}."
        ) from error


def _load(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DatasetError(f"Expected JSON in {file}: {error}.") from error


def _lines(file: Path) -> Iterable[tuple[int, str]]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"Expected a text file of boxes, but {file}: {error}.") from error
    return ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))


def _from_lines(file: Path) -> BoxFiles:
    found = BoxFiles()
    for number, line in _lines(file):
        if not line:
            continue
        words, count = line.split(), 0
        while count < len(words) - 1 and words[-count - 1].count(",") >= 4:
            count += 1  # boxes hold commas; what stands before them, blanks included, is a path
        name = " ".join(words[: len(words) - count])
        rows = found.rows.setdefault(name, [])
        for box in words[len(words) - count :]:
            rows.append(_from_words(box.split(","), (0, 1, 2, 3, 4, 5), f"line {number} of {file}"))
    return found


def _from_folder(folder: Path) -> BoxFiles:
    files = sorted(file for file in folder.rglob("*.txt") if file.is_file())
    if not files:
        raise DatasetError(
            f"Expected {COCO_NAME} or text files of boxes in {folder}, one a frame, but it holds "
            "none. Masks of sequences are scored with --stills."
        )
    found = BoxFiles()
    for file in files:
        rows = found.rows.setdefault(file.relative_to(folder).as_posix(), [])
        for number, line in _lines(file):
            if line:
                where = f"line {number} of {file}"
                rows.append(_from_words(line.split(), (2, 3, 4, 5, 0, 1), where))
    return found


def _from_words(words: list[str], order: tuple[int, ...], where: str) -> Row:
    shown = " ".join(words)
    try:
        if len(words) != 6:
            raise ValueError(f"{len(words)} values")
        x1, y1, x2, y2, kind, score = (words[place] for place in order)
        # Repositories of one class write its name.
        number = int(kind) if kind.lstrip("+-").isdigit() else 0
        row = (float(x1), float(y1), float(x2), float(y2), number, float(score))
    except ValueError as error:
        raise DatasetError(
            "Expected x1,y1,x2,y2,class,score for each box of a line, or in a file a frame "
            f"class score x1 y1 x2 y2, got {shown[:120]!r} in {where} ({error})."
        ) from error
    return _checked(row, where)


def _checked(row: Row, where: str) -> Row:
    if not all(map(math.isfinite, row)) or row[2] < row[0] or row[3] < row[1]:
        raise DatasetError(
            f"Expected finite numbers and a box that ends after it begins, got {row} in {where}."
        )
    return row
