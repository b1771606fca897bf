"""The field's text form of annotations: ``PATH x1,y1,x2,y2,class x1,y1,x2,y2,class …``.

One line a key frame, as DAUB, IRDST and ITSDT are distributed with SSTNet and STMENet: corners
in pixels, ends exclusive, a line with a path alone for a frame without target.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sirst5k.datasets.lists import read_lines
from sirst5k.errors import DatasetError
from sirst5k.imaging import ENDINGS
from sirst5k.imaging.regular import open_regular

_NUMBER = r"-?\d{1,7}(?:\.\d{1,9})?"
_BOX = re.compile(rf"({_NUMBER}),({_NUMBER}),({_NUMBER}),({_NUMBER}),(\d{{1,6}})")
_LONGEST = 1 << 40  # bytes of a list, of which only the start is read here
_LOOKED_AT = 200  # lines that tell whether a file is such a list

Box = tuple[float, float, float, float]


class Line(NamedTuple):
    """One line of an annotation list.

    Attributes
    ----------
    number : int
        From 1.
    path : str
        Of the frame, as it stands there, with slashes of one kind.
    boxes : tuple of (x1, y1, x2, y2)
    classes : tuple of int
    """

    number: int
    path: str
    boxes: tuple[Box, ...]
    classes: tuple[int, ...]


def parse_lines(path: Path) -> Iterator[Line]:
    """Yield the lines of an annotation list.

    Blanks around lines, any line end and a byte order mark are accepted; a path may hold
    blanks, since boxes are taken off its end.

    Raises
    ------
    SplitError
        If the file cannot be read as text.
    DatasetError
        If a line names no image file.
    """
    for number, text in read_lines(path):
        line = _parse(number, text)
        if line is None:
            raise DatasetError(
                f"Expected 'PATH x1,y1,x2,y2,class …' with the path of an image, but line "
                f"{number} of {path} is {text[:200]!r}. Correct it."
            )
        yield line


def looks_like_annotations(path: Path) -> str:
    """Return what the start of a text file holds.

    Returns
    -------
    str
        ``boxes`` if it is such a list, with a box in it; ``paths`` if every line is the path of
        an image; else nothing.
    """
    boxed = False
    try:
        with open_regular(path, _LONGEST) as file:  # a pipe must not be waited for
            start = file.read(64 << 10).decode("utf-8-sig", "replace")
    except OSError:
        return ""
    texts = [text.strip() for text in re.split(r"[\r\n]+", start)]
    texts = [text for text in texts if text][:_LOOKED_AT]
    for text in texts[:-1] if len(texts) > 1 else texts:  # the last may be cut
        line = _parse(0, text)
        if line is None:
            return ""
        boxed = boxed or bool(line.boxes)
    return "boxes" if boxed else "paths" if texts else ""


def format_line(path: str, boxes: list[Box], classes: list[int]) -> str:
    """Return a line of such a list; corners that are whole are written so.

    Parameters
    ----------
    path : str
        Of the image.
    boxes : list of (float, float, float, float)
        x1, y1, x2, y2 in pixels, ends exclusive.
    classes : list of int
        One a box, from 0.

    Examples
    --------
    >>> format_line("images/a/000000.png", [(3.0, 5.0, 7.5, 9.0)], [0])
    'images/a/000000.png 3,5,7.5,9,0'
    """
    parts = [path]
    for box, kind in zip(boxes, classes, strict=True):
        parts.append(",".join([*(f"{edge:.10g}" for edge in box), str(kind)]))
    return " ".join(parts)


def _parse(number: int, text: str) -> Line | None:
    boxes: list[Box] = []
    classes: list[int] = []
    rest = text.strip()
    while True:
        head, _, last = rest.rpartition(" ")
        match = _BOX.fullmatch(last) if head else None
        if match is None:
            break
        x1, y1, x2, y2 = (float(edge) for edge in match.groups()[:4])
        boxes.append((x1, y1, x2, y2))
        classes.append(int(match[5]))
        rest = head.rstrip(" \t")
    path = rest.replace("\\", "/")
    if f".{path.rpartition('.')[2].lower()}" not in ENDINGS:  # many times as quick as a Path
        return None
    return Line(number, path, tuple(boxes[::-1]), tuple(classes[::-1]))
