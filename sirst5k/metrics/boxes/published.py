"""Precision-recall curves in the text format that the video detectors' repositories ship."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import DatasetError, ShapeError
from sirst5k.metrics.boxes.curve import RECALLS, best_f1_of


@dataclass(frozen=True, eq=False, slots=True)
class PublishedPr:
    """A published curve: 101 interpolated precisions at IoU 0.5, without their scores.

    Attributes
    ----------
    precision : (101,) float64
        At recalls 0, 0.01 … 1.
    """

    precision: NDArray[np.float64]

    def __post_init__(self) -> None:
        values = self.precision
        if values.shape != RECALLS.shape or values.dtype != np.float64:
            raise ShapeError(
                f"Expected {len(RECALLS)} precisions of float64, got {values.shape} of "
                f"{values.dtype}."
            )

    @property
    def ap50(self) -> float:
        """Mean of the 101 precisions."""
        return float(self.precision.mean())

    @property
    def recall(self) -> tuple[float, float]:
        """Bounds on the recall at the curve's end, the upper one exclusive."""
        points = int(np.count_nonzero(self.precision))
        return max(0, points - 1) / 100, points / 100

    @property
    def published_precision(self) -> float:
        """What the repositories print as precision; NaN for an empty curve."""
        count = int(np.count_nonzero(self.precision)) - 1
        return float(self.precision[:count].mean()) if count > 0 else math.nan

    @property
    def best_f1(self) -> float:
        """The largest F1 at any point of the curve."""
        return best_f1_of(self.precision)


def read_published_pr(path: str | os.PathLike[str]) -> PublishedPr:
    """Read a curve: 101 numbers separated by tabs, blanks or line ends.

    Raises
    ------
    DatasetError
        If the file cannot be read or holds anything else.
    """
    file = Path(path)
    try:
        words = file.read_text(encoding="utf-8").split()
        values = np.array([float(word) for word in words], np.float64)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise DatasetError(f"Expected 101 precisions as text in {file}: {error}.") from error
    if len(values) != len(RECALLS) or not ((values >= 0) & (values <= 1)).all():
        raise DatasetError(
            f"Expected 101 precisions between 0 and 1 in {file}, at recalls 0, 0.01 … 1, got "
            f"{len(values)} numbers."
        )
    return PublishedPr(values)


def write_published_pr(path: str | os.PathLike[str], precision: NDArray[np.float64]) -> None:
    """Write 101 interpolated precisions, separated by tabs, exactly.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    from sirst5k.imaging import write_atomically

    values = PublishedPr(np.nan_to_num(np.asarray(precision, np.float64))).precision
    write_atomically(path, ("\t".join(map(repr, values.tolist())) + "\n").encode())
