"""An evaluation of boxes as a table of text: profiles side by side, 80 columns wide."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from textwrap import wrap

from sirst5k.evaluation.clips.report import ClipReport
from sirst5k.evaluation.summary import WIDTH, listed, number, short, table_line

# Key of DetectionScores, what the table calls it, decimals.
_FIGURES = (
    ("ap50", "AP50", 4),
    ("ap", "AP 50:95", 4),
    ("precision", "precision", 4),
    ("recall", "recall", 4),
    ("f1", "F1", 4),
    ("best_f1", "best F1", 4),
    ("best_threshold", "  at score", 4),
    ("recall_limit", "recall, any", 4),
    ("pd", "Pd, 3 px", 4),
    ("false_alarms_per_frame", "false/frame", 4),
    ("false_alarms_per_empty_frame", "  on empty", 4),
)


def summarise_clips(report: ClipReport) -> Iterator[str]:
    """Yield the lines of a report for a terminal; a dash stands for what is undefined."""
    yield f"{report.source} on {report.dataset}"
    first = next(iter(report.scores.values()))
    frames = first.frames + first.left_out_frames
    yield (
        f"  split {report.split or 'all'}, {counted(frames, 'frame')} in "
        f"{counted(first.sequences, 'sequence')}, {counted(first.targets, 'target')}"
    )
    names = list(report.scores)
    yield ""
    yield table_line("", names)
    for key, label, decimals in _FIGURES:
        values = [getattr(report.scores[name], key) for name in names]
        if all(math.isnan(value) for value in values):
            continue
        yield table_line(label, [number(value, decimals) for value in values])
        ends = [report.intervals.get(name, {}).get(key) for name in names]
        if any(ends):
            yield table_line("", [_ends(pair, decimals) for pair in ends])
    yield ""
    yield from _operating_points(report)
    if any(report.intervals.values()) and report.bootstrap is not None:
        rule = report.bootstrap
        yield (
            f"  below each: {rule.level:.0%} bootstrap interval, {rule.resamples:,} resamples of "
            f"sequences, seed {rule.seed}"
        )
    yield from clip_problems(report)
    if report.lenient:
        yield from _wrapped(
            f"{len(report.lenient)} names matched without regard to "
            f"{', '.join(dict.fromkeys(report.lenient.values()))}, as "
            f"{next(iter(report.lenient))!r}"
        )
    if report.extra:
        yield from listed(f"{len(report.extra)} names of no frame of the split", report.extra)
    for name, scores in report.scores.items():
        for note in scores.notes:
            yield from _wrapped(f"{name}: {note}")
    for note in report.notes:
        yield from _wrapped(note)


def clip_problems(report: ClipReport) -> Iterator[str]:
    """Yield what must not go unsaid even where nothing else is printed."""
    if report.missing:
        yield from listed(f"{len(report.missing)} frames without saved boxes", report.missing)
    if report.skipped:
        yield from listed(f"{len(report.skipped)} frames left out", list(report.skipped))


def _operating_points(report: ClipReport) -> Iterator[str]:
    for name, scores in report.scores.items():
        if math.isnan(scores.confidence):
            continue
        yield from _wrapped(
            f"{name}: at a score of {scores.confidence:g} and IoU {scores.iou:g}, "
            f"{counted(scores.hits, 'hit')}, {counted(scores.misses, 'miss', 'misses')}, "
            f"{counted(scores.false_alarms, 'false alarm')}, {scores.false_alarms_on_empty:,} of "
            f"these on {counted(scores.empty_frames, 'empty frame')}"
        )


def counted(number: int, noun: str, nouns: str = "") -> str:
    """Return a number with its noun, in the plural `nouns` where an s is not enough.

    Examples
    --------
    >>> counted(1200, "miss", "misses")
    '1,200 misses'
    """
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def _ends(pair: tuple[float, float] | None, decimals: int) -> str:
    return "" if pair is None else "–".join(short(end, decimals) for end in pair)


def _wrapped(text: str) -> Sequence[str]:
    return wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ")
