"""Text on pictures: OpenCV 5's outline fonts, or smoothed stroke fonts before it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import cv2
import numpy as np

from sirst5k.drawing.blending import Picture, blend
from sirst5k.drawing.theme import TEXT, Colour

Align = Literal["left", "centre", "right"]

_REGULAR, _BOLD = 400, 600
_FINER = 4  # stroke fonts are drawn so many times larger, then averaged down
# Height of a capital, in pixels at scale 1, and what share of the text size it should be:
# stroke fonts are wide, so they are set a little smaller than outline fonts.
_CAPITAL, _SHARE = 21, 0.56
# Stroke fonts know ASCII only.
_PLAIN = str.maketrans(
    {
        "×": "x",
        "σ": "std",
        "·": "|",
        "±": "+/-",
        "…": "..",
        "–": "-",
        "−": "-",
        "°": " deg",
        "→": "->",
    }
)


def draw_text(
    picture: Picture,
    text: str,
    x: float,
    y: float,
    size: int,
    colour: Colour = TEXT,
    *,
    bold: bool = False,
    align: Align = "left",
) -> int:
    """Write one line of text into a picture.

    Parameters
    ----------
    picture : (H, W, 3) uint8
        Changed in place; what sticks out of it is cut.
    text : str
    x, y : float
        Where the line begins, is centred or ends, and its baseline, in pixels.
    size : int
        Text size in pixels.
    colour : Colour
    bold : bool
    align : {"left", "centre", "right"}

    Returns
    -------
    int
        Column at which the line ends.
    """
    width = text_width(text, size, bold=bold)
    left = round(x - {"left": 0.0, "centre": width / 2, "right": width}[align])
    if not text:
        return left
    face = _face()
    if face is not None:
        origin, weight = (left, round(y)), _BOLD if bold else _REGULAR
        cv2.putText(picture, text, origin, colour, face, size, weight)
    else:
        _draw_strokes(picture, text, left, round(y), size, colour, bold)
    return left + width


def text_width(text: str, size: int, *, bold: bool = False) -> int:
    """Return the width of a line of text in pixels."""
    if not text:
        return 0
    face = _face()
    if face is not None:
        weight = _BOLD if bold else _REGULAR
        # A trailing blank has no ink, but takes room.
        box = cv2.getTextSize((0, 0), text.replace(" ", "\u00a0"), (0, 0), face, size, weight)
        return int(box[0] + box[2])
    width, _ = _stroke_size(text.translate(_PLAIN), size, bold)
    return -(-width // _FINER)


def shorten(text: str, width: float, size: int, *, bold: bool = False) -> str:
    """Return text that fits a width in pixels, its middle replaced by ``…`` if need be."""
    if text_width(text, size, bold=bold) <= width:
        return text
    for kept in range(len(text) - 1, 0, -1):
        head, tail = text[: (kept + 1) // 2], text[len(text) - kept // 2 :]
        if text_width(f"{head}…{tail}", size, bold=bold) <= width:
            return f"{head}…{tail}"
    return "…"


@lru_cache(maxsize=1)
def _face() -> Any:
    """Return OpenCV's built-in sans-serif font, or None where there is none (before 5.0)."""
    make = getattr(cv2, "FontFace", None)
    return make("sans") if make is not None else None


def _stroke_size(text: str, size: int, bold: bool) -> tuple[int, int]:
    """Return width and margin of stroked text, in the finer pixels."""
    scale, thickness = _strokes(size, bold)
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)
    return width, size * _FINER


def _strokes(size: int, bold: bool) -> tuple[float, int]:
    scale = _SHARE * size * _FINER / _CAPITAL
    return scale, max(1, round(size * _FINER * (0.11 if bold else 0.075)))


def _draw_strokes(
    picture: Picture, text: str, left: int, y: int, size: int, colour: Colour, bold: bool
) -> None:
    plain = text.translate(_PLAIN)
    scale, thickness = _strokes(size, bold)
    width, margin = _stroke_size(plain, size, bold)
    fine = np.zeros((2 * margin, (-(-width // _FINER) + 2) * _FINER), np.uint8)
    origin, font = (_FINER, margin), cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(fine, plain, origin, font, scale, 255, thickness, cv2.LINE_AA)
    small = (fine.shape[1] // _FINER, fine.shape[0] // _FINER)
    ink = cv2.resize(fine, small, interpolation=cv2.INTER_AREA) * np.float32(1 / 255)
    blend(picture, ink, colour, y - size, left - 1)
