"""A filmstrip: frames of sequences above those of their variants, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sirst5k.drawing import (
    Panel,
    Picture,
    Stretch,
    blank,
    draw_text,
    fill,
    image_stretch,
    local_stretch,
    noise_stretch,
    place,
    shorten,
)
from sirst5k.drawing.theme import BODY, HEAD, MUTED, PANEL, RULE, SMALL, TEXT, TITLE
from sirst5k.errors import ParameterError
from sirst5k.synthesis.contact_sheet import SheetTitle
from sirst5k.synthesis.sequences.film import COLUMNS, FilmFrame, FilmRow, Strip

_CELL, _GAP, _MARGIN = 288, 20, 46
_ZOOM, _ZOOM_GAP, _FACTOR = 136, 10, 8
_LINE = 25
_TITLE_HEIGHT, _ROW_TITLE, _ROW_GAP, _STRIP_GAP, _FOOT = 84, 34, 26, 34, 60


def draw_filmstrip(strips: Sequence[Strip], title: SheetTitle) -> Picture:
    """Draw sequences and their variants.

    A column a moment, a row a sequence: the source, its variants, the noise of the first. Below
    each frame one target is enlarged, the same one along its track. Grey levels are shown alike
    within a strip.

    Parameters
    ----------
    strips : sequence of Strip
        At least one.
    title : SheetTitle

    Returns
    -------
    (H, W, 3) uint8
        Red, green, blue.

    Raises
    ------
    ParameterError
        If there is nothing to draw.
    """
    if not strips:
        raise ParameterError("Expected sequences to draw, got none.")
    heights = [sum(map(_row_height, strip.rows)) + _STRIP_GAP for strip in strips]
    width = 2 * _MARGIN + COLUMNS * (_CELL + _GAP) - _GAP
    picture = blank(_TITLE_HEIGHT + sum(heights) + _FOOT, width)
    end = draw_text(picture, title.name, _MARGIN, 62, TITLE, bold=True) + 22
    draw_text(picture, f"varied by recipe {title.recipe}", end, 62, HEAD, MUTED)
    top = _TITLE_HEIGHT
    for strip, height in zip(strips, heights, strict=True):
        fill(picture, RULE, top + 8, _MARGIN, 2, width - 2 * _MARGIN)
        _draw_strip(picture, strip, top + _STRIP_GAP // 2)
        top += height
    parts = [f"recipe {title.recipe}", f"seed {title.seed}", f"sirst5k {title.version}"]
    parts += [title.remark] if title.remark else []
    parts.append(f"enlarged {_FACTOR}×, contours of targets in blue")
    text = shorten(" · ".join(parts), width - 2 * _MARGIN, SMALL)
    draw_text(picture, text, _MARGIN, top + 36, SMALL, MUTED)
    return picture


def _row_height(row: FilmRow) -> int:
    return _ROW_TITLE + _view_height(row) + _ZOOM_GAP + _below(row) + _ROW_GAP


def _below(row: FilmRow) -> int:
    """Return the height of what stands below the frames of a row."""
    if row.is_noise:
        return _LINE * max(len(frame.words) for frame in row.frames)
    return _ZOOM


def _view_height(row: FilmRow) -> int:
    return max(Panel(frame.image).height_in(_CELL, _CELL) for frame in row.frames)


def _draw_strip(picture: Picture, strip: Strip, top: int) -> None:
    levels = next(row for row in strip.rows if not row.is_noise)
    whole = image_stretch(levels.frames[0].image)
    near = _zoom_stretch([row for row in strip.rows if not row.is_noise])
    for row in strip.rows:
        _draw_row(picture, row, top, whole, near)
        top += _row_height(row)


def _draw_row(picture: Picture, row: FilmRow, top: int, whole: Stretch, near: Stretch) -> None:
    room = picture.shape[1] - 2 * _MARGIN
    name = shorten(row.name, room / 2, BODY, bold=True)
    end = draw_text(picture, name, _MARGIN, top + 22, BODY, bold=True) + 14
    facts = shorten(row.facts, room + _MARGIN - end, SMALL)
    draw_text(picture, facts, end, top + 22, SMALL, MUTED)
    if row.is_noise:
        whole = noise_stretch(np.stack([frame.image for frame in row.frames]))
    top += _ROW_TITLE
    below = top + _view_height(row) + _ZOOM_GAP
    for column, frame in enumerate(row.frames):
        left = _MARGIN + column * (_CELL + _GAP)
        panel = Panel(frame.image, _mask(frame), (), whole, near)
        place(picture, panel.whole(_CELL, _CELL), top, left)
        words = left
        if not row.is_noise:
            fill(picture, PANEL, below, left, _ZOOM, _ZOOM)
            centre = _centre(frame)
            if centre is not None:
                place(picture, panel.zoom(centre, _FACTOR, _ZOOM), below, left)
            words = left + _ZOOM + _ZOOM_GAP
        for number, line in enumerate(frame.words):
            colour = MUTED if number else TEXT
            text = shorten(line, left + _CELL - words, SMALL)
            draw_text(picture, text, words, below + 17 + number * _LINE, SMALL, colour)


def _mask(frame: FilmFrame) -> np.ndarray | None:
    """Return the pixels to outline: those of the targets, or their boxes filled."""
    labels = frame.labels
    if labels is None:
        return None
    if labels.mask is not None:
        return labels.mask
    mask = np.zeros(frame.image.shape, np.bool_)
    edges = np.clip(np.rint(labels.boxes), 0, None).astype(int)
    for x1, y1, x2, y2 in edges.tolist():
        mask[y1:y2, x1:x2] = True
    return mask


def _centre(frame: FilmFrame) -> tuple[float, float] | None:
    if frame.labels is None or frame.target is None:
        return None
    x1, y1, x2, y2 = frame.labels.boxes[frame.target].astype(float).tolist()
    return (y1 + y2) / 2, (x1 + x2) / 2


def _zoom_stretch(rows: Sequence[FilmRow]) -> Stretch:
    """Return one stretch for every enlarged part of a strip."""
    reach = _ZOOM // _FACTOR // 2
    parts = []
    for row in rows:
        for frame in row.frames:
            centre = _centre(frame)
            if centre is not None:
                y, x = (max(0, round(middle) - reach) for middle in centre)
                parts.append(frame.image[y : y + 2 * reach, x : x + 2 * reach].ravel())
    everything = np.concatenate(parts) if parts else rows[0].frames[0].image.ravel()
    return local_stretch(everything)
