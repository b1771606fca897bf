"""The report's tables, as HTML: sortable by click and by keyboard."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from sirst5k.comparison.kinds import kind_of
from sirst5k.comparison.tables import PRINTED, printed


@dataclass(frozen=True, slots=True)
class TableCell:
    """What stands in a cell.

    Attributes
    ----------
    text : str
    value : float, optional
        What it is sorted by, where that is not its text.
    below : str
        In small letters below, a line each.
    kinds : tuple of str
        Classes for the style sheet.
    """

    text: str
    value: float | None = None
    below: str = ""
    kinds: tuple[str, ...] = ()


def draw(caption: str, heads: Sequence[str], rows: Sequence[Sequence[TableCell]]) -> str:
    """Return a table; the first column heads its rows."""
    columns = zip(heads, rows[0], strict=True) if rows else ((head, None) for head in heads)
    buttons = "".join(
        f'<th scope="col"{_kinds(cell)}><button type="button">{escape(head)}</button></th>'
        for head, cell in columns
    )
    body = "".join(
        f"<tr>{''.join(_cell(cell, first=place == 0) for place, cell in enumerate(row))}</tr>"
        for row in rows
    )
    return (
        f'<p class="caption">{escape(caption)}</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption, True)}">'
        f'<table class="sortable" aria-label="{escape(caption, True)}">'
        f"<thead><tr>{buttons}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _kinds(cell: TableCell | None) -> str:
    """Return the classes that a column's head shares with its first cell."""
    kinds = [kind for kind in cell.kinds if kind in ("text", "biased")] if cell else []
    return f' class="{" ".join(kinds)}"' if kinds else ""


def _cell(cell: TableCell, first: bool) -> str:
    kinds = f' class="{" ".join(cell.kinds)}"' if cell.kinds else ""
    value = "" if cell.value is None else f' data-value="{cell.value:.12g}"'
    below = "".join(f"<small>{escape(line)}</small>" for line in cell.below.splitlines())
    tag, scope = ("th", ' scope="row"') if first else ("td", "")
    return f"<{tag}{scope}{kinds}{value}>{escape(cell.text)}{below}</{tag}>"


def scores_table(name: str, block: Mapping[str, Any]) -> str:
    """Return a detector's main table: every arm, mean ± sd, and the gap to the baseline."""
    kind = kind_of(block)
    heads = [
        "data",
        *(PRINTED[figure][0] for figure in kind.shown),
        f"{PRINTED[kind.main][0]}, best on held-out",
        f"{PRINTED[kind.main][0]}, best on test (biased)",
    ]
    rows = []
    for arm, found in block["arms"].items():
        gaps = block["differences"].get(arm, {}).get("last", {})
        scores = found["scores"]
        row = [TableCell(arm)]
        row += [figure_cell(f, scores["last"].get(f), gaps.get(f)) for f in kind.shown]
        row.append(figure_cell(kind.main, scores["best_validation"][kind.main], None))
        row.append(figure_cell(kind.main, scores["best_on_test"][kind.main], None, ("biased",)))
        rows.append(row)
    caption = (
        f"{name}: scores of the last step on the test split, mean ± sd over seeds. Below them, "
        "the difference from none and its interval; bold where zero is outside it."
    )
    return draw(caption, heads, rows)


def figure_cell(
    figure: str,
    value: Mapping[str, Any] | None,
    gap: Mapping[str, Any] | None,
    kinds: tuple[str, ...] = (),
) -> TableCell:
    """Return a figure as mean ± sd, with its difference from the baseline below."""
    if value is None or value["mean"] is None:
        return TableCell("–", None, "", kinds)
    text = printed(figure, value["mean"])
    if value["sd"] is not None:
        text += f" ± {printed(figure, value['sd'])}"
    below = ""
    if gap is not None and gap["value"] is not None:
        low, high = (_signed(figure, gap[end]) for end in ("low", "high"))
        below = f"{_signed(figure, gap['value'])}\n({low} to {high})"
        if gap["clear"]:
            kinds = (*kinds, "clear")
    return TableCell(text, value["mean"], below, kinds)


def steps_table(name: str, block: Mapping[str, Any]) -> str:
    """Return after how many steps each arm reached given IoUs."""
    arms = block["arms"]
    levels = list(next(iter(arms.values()))["steps_to_reach"])
    word = name_of(kind_of(block).main)
    heads = ["data", *(f"{word} {float(level):.0%}" for level in levels)]
    rows = [
        [TableCell(arm), *(_steps(found["steps_to_reach"][level]) for level in levels)]
        for arm, found in arms.items()
    ]
    caption = (
        f"{name}: steps until the test split's {word} first reached a level, mean over seeds; "
        "a run that never did counts as not reached."
    )
    return draw(caption, heads, rows)


