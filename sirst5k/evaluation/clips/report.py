"""The result of scoring boxes on sequences."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from sirst5k.evaluation.bootstrap import Bootstrap, Interval
from sirst5k.evaluation.report import finite
from sirst5k.imaging import write_atomically
from sirst5k.metrics.boxes import DetectionScores, FrameScores


@dataclass(frozen=True, eq=False, slots=True)
class ClipReport:
    """How well boxes fit the labels of a dataset of sequences.

    Attributes
    ----------
    source : str
        What was scored: a detector, or saved boxes.
    dataset : str
        On what.
    split : str or None
        Which list; None for every frame.
    frames_seen : int
        How many frames the detector looks at; 0 where boxes were saved.
    scores : mapping of str to DetectionScores
        By profile.
    rows : mapping of str to tuple of FrameScores
        By profile, one for each frame scored.
    intervals : mapping of str to mapping of str to (float, float)
        By profile and figure; empty without bootstrap.
    bootstrap : Bootstrap or None
        How the intervals were made.
    matched : int
        Key frames with a detector's answer, or found by name among saved boxes.
    lenient : mapping of str to str
        Ids whose name among saved boxes differs, with what was overlooked.
    missing : tuple of str
        Ids without saved boxes; they were scored as silence.
    extra : tuple of str
        Names among the saved boxes that belong to no frame of the split.
    skipped : mapping of str to str
        Frames left out when the dataset was opened, with the reason.
    notes : tuple of str
        What to know before comparing these figures with others.
    """

    source: str
    dataset: str
    split: str | None
    frames_seen: int
    scores: Mapping[str, DetectionScores]
    rows: Mapping[str, tuple[FrameScores, ...]] = field(repr=False)
    intervals: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    bootstrap: Bootstrap | None = None
    matched: int = 0
    lenient: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_dict(self, *, curves: bool = False) -> dict[str, Any]:
        """Return plain values for JSON; None stands for what is undefined.

        Parameters
        ----------
        curves : bool
            Whether the curves come along, as lists.
        """
        document = {
            "source": self.source,
            "dataset": self.dataset,
            "split": self.split,
            "frames_seen": self.frames_seen,
            "profiles": {
                name: {
                    "scores": scores.to_dict(curves=curves),
                    "intervals": {k: list(v) for k, v in self.intervals.get(name, {}).items()},
                }
                for name, scores in self.scores.items()
            },
            "bootstrap": None if self.bootstrap is None else asdict(self.bootstrap),
            "predictions": {
                "matched": self.matched,
                "lenient": dict(self.lenient),
                "missing": list(self.missing),
                "extra": list(self.extra),
            },
            "skipped": dict(self.skipped),
            "notes": list(self.notes),
        }
        plain = finite(document)
        assert isinstance(plain, dict)
        return plain

    def to_json(self, *, curves: bool = False) -> str:
        """Return `to_dict` as JSON."""
        return json.dumps(self.to_dict(curves=curves), indent=2, ensure_ascii=False)

    def write_rows(self, path: str | Path) -> None:
        """Write a CSV file with a line for each profile and frame; it is never half-written.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        names = [entry.name for entry in fields(FrameScores)]
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["profile", *names])
        for profile, rows in self.rows.items():
            table.writerows([profile, *(getattr(row, name) for name in names)] for row in rows)
        write_atomically(path, text.getvalue().encode())

    def __str__(self) -> str:
        return "\n".join(str(scores) for scores in self.scores.values())
