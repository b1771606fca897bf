"""Several detectors on the same sequences in one table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from sirst5k.errors import ParameterError
from sirst5k.evaluation.clips.report import ClipReport

_COLUMNS = (
    ("ap50", "AP50"),
    ("ap", "AP"),
    ("precision", "P"),
    ("recall", "R"),
    ("f1", "F1"),
    ("best_f1", "best F1"),
    ("pd", "Pd, 3 px"),
    ("false_alarms_per_frame", "false/frame"),
)


def detector_table(reports: Mapping[str, ClipReport], profile: str = "corrected") -> Iterator[str]:
    """Yield a Markdown table, a line a detector, with intervals where the reports have them.

    Parameters
    ----------
    reports : mapping of str to ClipReport
        By what the table calls each; all on the same frames.
    profile : str
        Whose definitions.

    Raises
    ------
    ParameterError
        If there is no report, one lacks the profile, or they are of different datasets.
    """
    lacking = [name for name, one in reports.items() if profile not in one.scores]
    if lacking or not reports:
        raise ParameterError(
            f"Expected reports with the profile {profile!r}, but {', '.join(lacking) or 'there'} "
            f"{'has' if lacking else 'is'} none."
        )
    grounds = {
        (one.dataset, one.split, one.scores[profile].frames, one.scores[profile].targets)
        for one in reports.values()
    }
    if len(grounds) > 1:
        several = sorted(f"{data}, {split or 'all'}: {n} frames" for data, split, n, _ in grounds)
        raise ParameterError(f"Expected reports on the same frames, got {'; '.join(several)}.")
    yield f"| detector | frames | {' | '.join(label for _, label in _COLUMNS)} |"
    yield "|---" * (2 + len(_COLUMNS)) + "|"
    for name, report in reports.items():
        scores, intervals = report.scores[profile], report.intervals.get(profile, {})
        cells = [_cell(getattr(scores, key), intervals.get(key)) for key, _ in _COLUMNS]
        yield f"| {name} | {report.frames_seen or '–'} | {' | '.join(cells)} |"


def _cell(value: float, ends: tuple[float, float] | None) -> str:
    if math.isnan(value):
        return "–"
    if ends is None or math.isnan(ends[0]):
        return f"{value:.3f}"
    return f"{value:.3f} ({ends[0]:.3f}–{ends[1]:.3f})"
