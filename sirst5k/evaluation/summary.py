"""An evaluation as a table of text: profiles side by side, 80 columns wide."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from textwrap import wrap

from sirst5k.evaluation.report import EvaluationReport

WIDTH = 80
_LABEL, _CELL = 16, 16
_PER_BLOCK = (WIDTH - _LABEL) // _CELL
_SHOWN = 6  # names of a long list

# Key of Scores, what the table calls it, factor, decimals.
_FIGURES = (
    ("miou", "mIoU", 1.0, 4),
    ("niou", "nIoU", 1.0, 4),
    ("pd", "Pd", 1.0, 4),
    ("fa", "Fa, 1e-6", 1e6, 2),
    ("false_targets_per_image", "false/image", 1.0, 3),
    ("precision", "precision", 1.0, 4),
    ("recall", "recall", 1.0, 4),
    ("f1", "F1", 1.0, 4),
    ("auc", "AUC", 1.0, 4),
    ("ap", "AP", 1.0, 4),
    ("scr_gain", "SCR gain", 1.0, 3),
    ("background_suppression", "suppression", 1.0, 3),
)


def summarise(report: EvaluationReport) -> Iterator[str]:
    """Yield the lines of a report for a terminal.

    Figures that no profile has are left out; a dash stands for one that a profile lacks. With
    intervals, each stands below its figure.
    """
    first = next(iter(report.scores.values()))
    yield f"{report.source} on {report.dataset}"
    yield (
        f"  split {report.split or 'all'}, {report.images:,} images, {first.pixels / 1e6:.2f} Mpx, "
        f"{len(report.outcomes):,} targets"
    )
    names = list(report.scores)
    for start in range(0, len(names), _PER_BLOCK):
        yield ""
        yield from _block(report, names[start : start + _PER_BLOCK])
    if report.bootstrap is not None:
        rule = report.bootstrap
        yield ""
        yield (
            f"  below each: {rule.level:.0%} bootstrap interval, {rule.resamples:,} resamples of "
            f"images, seed {rule.seed}"
        )
    yield from _dim(report)
    yield from _names(report)
    for note in _notes(report):
        yield from wrap(note, WIDTH, initial_indent="  ", subsequent_indent="  ")


def problems(report: EvaluationReport) -> Iterator[str]:
    """Yield what must not go unsaid even where nothing else is printed."""
    if report.missing:
        yield from listed(f"{_images(len(report.missing))} without prediction", report.missing)
    if report.skipped:
        yield from listed(f"{_images(len(report.skipped))} left out", list(report.skipped))


def _block(report: EvaluationReport, names: Sequence[str]) -> Iterator[str]:
    yield table_line("", names)
    for key, label, factor, decimals in _FIGURES:
        values = [getattr(report.scores[name], key) for name in names]
        if all(math.isnan(value) for value in values):
            continue
        yield table_line(label, [number(value * factor, decimals) for value in values])
        ends = [report.intervals.get(name, {}).get(key) for name in names]
        if any(ends):
            yield table_line(
                "",
                [
                    "" if pair is None else "–".join(short(end * factor, decimals) for end in pair)
                    for pair in ends
                ],
            )


def table_line(label: str, cells: Sequence[str]) -> str:
    """Return a line of the table: what it is, and a cell for each profile."""
    return (f"  {label:<{_LABEL - 2}}" + "".join(f"{cell:>{_CELL}}" for cell in cells)).rstrip()


def number(value: float, decimals: int) -> str:
    """Return a figure, a dash for NaN."""
    return "–" if math.isnan(value) else f"{value:.{decimals}f}"


def short(value: float, decimals: int) -> str:
    """Return the end of an interval, one decimal less than the figure, to save room."""
    if math.isnan(value):
        return "?"
    return f"{value:.{decimals - 1}f}"


def _dim(report: EvaluationReport) -> Iterator[str]:
    """Say how the dim and the tiny fared."""
    groups = (
        ("SCR below 5", [o for o in report.outcomes if o.scr < 5]),
        ("SCR of 5 and more", [o for o in report.outcomes if o.scr >= 5]),
        ("below 10 pixels", [o for o in report.outcomes if o.area < 10]),
    )
    parts = [
        f"{name} {sum(o.found for o in group)} of {len(group)}" for name, group in groups if group
    ]
    if parts:
        yield ""
        yield from wrap(
            f"targets found: {'; '.join(parts)}", WIDTH, initial_indent="  ", subsequent_indent="  "
        )


def _names(report: EvaluationReport) -> Iterator[str]:
    yield from problems(report)
    if report.lenient:
        first = next(iter(report.lenient))
        count = len(report.lenient)
        text = f"{count} prediction{'s' * (count > 1)} matched without regard to "
        text += ", ".join(dict.fromkeys(report.lenient.values()))
        yield from wrap(f"{text}, as {first!r}", WIDTH, initial_indent="  ", subsequent_indent="  ")
    if report.extra:
        count = len(report.extra)
        head = f"{count} file{'s' * (count > 1)} of no image of the split"
        yield from listed(head, report.extra)


def _notes(report: EvaluationReport) -> Iterator[str]:
    yield from report.notes
    said: dict[str, list[str]] = {}
    for name, scores in report.scores.items():
        for note in scores.notes:
            said.setdefault(note, []).append(name)
    for note, names in said.items():
        yield f"{', '.join(names)}: {note}"


def listed(head: str, names: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a list of names, the first few of them."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    yield from wrap(
        f"{head}: {', '.join(names[:_SHOWN])}{more}",
        WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
    )


def _images(count: int) -> str:
    return f"{count} image{'s' if count != 1 else ''}"
