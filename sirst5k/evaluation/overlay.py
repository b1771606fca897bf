"""Overlays: a frame with what was found, what was missed, and what was made up."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.drawing import (
    Picture,
    blank,
    blend,
    draw_text,
    fill,
    grey_picture,
    image_stretch,
    local_stretch,
    outline_mask,
    place,
    shorten,
    text_width,
)
from sirst5k.drawing.theme import BODY, MUTED, PAGE, PANEL, SMALL, TARGET, TEXT, Colour
from sirst5k.evaluation.prediction import Prediction
from sirst5k.evaluation.verdicts import FALSE_ALARM, FOUND, HIT, MISS, Mark, marks_of
from sirst5k.sample import Image, Mask

# Blue, yellow and red as the papers have them; the three shapes say the same without colour.
COLOURS: dict[str, Colour] = {
    HIT: TARGET,
    FOUND: TARGET,
    MISS: (255, 221, 51),
    FALSE_ALARM: (255, 77, 64),
}
NAMES = {HIT: "hit", FOUND: "detection", MISS: "miss", FALSE_ALARM: "false alarm"}

_VIEW, _TALLEST = 768, 960  # the frame is fitted into so many pixels
_INSET, _GAP, _MARGIN, _LINE = 176, 14, 18, 24
_TITLE, _FOOT = 46, 44
_MOST = 12  # insets; of a map full of clutter the first will do
_RADIUS, _WIDEST, _THICK = 13, 64, 2  # of a mark, in pixels of the picture


def draw_overlay(prediction: Prediction) -> Picture:
    """Draw a frame with its marks, and an enlarged inset of each beside it.

    With a label: hits in blue boxes, misses in yellow brackets, false alarms in red circles,
    by the one-to-one assignment of `sirst5k.metrics` within 3 pixels. Without: detections in
    blue boxes. Insets, stretched to their own levels, show the contour of the prediction in
    the mark's colour and that of the label in white.

    Parameters
    ----------
    prediction : Prediction

    Returns
    -------
    (H, W, 3) uint8
        Red, green, blue.
    """
    # What went wrong comes first, then left to right.
    order = {MISS: 0, FALSE_ALARM: 1, HIT: 2, FOUND: 2}
    marks = sorted(marks_of(prediction), key=lambda mark: (order[mark.kind], mark.x))
    shown = marks[:_MOST]
    view = _view(prediction.image, marks, len(shown))
    rows = max(1, (view.shape[0] + _LINE) // (_INSET + _LINE + _GAP))
    columns = -(-len(shown) // rows)
    width = 2 * _MARGIN + view.shape[1] + columns * (_INSET + _GAP)
    width = max(width, 480)
    inner = max(view.shape[0], min(rows, len(shown)) * (_INSET + _LINE + _GAP) - _GAP)
    picture = blank(_TITLE + inner + _FOOT, width, PAGE)
    title = shorten(prediction.id, width / 2 - _MARGIN, BODY, bold=True)
    end = draw_text(picture, title, _MARGIN, 30, BODY, bold=True) + 14
    facts = _facts(marks, len(shown))
    draw_text(picture, shorten(facts, width - _MARGIN - end, SMALL), end, 30, SMALL, MUTED)
    place(picture, view, _TITLE, _MARGIN)
    for number, mark in enumerate(shown):
        left = _MARGIN + view.shape[1] + _GAP + number // rows * (_INSET + _GAP)
        top = _TITLE + number % rows * (_INSET + _LINE + _GAP)
        place(picture, inset(prediction, mark, _INSET), top, left)
        caption = f"{NAMES[mark.kind]} · {mark.area} px"
        text = shorten(caption if len(marks) == 1 else f"{number + 1} {caption}", _INSET, SMALL)
        draw_text(picture, text, left, top + _INSET + 18, SMALL, COLOURS[mark.kind])
    _draw_legend(picture, prediction.label is not None, _TITLE + inner + 28)
    return picture


def inset(prediction: Prediction, mark: Mark, side: int) -> Picture:
    """Return the part of a frame around a mark, enlarged, with both contours.

    Parameters
    ----------
    prediction : Prediction
    mark : Mark
    side : int
        Of the picture, in its pixels.
    """
    extent = max(mark.height, mark.width)
    factor = max(1, min(8, side // (3 * extent + 8)))
    count = side // factor | 1  # odd, so that the mark's middle is the inset's
    top, left = (round(middle) - count // 2 for middle in (mark.y, mark.x))
    stop = top + count, left + count
    height, width = prediction.image.shape
    rows, columns = (
        slice(max(top, 0), min(stop[0], height)),
        slice(max(left, 0), min(stop[1], width)),
    )
    crop = prediction.image[rows, columns]
    picture = blank(count * factor, count * factor, PANEL)
    levels = local_stretch(crop).apply(crop)
    at = (rows.start - top) * factor, (columns.start - left) * factor
    place(picture, _enlarged(grey_picture(levels), factor), *at)
    contours: list[tuple[Mask, Colour, float]] = []
    if prediction.label is not None:
        contours.append((prediction.label, TEXT, 0.0))
    contours.append((prediction.mask, COLOURS[mark.kind], 0.0))
    for mask, colour, gap in contours:
        fine = np.zeros(picture.shape[:2], np.bool_)
        part = _enlarged(mask[rows, columns], factor)
        fine[at[0] : at[0] + part.shape[0], at[1] : at[1] + part.shape[1]] = part
        outline_mask(picture, fine, colour, gap=gap, width=1.5)
    cut = (picture.shape[0] - side) // 2
    result = blank(side, side, PANEL)
    place(result, picture, -cut, -cut)
    return result


def draw_mark(picture: Picture, kind: str, x: float, y: float, radius: float) -> None:
    """Draw a box, brackets or a circle around a point of a picture, in place.

    Parameters
    ----------
    picture : (H, W, 3) uint8
    kind : str
        ``hit``, ``found``, ``miss`` or ``false alarm``.
    x, y : float
        In pixels of the picture.
    radius : float
        Half the side of a box, or that of the circle.
    """
    r, room = round(radius), round(radius) + _THICK + 2
    ink = np.zeros((2 * room + 1, 2 * room + 1), np.uint8)
    low, high = room - r, room + r
    if kind == FALSE_ALARM:
        cv2.circle(ink, (room, room), r, 255, _THICK, cv2.LINE_AA)
    else:
        cv2.rectangle(ink, (low, low), (high, high), 255, _THICK)
    if kind == MISS:  # the corners remain
        gap = slice(low + round(0.6 * r), high - round(0.6 * r) + 1)
        ink[gap] = ink[:, gap] = 0
    top, left = round(y) - room, round(x) - room
    halo = cv2.dilate(ink, np.ones((3, 3), np.uint8))  # seen on white as well
    blend(picture, halo * np.float32(0.6 / 255), PAGE, top, left)
    blend(picture, ink * np.float32(1 / 255), COLOURS[kind], top, left)


def _view(image: Image, marks: Sequence[Mark], numbered: int) -> Picture:
    """Return the whole frame, fitted, with its marks; the first get their inset's number."""
    height, width = image.shape
    factor = min(_VIEW / width, _TALLEST / height)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    levels = cv2.resize(image_stretch(image).apply(image), size, interpolation=how)
    picture = grey_picture(levels.astype(np.uint8))
    places = []
    for mark in marks:
        radius = min(max(_RADIUS, factor * max(mark.height, mark.width) / 2 + 6), _WIDEST)
        places.append(((mark.x + 0.5) * factor, (mark.y + 0.5) * factor, radius))
        draw_mark(picture, mark.kind, *places[-1])
    taken: list[tuple[float, float]] = []
    for number in range(numbered if len(marks) > 1 else 0):
        _draw_number(picture, str(number + 1), COLOURS[marks[number].kind], places[number], taken)
    return picture


