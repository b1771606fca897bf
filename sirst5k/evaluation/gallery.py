"""The worst errors of an evaluation, kept as small pictures while it runs."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import numpy as np

from sirst5k.drawing import Picture
from sirst5k.errors import ParameterError
from sirst5k.evaluation.overlay import inset
from sirst5k.evaluation.prediction import Prediction
from sirst5k.evaluation.verdicts import FALSE_ALARM, MISS, Mark

INSET = 176
"""Side of a picture in pixels."""


@dataclass(frozen=True, eq=False, slots=True)
class ErrorPicture:
    """One error.

    Attributes
    ----------
    id : str
        Of its image.
    mark : Mark
    severity : float
        SCR of a missed target, or the largest probability in a false alarm.
    picture : (176, 176, 3) uint8
    """

    id: str
    mark: Mark
    severity: float
    picture: Picture


class Gallery:
    """Keeps the worst misses and false alarms, however many images stream by.

    The worst miss is the target that stands out most; the worst false alarm the one that the
    detector is surest of.

    Parameters
    ----------
    size : int
        How many of each kind.
    """

    def __init__(self, size: int = 12) -> None:
        if size < 1:
            raise ParameterError(f"Expected a gallery of at least one error, got {size}.")
        self.size = size
        # Entries are (severity, minus order, picture); the order breaks ties, first come first.
        self._kept: dict[str, list[tuple[float, int, ErrorPicture]]] = {MISS: [], FALSE_ALARM: []}
        self._count = 0

    def add(self, prediction: Prediction, marks: list[Mark], scr: list[float]) -> None:
        """Look at one image's errors.

        Parameters
        ----------
        prediction : Prediction
        marks : list of Mark
            From `sirst5k.evaluation.verdicts.verdicts`.
        scr : list of float
            Of the targets, which come first among the marks.
        """
        for place, mark in enumerate(marks):
            if mark.kind not in self._kept:
                continue
            if mark.kind == MISS:
                severity = -1.0 if math.isnan(scr[place]) else scr[place]
            else:
                severity = _surest(prediction, mark)
            self._keep(prediction, mark, severity)

    @property
    def misses(self) -> list[ErrorPicture]:
        """Missed targets, the most prominent first."""
        return self._sorted(MISS)

    @property
    def false_alarms(self) -> list[ErrorPicture]:
        """False alarms, the surest first."""
        return self._sorted(FALSE_ALARM)

    def _keep(self, prediction: Prediction, mark: Mark, severity: float) -> None:
        kept = self._kept[mark.kind]
        self._count += 1
        if len(kept) == self.size and severity <= kept[0][0]:
            return
        picture = inset(prediction, mark, INSET)
        entry = (severity, -self._count, ErrorPicture(prediction.id, mark, severity, picture))
        if len(kept) < self.size:
            heapq.heappush(kept, entry)
        else:
            heapq.heapreplace(kept, entry)

    def _sorted(self, kind: str) -> list[ErrorPicture]:
        return [entry[2] for entry in sorted(self._kept[kind], reverse=True)]


def _surest(prediction: Prediction, mark: Mark) -> float:
    """Return the largest probability in the box of a detection."""
    rows = slice(mark.top, mark.top + mark.height)
    columns = slice(mark.left, mark.left + mark.width)
    return float(np.max(prediction.probability[rows, columns]))