def name_of(figure: str) -> str:
    """Return what a figure is called, without its unit: ``mIoU``."""
    return PRINTED[figure][0].partition(" (")[0]


def cost_table(name: str, block: Mapping[str, Any]) -> str:
    """Return what each arm cost: images, their making, and the training."""
    heads = [
        "data",
        "training images",
        "made",
        "preparation (s)",
        "training (s)",
        "images/s",
        "passes over them",
    ]
    rows = []
    for arm, found in block["arms"].items():
        runs = found["training"]
        frames = runs[0]["frames"]
        passes = _mean(r["images_per_second"] * r["seconds"] / r["frames"] for r in runs)
        rows.append(
            [
                TableCell(arm),
                TableCell(f"{frames:,}", frames),
                TableCell(runs[0]["source"], kinds=("text",)),
                _number(_mean(run["preparation_seconds"] for run in runs)),
                _number(_mean(run["seconds"] for run in runs)),
                _number(_mean(run["images_per_second"] for run in runs)),
                _number(passes),
            ]
        )
    weights = next(iter(block["arms"].values()))["parameters"]
    caption = (
        f"{name} ({weights:,} parameters): what the data cost, mean over seeds. Preparation is "
        "reading the images and computing their variants, before the first step; what a folder "
        "cost that was written beforehand is not in it."
    )
    return draw(caption, heads, rows)


def profiles_table(name: str, block: Mapping[str, Any]) -> str:
    """Return the figures by the definitions of published codes."""
    figures = _own_figures(block)
    rows = []
    for arm, found in block["arms"].items():
        for profile, scores in found["profiles"].items():
            row = [TableCell(arm), TableCell(profile, kinds=("text",))]
            rows.append([*row, *(figure_cell(f, scores.get(f), None) for f in figures)])
    heads = ["data", "profile", *(PRINTED[figure][0] for figure in figures)]
    return draw(f"{name}: last step on the test split, by each code's own definitions", heads, rows)


def axes_table(name: str, block: Mapping[str, Any]) -> str:
    """Return the figures on the further test sets."""
    figures = _own_figures(block)
    rows = []
    for arm, found in block["arms"].items():
        for axis, scores in found["axes"].items():
            row = [TableCell(arm), TableCell(axis, kinds=("text",))]
            rows.append([*row, *(figure_cell(f, scores.get(f), None) for f in figures)])
    heads = ["data", "tested on", *(PRINTED[figure][0] for figure in figures)]
    return draw(
        f"{name}: last step on further test sets. shift/L adds noise of L times its median "
        "level to the test images; also/ is another dataset.",
        heads,
        rows,
    )


def _own_figures(block: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the figures that every profile has."""
    return tuple(name for name in kind_of(block).shown if not name.startswith("published_"))


def runs_table(runs: Sequence[Mapping[str, Any]]) -> str:
    """Return every run with its folder."""
    heads = ["detector", "data", "share of labels", "seed", "status", "seconds", "folder"]
    rows = [
        [
            TableCell(run["detector"]),
            TableCell(run["arm"], kinds=("text",)),
            TableCell(f"{run['fraction']:g}", run["fraction"]),
            TableCell(str(run["seed"]), run["seed"]),
            TableCell(run["status"], kinds=("text",)),
            TableCell(f"{run['seconds']:.0f}" if "seconds" in run else "–", run.get("seconds")),
            TableCell(run["folder"], kinds=("text",)),
        ]
        for run in runs
    ]
    return draw("Every run; its folder holds the configuration and the weights", heads, rows)


def facts_table(facts: Mapping[str, Any]) -> str:
    """Return names with values."""
    rows = [
        [TableCell(str(key)), TableCell(str(value), kinds=("text",))]
        for key, value in facts.items()
    ]
    return draw("Machine and versions", ["what", "value"], rows)


def _steps(reached: Sequence[float | None]) -> TableCell:
    known = [steps for steps in reached if steps is not None]
    if len(known) < len(reached) or not known:
        return TableCell("not reached" if not known else f"in {len(known)} of {len(reached)} runs")
    mean = sum(known) / len(known)
    return TableCell(f"{mean:,.0f}", mean)


def _mean(values: Iterable[float]) -> float:
    return statistics.fmean(values)


def _number(value: float) -> TableCell:
    return TableCell(f"{value:,.1f}", value)


def _signed(figure: str, value: float | None) -> str:
    if value is None:
        return "–"
    text = f"{value * PRINTED[figure][1]:+.2f}"
    return "0.00" if float(text) == 0 else text.replace("-", "−")