def _draw_number(
    picture: Picture,
    text: str,
    colour: Colour,
    mark: tuple[float, float, float],
    taken: list[tuple[float, float]],
) -> None:
    """Write a mark's number beside it, where there is room and no other number."""
    x, y, radius = mark
    height, width = picture.shape[:2]
    far, wide = radius + 13, text_width(text, SMALL) + 6
    choices = [(x + far, y), (x - far, y), (x, y - far), (x, y + far)]
    inside = [
        (cx, cy) for cx, cy in choices if 12 < cx < width - 12 and 12 < cy < height - 12
    ] or choices[:1]
    free = [c for c in inside if all(abs(c[0] - a) > 20 or abs(c[1] - b) > 18 for a, b in taken)]
    cx, cy = (free or inside)[0]
    taken.append((cx, cy))
    ground = np.full((18, wide), 0.6, np.float32)
    blend(picture, ground, PAGE, round(cy) - 9, round(cx) - wide // 2)
    draw_text(picture, text, cx, cy + 6, SMALL, colour, align="centre")


def _facts(marks: Sequence[Mark], shown: int) -> str:
    counts = [(kind, sum(mark.kind == kind for mark in marks)) for kind in COLOURS]
    parts = [_counted(count, NAMES[kind]) for kind, count in counts if count]
    if len(marks) > shown:
        parts.append(f"{shown} shown enlarged")
    return " · ".join(parts) or "nothing found"


def _counted(count: int, name: str) -> str:
    if count == 1:
        return f"1 {name}"
    return f"{count} misses" if name == "miss" else f"{count} {name}s"


def _draw_legend(picture: Picture, labelled: bool, y: int) -> None:
    left = _MARGIN
    for kind in (HIT, MISS, FALSE_ALARM) if labelled else (FOUND,):
        draw_mark(picture, kind, left + 8, y - 6, 8)
        left = draw_text(picture, NAMES[kind], left + 26, y, SMALL, TEXT) + 24
    if labelled:
        fill(picture, TEXT, y - 7, left, 2, 20)
        draw_text(picture, "label, in insets", left + 28, y, SMALL, TEXT)


def _enlarged(array: NDArray[np.uint8] | Mask | Picture, factor: int) -> NDArray[np.uint8]:
    return np.repeat(np.repeat(array, factor, axis=0), factor, axis=1)
