"""Pictures of an evaluation: curves over thresholds, Pd by size and contrast, the worst errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from sirst5k.drawing import Picture, blank, draw_text, place, save_picture, shorten
from sirst5k.drawing.theme import BODY, MUTED, PAGE, SMALL
from sirst5k.errors import OutputError, ParameterError
from sirst5k.evaluation.binning import PdBin
from sirst5k.evaluation.charts import Axis, Bar, Line, draw_bars, draw_lines
from sirst5k.evaluation.gallery import INSET, ErrorPicture
from sirst5k.evaluation.overlay import COLOURS
from sirst5k.evaluation.report import EvaluationReport
from sirst5k.evaluation.verdicts import FALSE_ALARM, MISS
from sirst5k.metrics import Scores

THRESHOLDS = tuple(float(p) for p in 1 / (1 + np.exp(-np.linspace(-6, 6, 31))))
"""For a smooth Pd-Fa curve: probabilities evenly spaced as logits."""

_RATE = Axis("share of target pixels found (true-positive rate)", 0.0, 1.0)
_POINTS = 2000
_MARGIN, _GAP, _CAPTION, _HEAD = 20, 14, 50, 40
_COLUMNS = 6


def roc_plot(scores: Mapping[str, Scores]) -> Picture:
    """Draw the ROC of one or several detectors, false-positive rates on a logarithmic axis.

    Parameters
    ----------
    scores : mapping of str to Scores
        Name in the key to scores with a `roc`.

    Returns
    -------
    (560, 760, 3) uint8
    """
    lines = []
    for name, one in _having(scores, "roc").items():
        assert one.roc is not None
        curve = one.roc.thinned(_POINTS)
        at = (_share(one.fp, one.fp + one.tn), _share(one.tp, one.tp + one.fn))
        lines.append(Line(curve.fpr, curve.tpr, f"{name}, AUC {one.auc:.4f}", at))
    x = Axis("false-positive rate, background pixels", 1e-6, 1.0, log=True)
    return draw_lines("ROC over pixels; the dot is the threshold used", x, _RATE, lines, False)


def pr_plot(scores: Mapping[str, Scores]) -> Picture:
    """Draw precision against recall of one or several detectors; see `roc_plot`."""
    lines = []
    for name, one in _having(scores, "pr").items():
        assert one.pr is not None
        curve = one.pr.thinned(_POINTS)
        at = (one.recall, one.precision)
        lines.append(Line(curve.recall, curve.precision, f"{name}, AP {one.ap:.4f}", at))
    x, y = Axis("recall, pixels", 0.0, 1.0), Axis("precision, pixels", 0.0, 1.0)
    return draw_lines("Precision and recall; the dot is the threshold used", x, y, lines, True)


def pd_fa_plot(scores: Mapping[str, Scores]) -> Picture:
    """Draw the share of targets found against false-alarm area; see `roc_plot`."""
    having = _having(scores, "pd_fa")
    lines, rates = [], []
    for name, one in having.items():
        assert one.pd_fa is not None
        curve = one.pd_fa
        rates += [rate for rate in (*curve.fa.tolist(), one.fa) if rate > 0]
        lines.append(Line(curve.fa, curve.pd, f"{name}, Pd {one.pd:.3f}", (one.fa, one.pd)))
    low, high = (min(rates), max(rates)) if rates else (1e-7, 1e-3)
    bottom, top = math.floor(math.log10(low)), math.ceil(math.log10(high))
    x = Axis("Fa, false-alarm area per pixel", 10.0**bottom, 10.0 ** max(top, bottom + 1), log=True)
    y = Axis("Pd, share of targets found", 0.0, 1.0)
    return draw_lines("Pd and Fa over thresholds; the dot is the one used", x, y, lines, False)


def pd_by_size_plot(bins: Sequence[PdBin]) -> Picture:
    """Draw Pd in bins of target area, with 95 % Wilson intervals and counts."""
    return draw_bars(
        "Pd by target size, with 95 % intervals",
        "target area, pixels; below, targets found of those there are",
        Axis("Pd, share of targets found", 0.0, 1.0),
        [_bar(one, whole=True) for one in bins],
    )


def pd_by_scr_plot(bins: Sequence[PdBin]) -> Picture:
    """Draw Pd in bins of target contrast, with 95 % Wilson intervals and counts."""
    return draw_bars(
        "Pd by target contrast, with 95 % intervals",
        "target SCR, without unit; below, targets found of those there are",
        Axis("Pd, share of targets found", 0.0, 1.0),
        [_bar(one, whole=False) for one in bins],
    )


def error_gallery(misses: Sequence[ErrorPicture], alarms: Sequence[ErrorPicture]) -> Picture:
    """Draw the worst misses and false alarms side by side.

    Parameters
    ----------
    misses, alarms : sequence of ErrorPicture
        In the order shown.

    Returns
    -------
    (H, W, 3) uint8
    """
    parts = (
        (MISS, "Misses, the most prominent first", misses),
        (FALSE_ALARM, "False alarms, the surest first", alarms),
    )
    step = INSET + _CAPTION + _GAP
    rows = [max(1, -(-len(errors) // _COLUMNS)) for _, _, errors in parts]
    heights = [
        _HEAD + (count * step if errors else 34)
        for count, (_, _, errors) in zip(rows, parts, strict=True)
    ]
    width = 2 * _MARGIN + _COLUMNS * (INSET + _GAP) - _GAP
    picture = blank(sum(heights) + 2 * _MARGIN, width, PAGE)
    top = _MARGIN
    for (kind, title, errors), height in zip(parts, heights, strict=True):
        draw_text(picture, title, _MARGIN, top + 22, BODY, COLOURS[kind], bold=True)
        if not errors:
            draw_text(picture, "none", _MARGIN, top + _HEAD + 16, SMALL, MUTED)
        for number, error in enumerate(errors):
            left = _MARGIN + number % _COLUMNS * (INSET + _GAP)
            _draw_error(picture, error, top + _HEAD + number // _COLUMNS * step, left)
        top += height
    return picture


def write_plots(report: EvaluationReport, folder: str | Path) -> list[Path]:
    """Write every picture of a report that its figures allow.

    ``roc.png``, ``pr.png``, ``pd_fa.png`` of the profile ``corrected`` or the first that has
    the curve, ``pd_by_size.png``, ``pd_by_scr.png``, and ``errors.png`` with the gallery.

    Raises
    ------
    OutputError
        If the folder cannot be made or written.
    """
    root = Path(folder)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"Cannot make the folder for plots {root}: {error.strerror}. Name another."
        ) from error
    pictures: dict[str, Picture] = {}
    curves: tuple[tuple[str, Callable[[Mapping[str, Scores]], Picture]], ...] = (
        ("roc", roc_plot),
        ("pr", pr_plot),
        ("pd_fa", pd_fa_plot),
    )
    first = sorted(report.scores, key=lambda name: name != "corrected")
    for curve, draw in curves:
        having = [name for name in first if getattr(report.scores[name], curve) is not None]
        if having:
            label = f"{Path(report.source).name} ({having[0]})"
            pictures[curve] = draw({label: report.scores[having[0]]})
    pictures["pd_by_size"] = pd_by_size_plot(report.by_size)
    pictures["pd_by_scr"] = pd_by_scr_plot(report.by_scr)
    if report.misses or report.false_alarms:
        pictures["errors"] = error_gallery(report.misses, report.false_alarms)
    written = []
    for name, picture in pictures.items():
        path = root / f"{name}.png"
        save_picture(path, picture)
        written.append(path)
    return written


def _draw_error(picture: Picture, error: ErrorPicture, top: int, left: int) -> None:
    place(picture, error.picture, top, left)
    draw_text(
        picture,
        shorten(error.id, INSET, SMALL, bold=True),
        left,
        top + INSET + 20,
        SMALL,
        bold=True,
    )
    if error.mark.kind == MISS:
        contrast = f"SCR {error.severity:.1f}" if error.severity >= 0 else "no background"
        text = f"{contrast} · {error.mark.area} px"
    else:
        text = f"p {error.severity:.3f} · {error.mark.area} px"
    draw_text(picture, shorten(text, INSET, SMALL), left, top + INSET + 41, SMALL, MUTED)


def _bar(one: PdBin, whole: bool) -> Bar:
    low, high = one.interval
    if math.isinf(one.high):
        name = f"≥ {one.low:g}"
    elif whole:
        name = f"{one.low:g}–{one.high - 1:g}"
    else:
        name = f"{one.low:g}–{one.high:g}"
    return Bar(name, f"{one.hits} of {one.targets}", one.pd, low, high)


def _having(scores: Mapping[str, Scores], curve: str) -> dict[str, Scores]:
    found = {name: one for name, one in scores.items() if getattr(one, curve) is not None}
    if not found:
        raise ParameterError(
            f"Expected scores with the curve {curve!r}, but {', '.join(scores) or 'none'} have "
            "none. Score with the profile 'corrected'."
        )
    return found


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
