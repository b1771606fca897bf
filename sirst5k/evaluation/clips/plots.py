"""Pictures and files of an evaluation of boxes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sirst5k.drawing import Picture, save_picture
from sirst5k.errors import OutputError
from sirst5k.evaluation.charts import Axis, Line, draw_lines
from sirst5k.evaluation.clips.report import ClipReport
from sirst5k.metrics.boxes import DetectionScores, PublishedPr, write_published_pr

_POINTS = 2000


def box_pr_plot(
    scores: Mapping[str, DetectionScores], published: Mapping[str, PublishedPr] | None = None
) -> Picture:
    """Draw precision against recall of one or several detectors.

    Parameters
    ----------
    scores : mapping of str to DetectionScores
        Name in the key to scores with a curve: its points at every score, and the operating
        point as a dot.
    published : mapping of str to PublishedPr, optional
        Curves read from the text files of others, which are interpolated ones.

    Returns
    -------
    (560, 760, 3) uint8
    """
    lines = []
    for name, one in scores.items():
        if one.curve is None:
            continue
        curve = one.curve.thinned(_POINTS)
        at = None if math.isnan(one.confidence) else (one.recall, one.precision)
        lines.append(Line(curve.recall, curve.precision, f"{name}, AP50 {one.ap50:.4f}", at))
    for name, other in (published or {}).items():
        # Beyond the last recall that was reached the file holds zeros, which are no curve.
        last = int(np.count_nonzero(other.precision))
        recalls = np.linspace(0, 1, 101)[:last]
        lines.append(Line(recalls, other.precision[:last], f"{name}, AP50 {other.ap50:.4f}"))
    x, y = Axis("recall, targets", 0.0, 1.0), Axis("precision, detections", 0.0, 1.0)
    title = "Precision and recall of boxes; the dot is the score used"
    return draw_lines(title, x, y, lines, True)


def write_clip_plots(report: ClipReport, folder: str | Path) -> Sequence[Path]:
    """Write the curves of a report.

    ``pr.png`` of all profiles, and for each ``pr_PROFILE.txt``: the 101 interpolated precisions
    at IoU 0.5 in the text format of the published repositories.

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
    label = Path(report.source).name
    written = [root / "pr.png"]
    save_picture(
        written[0],
        box_pr_plot({f"{label} ({name})": scores for name, scores in report.scores.items()}),
    )
    for name, scores in report.scores.items():
        if scores.interpolated is not None:
            written.append(root / f"pr_{name}.txt")
            write_published_pr(written[-1], scores.interpolated)
    return written
