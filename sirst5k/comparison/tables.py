"""Results as tables for other programs: CSV and LaTeX."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from typing import Any

from sirst5k.comparison.kinds import BOXES, MASKS, kind_of

# Figure -> (heading, factor): how the field prints it.
PRINTED = {
    "miou": ("mIoU (%)", 100.0),
    "niou": ("nIoU (%)", 100.0),
    "pd": ("Pd (%)", 100.0),
    "fa": ("Fa (1e-6)", 1e6),
    "f1": ("F1 (%)", 100.0),
    "ap50": ("AP50 (%)", 100.0),
    "precision": ("P (%)", 100.0),
    "recall": ("R (%)", 100.0),
    "best_f1": ("best F1 (%)", 100.0),
    "false_alarms_per_frame": ("false alarms a frame", 1.0),
    "published_precision": ("P as published (%)", 100.0),
    "published_recall": ("R as published (%)", 100.0),
    "published_f1": ("F1 as published (%)", 100.0),
}
_TEX = {"miou": r"mIoU $\uparrow$", "niou": r"nIoU $\uparrow$", "pd": r"$P_d$ $\uparrow$"}
_TEX |= {"fa": r"$F_a$ $\downarrow$", "f1": r"F1 $\uparrow$", "ap50": r"AP$_{50}$ $\uparrow$"}
_TEX |= {"precision": r"P $\uparrow$", "recall": r"R $\uparrow$"}
_TEX |= {"published_f1": r"F1 as published $\uparrow$"}

Results = Mapping[str, Any]


def rows_of(results: Results) -> Iterator[dict[str, Any]]:
    """Yield one flat row a detector, share of labels, arm, choice of weights and figure."""
    for detector, fractions in results["detectors"].items():
        for fraction, block in fractions.items():
            for arm, found in block["arms"].items():
                for choice, figures in found["scores"].items():
                    for figure, value in figures.items():
                        gap = block["differences"].get(arm, {}).get(choice, {}).get(figure, {})
                        yield {
                            "detector": detector,
                            "fraction": fraction,
                            "arm": arm,
                            "weights": choice,
                            "figure": figure,
                            "mean": value["mean"],
                            "sd": value["sd"],
                            "seeds": len(value["values"]),
                            "difference": gap.get("value"),
                            "low": gap.get("low"),
                            "high": gap.get("high"),
                        }


def to_csv(results: Results) -> str:
    """Return every figure as CSV, fractions as they are; differences are from ``none``."""
    out = io.StringIO()
    rows = list(rows_of(results))
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def to_latex(results: Results, choice: str = "last") -> str:
    """Return a booktabs table: detectors and arms down, figures across, mean ± sd.

    The best arm of a detector is bold where its interval against ``none`` leaves out zero.
    """
    blocks = {name: next(iter(shares.values())) for name, shares in results["detectors"].items()}
    figures = kind_of(next(iter(blocks.values()))).latex
    heads = " & ".join(_TEX[name] for name in figures)
    lines = [
        r"\begin{tabular}{ll" + "r" * len(figures) + "}",
        r"\toprule",
        rf"detector & data & {heads} \\",
    ]
    for detector, block in blocks.items():
        lines.append(r"\midrule")
        for arm, found in block["arms"].items():
            gaps = block["differences"].get(arm, {}).get(choice, {})
            cells = [
                _cell(name, found["scores"][choice].get(name), gaps.get(name)) for name in figures
            ]
            lines.append(f"{_escape(detector)} & {_escape(arm)} & {' & '.join(cells)} \\\\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def printed(figure: str, value: float | None) -> str:
    """Return a figure as the field prints it; a dash where there is none."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value * PRINTED[figure][1]:.2f}"


def _cell(figure: str, value: Mapping[str, Any] | None, gap: Mapping[str, Any] | None) -> str:
    if value is None:
        return "--"
    text = printed(figure, value["mean"]).replace("–", "--")
    if value["sd"] is not None:
        text = rf"{text} $\pm$ {printed(figure, value['sd'])}"
    better = gap is not None and _is_better(figure, gap["low"], gap["high"])
    return rf"\textbf{{{text}}}" if better else text


def _is_better(figure: str, low: float | None, high: float | None) -> bool:
    if low is None or high is None:
        return False
    down = figure in (*MASKS.lower_is_better, *BOXES.lower_is_better)
    return high < 0 if down else low > 0


def _escape(text: str) -> str:
    return "".join(f"\\{sign}" if sign in "&%$#_{}" else sign for sign in text)
