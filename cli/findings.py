"""Findings as text: labelled rows, a histogram, and what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

import click

from sirst5k.datasets.inspection import Problem

_WIDTH = 80
_LABEL = 11
_SHOWN_PROBLEMS = 20
_BAR = 40


def row(label: str, values: list[str]) -> Iterator[str]:
    """Print a label and values, broken between values where a line is full."""
    start = f"  {label:<{_LABEL}}"
    line = start
    for place, value in enumerate(values):
        piece = value if place == len(values) - 1 else f"{value}, "
        if len(line) + len(piece.rstrip()) > _WIDTH and line.strip() != label:
            yield line.rstrip()
            line = " " * len(start)
        line += piece
    yield line.rstrip()


def histogram(title: str, per_image: Mapping[int, int]) -> Iterator[str]:
    """Print how many images have how many targets, as bars."""
    block = "█" if _can_print("█") else "#"
    most = max(per_image.values(), default=1)
    yield f"  {title}"
    for number, images in per_image.items():
        bar = block * max(1, round(_BAR * images / most))
        yield f"  {number:>9}  {bar:<{_BAR}} {images:>7,}"


def problems(found: Sequence[Problem]) -> Iterator[str]:
    """Print what is wrong, the first twenty in full."""
    if not found:
        yield "  no problem found"
        return
    count = len(found)
    yield click.style(f"  {count} problem{'s' if count > 1 else ''} found", fg="red")
    for problem in found[:_SHOWN_PROBLEMS]:
        lines = wrap(f"{problem.kind}: {problem.text}", _WIDTH - 4)
        yield f"  - {lines[0]}"
        yield from (f"    {line}" for line in lines[1:])
    if count > _SHOWN_PROBLEMS:
        yield f"    … and {count - _SHOWN_PROBLEMS} more; --json lists them all"


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
