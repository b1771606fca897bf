"""A contact sheet: sources beside their noise and variants, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sirst5k.drawing import (
    Picture,
    blank,
    draw_text,
    fill,
    outline_box,
    outline_mask,
    place,
    shorten,
    text_width,
)
from sirst5k.drawing.theme import (
    BODY,
    HEAD,
    MUTED,
    PANEL,
    RULE,
    SMALL,
    TARGET,
    TEXT,
    TITLE,
    WINDOW,
)
from sirst5k.errors import ParameterError
from sirst5k.noise import NoiseBank
from sirst5k.synthesis.recipe import Recipe
from sirst5k.synthesis.sheet_panels import Captioned, RowPanels, row_panels
from sirst5k.synthesis.sheet_rows import SheetRow

_CELL, _GAP, _MARGIN = 288, 20, 46  # six columns make 1920 pixels
_ZOOM, _ZOOM_GAP = 136, 10
_LINE = 25
_TITLE_HEIGHT, _HEADS_HEIGHT, _ROW_TITLE, _ROW_GAP, _FOOT = 84, 76, 34, 40, 96
_LEAST_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class SheetTitle:
    """What a contact sheet says about itself.

    Attributes
    ----------
    name : str
        What the sources are called.
    recipe : str
    seed : int
    version : str
        Of sirst5k.
    remark : str
        Anything else that must be known.
    """

    name: str
    recipe: str
    seed: int
    version: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class _Column:
    """A heading over one or more columns."""

    name: str
    what: str
    span: int = 1


def draw_contact_sheet(
    rows: Sequence[SheetRow], recipe: Recipe, bank: NoiseBank | None, title: SheetTitle
) -> Picture:
    """Draw sources beside their variants.

    A column each for the source with its mask, the noise alone, the displaced image and
    every variant; below each, its part around a target, enlarged. Columns that no row can
    fill are left out. The noise and the displaced image are those of the first variant.

    Parameters
    ----------
    rows : sequence of SheetRow
        At least one, each with at least one variant.
    recipe : Recipe
    bank : NoiseBank, optional
        The noise that was used.
    title : SheetTitle

    Returns
    -------
    (H, W, 3) uint8
        Red, green, blue.
    """
    if not rows or not all(row.variants for row in rows):
        raise ParameterError("Expected rows with at least one variant each, got none.")
    drawn = [row_panels(row, recipe.size, bank) for row in rows]
    columns = _columns(drawn, recipe)
    count = sum(column.span for column in columns)
    width = 2 * _MARGIN + max(count, _LEAST_COLUMNS) * (_CELL + _GAP) - _GAP
    heights = [_ROW_TITLE + _view_height(row) + _ZOOM_GAP + _ZOOM + _ROW_GAP for row in drawn]
    foot = _foot_lines(title, bank, width)
    top = _TITLE_HEIGHT + _HEADS_HEIGHT
    picture = blank(top + sum(heights) + _FOOT - _LINE + _LINE * len(foot), width)
    _draw_title(picture, title)
    _draw_heads(picture, columns)
    for row, height in zip(drawn, heights, strict=True):
        _draw_row(picture, row, columns, top)
        top += height
    windows = any(cell.panel.boxes for row in drawn for cell in row.variants)
    _draw_foot(picture, foot, top, windows)
    return picture


def _columns(rows: Sequence[RowPanels], recipe: Recipe) -> list[_Column]:
    columns = []
    if any(row.source for row in rows):
        columns.append(_Column("Source", "with the contour of its mask"))
    if any(row.noise for row in rows):
        columns.append(_Column("Noise field", "alone; that of the first variant"))
    if any(row.displaced for row in rows):
        columns.append(_Column("Displaced", "the source with that noise"))
    span = max(len(row.variants) for row in rows)
    name = "Variants" if span > 1 else "Variant"
    turned = "turned in their windows, with their masks" if span > 1 else "turned"
    done = [f"targets {turned}"] if recipe.negatives is not None else []
    done += ["noise displaced"] if recipe.displacement is not None else []
    what = ", ".join(done) or "as the source"
    columns.append(_Column(name, what, span))
    return columns


def _cells(row: RowPanels, columns: Sequence[_Column]) -> list[Captioned | None]:
    by_name = {"Source": row.source, "Noise field": row.noise, "Displaced": row.displaced}
    return [*(by_name[column.name] for column in columns[:-1]), *row.variants]


def _view_height(row: RowPanels) -> int:
    """Return how high the highest image of a row is in its cell."""
    cells = [row.source, row.noise, row.displaced, *row.variants]
    return max(cell.panel.height_in(_CELL, _CELL) for cell in cells if cell is not None)


def _left(column: int) -> int:
    return _MARGIN + column * (_CELL + _GAP)


def _draw_title(picture: Picture, title: SheetTitle) -> None:
    room = picture.shape[1] - 2 * _MARGIN
    name = shorten(title.name, room * 0.6, TITLE, bold=True)
    end = draw_text(picture, name, _MARGIN, 62, TITLE, bold=True) + 22
    what = f"varied by recipe {title.recipe}"
    draw_text(picture, shorten(what, room + _MARGIN - end, HEAD), end, 62, HEAD, MUTED)


def _draw_heads(picture: Picture, columns: Sequence[_Column]) -> None:
    first = 0
    for column in columns:
        left, width = _left(first), column.span * (_CELL + _GAP) - _GAP
        fill(picture, RULE, _TITLE_HEIGHT + 8, left, 2, width)
        draw_text(picture, column.name, left, _TITLE_HEIGHT + 36, BODY, bold=True)
        what = shorten(column.what, width, SMALL)
        draw_text(picture, what, left, _TITLE_HEIGHT + 58, SMALL, MUTED)
        first += column.span


def _draw_row(picture: Picture, row: RowPanels, columns: Sequence[_Column], top: int) -> None:
    room = picture.shape[1] - 2 * _MARGIN
    factor = row.focus.factor(_ZOOM)
    title = shorten(row.title, room / 2, BODY, bold=True)
    end = draw_text(picture, title, _MARGIN, top + 22, BODY, bold=True) + 14
    facts = f"{row.facts} · enlarged {factor}× below"
    draw_text(picture, shorten(facts, room + _MARGIN - end, SMALL), end, top + 22, SMALL, MUTED)
    top += _ROW_TITLE
    below = top + _view_height(row) + _ZOOM_GAP
    for place_number, cell in enumerate(_cells(row, columns)):
        if cell is None:
            continue
        left = _left(place_number)
        fill(picture, PANEL, top, left, below - _ZOOM_GAP - top, _CELL)
        view = cell.panel.whole(_CELL, _CELL)
        down = (below - _ZOOM_GAP - top - view.shape[0]) // 2
        place(picture, view, top + down, left + (_CELL - view.shape[1]) // 2)
        place(picture, cell.panel.zoom(cell.centre, factor, _ZOOM), below, left)
        _draw_caption(picture, cell.caption, below, left + _ZOOM + _ZOOM_GAP)


def _draw_caption(picture: Picture, lines: Sequence[str], top: int, left: int) -> None:
    room = _CELL - _ZOOM - _ZOOM_GAP
    names = _broken(lines[0], room)
    for number, line in enumerate([*names, *lines[1:]]):
        bold = number < len(names)
        text, colour = shorten(line, room, SMALL, bold=bold), TEXT if bold else MUTED
        draw_text(picture, text, left, top + 17 + number * _LINE, SMALL, colour, bold=bold)


def _broken(name: str, room: int) -> list[str]:
    """Return a long name in two lines, as ``w0.1_p32`` and ``k3_j0``."""
    if text_width(name, SMALL, bold=True) <= room or "_" not in name:
        return [name]
    parts = name.split("_")
    half = len(parts) // 2
    return ["_".join(parts[:half]), "_".join(parts[half:])]


def _foot_lines(title: SheetTitle, bank: NoiseBank | None, width: int) -> list[str]:
    """Return the footer's text, in as many lines as it needs beside the legend."""
    parts = [f"recipe {title.recipe}", f"seed {title.seed}", f"sirst5k {title.version}"]
    if bank is not None:
        windows = f"{len(bank):,} window{'s' if len(bank) != 1 else ''}"
        parts.append(f"noise: {windows} of {bank.size} × {bank.size}, σ {bank.std:.3g}")
    if title.remark:
        parts.append(title.remark)
    parts.append("enlarged parts are stretched alike within a row")
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]} · {part}" if lines[-1] else part
        if text_width(longer, SMALL) <= width - 2 * _MARGIN:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


def _draw_foot(picture: Picture, lines: Sequence[str], top: int, windows: bool) -> None:
    """Draw the legend and the lines below it; without windows they are not explained."""
    fill(picture, RULE, top - 14, _MARGIN, 1, picture.shape[1] - 2 * _MARGIN)
    y, left = top + 18, _MARGIN
    for name in ("contour of the target's mask", "window that was turned")[: 1 + windows]:
        place(picture, _swatch(window=left > _MARGIN), y - 18, left)
        left = draw_text(picture, name, left + 34, y, SMALL, TEXT) + 32
    for number, line in enumerate(lines):
        draw_text(picture, line, _MARGIN, y + 36 + number * _LINE, SMALL, MUTED)


def _swatch(window: bool) -> Picture:
    """Return a small target with one of the marks around it."""
    swatch = blank(24, 24, PANEL)
    mask = np.zeros((24, 24), np.bool_)
    mask[9:15, 9:15] = True
    swatch[mask] = TEXT
    if window:
        outline_box(swatch, (5, 5, 19, 19), WINDOW)
    else:
        outline_mask(swatch, mask, TARGET, gap=2, width=2)
    return swatch
