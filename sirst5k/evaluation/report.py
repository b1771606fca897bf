"""The result of an evaluation."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from sirst5k.evaluation.binning import PdBin, TargetOutcome, pd_by_scr, pd_by_size
from sirst5k.evaluation.bootstrap import Bootstrap, Interval
from sirst5k.evaluation.gallery import ErrorPicture
from sirst5k.imaging import write_atomically
from sirst5k.metrics.image_scores import ImageScores
from sirst5k.metrics.scores import Scores


@dataclass(frozen=True, eq=False, slots=True)
class EvaluationReport:
    """How well predictions fit the labels of a dataset.

    Attributes
    ----------
    source : str
        What was scored: a detector, or a folder of predictions.
    dataset : str
        On what.
    split : str or None
        Which list; None for every pair.
    scores : mapping of str to Scores
        By profile.
    rows : mapping of str to tuple of ImageScores
        By profile, one for each image.
    outcomes : tuple of TargetOutcome
        Every target, by the profile ``corrected``.
    intervals : mapping of str to mapping of str to (float, float)
        By profile and figure; empty without bootstrap.
    bootstrap : Bootstrap or None
        How the intervals were made.
    matched : int
        Predictions that were found by name, of those wanted.
    lenient : mapping of str to str
        Ids whose prediction's name differs, with what was overlooked.
    missing : tuple of str
        Ids without a prediction; they were scored as silence.
    extra : tuple of str
        Prediction files that belong to no image of the split.
    skipped : mapping of str to str
        Images left out on the user's wish, with the reason.
    notes : tuple of str
        What to know before comparing these figures with others.
    misses, false_alarms : tuple of ErrorPicture
        The worst ones, if a gallery was asked for.
    """

    source: str
    dataset: str
    split: str | None
    scores: Mapping[str, Scores]
    rows: Mapping[str, tuple[ImageScores, ...]] = field(repr=False)
    outcomes: tuple[TargetOutcome, ...] = field(repr=False)
    intervals: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    bootstrap: Bootstrap | None = None
    matched: int = 0
    lenient: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    misses: tuple[ErrorPicture, ...] = field(default=(), repr=False)
    false_alarms: tuple[ErrorPicture, ...] = field(default=(), repr=False)

    @property
    def images(self) -> int:
        """Images that were scored."""
        return next(iter(self.scores.values())).images

    @property
    def by_size(self) -> list[PdBin]:
        """Pd in bins of target area."""
        return pd_by_size(self.outcomes)

    @property
    def by_scr(self) -> list[PdBin]:
        """Pd in bins of target contrast."""
        return pd_by_scr(self.outcomes)

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
            "images": self.images,
            "profiles": {
                name: {
                    "scores": scores.to_dict(curves=curves),
                    "intervals": {k: list(v) for k, v in self.intervals.get(name, {}).items()},
                }
                for name, scores in self.scores.items()
            },
            "bootstrap": None if self.bootstrap is None else asdict(self.bootstrap),
            "pd_by_size": [_bin(one) for one in self.by_size],
            "pd_by_scr": [_bin(one) for one in self.by_scr],
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
        """Write a CSV file with a line for each profile and image.

        ``found`` has a 0 or 1 for every target of the image, in raster order; what is
        undefined is left empty. The file is never half-written.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        names = [entry.name for entry in fields(ImageScores)]
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["profile", "predicted_file", *names])
        missing = set(self.missing)
        for profile, rows in self.rows.items():
            for row in rows:
                values = row.to_dict()
                there = int(row.name not in missing)
                table.writerow([profile, there, *(_cell(values[name]) for name in names)])
        write_atomically(path, text.getvalue().encode())

    def __str__(self) -> str:
        return "\n".join(str(scores) for scores in self.scores.values())


def _bin(one: PdBin) -> dict[str, Any]:
    return {**asdict(one), "pd": one.pd, "interval": list(one.interval)}


def _cell(value: Any) -> Any:
    return "" if isinstance(value, float) and math.isnan(value) else value


def finite(value: Any) -> Any:
    """Return the same with None for what JSON cannot say."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
