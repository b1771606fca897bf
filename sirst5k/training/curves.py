"""A picture of a run: loss, overlap and learning rate over the steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sirst5k.drawing import Curve, Plot, blank, draw_plot, draw_text, save_picture
from sirst5k.drawing.theme import HEAD, MUTED, SERIES, SMALL, TARGET, TEXT

_WIDTH, _PLOT, _TOP, _EDGE = 860, 300, 84, 24
_MOST_POINTS = 2000  # more would be drawn on top of one another

Rows = Sequence[dict[str, Any]]


def draw_curves(rows: Rows, path: Path) -> None:
    """Draw the records of a run into a PNG; nothing where there are none yet.

    Parameters
    ----------
    rows : sequence of dict
        From `read_records`.
    path : Path
    """
    trained = [row for row in rows if "loss" in row and row["loss"] is not None]
    if not trained:
        return
    trained = trained[:: math.ceil(len(trained) / _MOST_POINTS)]
    validated = [row for row in rows if "validation" in row]
    last = trained[-1]["step"]
    plots = (_loss(trained, last), _overlap(trained, validated, last), _rate(trained, last))
    picture = blank(_TOP + len(plots) * (_PLOT + _EDGE), _WIDTH)
    draw_text(picture, "Training", _EDGE, 38, HEAD, TEXT)
    draw_text(picture, _summary(validated, last), _EDGE, 66, SMALL, MUTED)
    for place, plot in enumerate(plots):
        top = _TOP + place * (_PLOT + _EDGE)
        draw_plot(picture, plot, top, _EDGE, _PLOT, _WIDTH - 2 * _EDGE)
    save_picture(path, picture)


def _loss(trained: Rows, last: int) -> Plot:
    curve = Curve(*_points(trained, "loss"), "training loss", TEXT, 2)
    values = curve.y[np.isfinite(curve.y)]
    low, high = min(0.0, float(values.min())), float(values.max())
    return Plot((curve,), "step", "loss", (0, last), (low, max(high, low + 1e-6) * 1.05))


def _overlap(trained: Rows, validated: Rows, last: int) -> Plot:
    curves = [Curve(*_points(trained, "iou"), "training batches", TEXT, 1)]
    for (name, word), colour in zip(_shown(validated), (TARGET, SERIES[2]), strict=False):
        rows = [{"step": row["step"], name: row["validation"][name]} for row in validated]
        curves.append(Curve(*_points(rows, name), f"held out: {word}", colour, 3))
    return Plot(tuple(curves), "step", "overlap and detection", (0, last), (0, 1))


def _shown(validated: Rows) -> tuple[tuple[str, str], ...]:
    """Return which two held-out scores are drawn, the main one first, and what they are called."""
    if not validated:
        return ()
    boxes = "ap50" in validated[0]["validation"]
    return (("ap50", "AP50"), ("f1", "F1")) if boxes else (("miou", "mIoU"), ("pd", "Pd"))


def _rate(trained: Rows, last: int) -> Plot:
    curve = Curve(*_points(trained, "lr"), "learning rate", SERIES[3], 2)
    high = float(np.nanmax(curve.y))
    return Plot((curve,), "step", "learning rate", (0, last), (0, (high or 1.0) * 1.1))


def _points(rows: Rows, key: str) -> tuple[Any, Any]:
    x = np.array([row["step"] for row in rows], np.float64)
    y = np.array([math.nan if row[key] is None else row[key] for row in rows], np.float64)
    return x, y


def _summary(validated: Rows, last: int) -> str:
    if not validated:
        return f"{last} steps, not yet validated"
    scores = validated[-1]["validation"]
    (main, word), (other, name) = _shown(validated)
    best = max(validated, key=lambda row: row["validation"][main] or 0)
    return (
        f"{last} steps; held out: {word} {scores[main] or 0:.3f}, {name} {scores[other] or 0:.3f}; "
        f"best {word} {best['validation'][main] or 0:.3f} at step {best['step']}"
    )
