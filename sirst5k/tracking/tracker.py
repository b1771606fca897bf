"""The tracker: prediction, two rounds of assignment, birth, confirmation and death."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError, ShapeError
from sirst5k.tracking.association import associate
from sirst5k.tracking.motion import Motion, begin, correct, predict, surprise
from sirst5k.tracking.track import Track, TrackPoint


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """How detections are joined.

    Attributes
    ----------
    sure : float
        Detections of at least this score may begin a track, and are assigned first.
    weak : float
        Those of at least this score may continue one that no sure detection continues
        (the two rounds of ByteTrack, Zhang et al., ECCV 2022).
    measurement : float
        Standard deviation of a detection's centre, pixels.
    acceleration : float
        Standard deviation, pixels a frame²; what a shaking camera adds belongs to it.
    speed : float
        Standard deviation of a new target's velocity, pixels a frame.
    gate : float
        Standard deviations beyond which a detection is another target's.
    confirm : int
        Detections that a track must have to be reported.
    patience : int
        Frames without detection after which a track ends.

    Raises
    ------
    ParameterError
        If one is out of its range.
    """

    sure: float = 0.5
    weak: float = 0.1
    measurement: float = 1.0
    acceleration: float = 0.4
    speed: float = 3.0
    gate: float = 3.0
    confirm: int = 4
    patience: int = 5

    def __post_init__(self) -> None:
        if not 0 <= self.weak <= self.sure:
            raise ParameterError(
                f"Expected scores 0 ≤ weak ≤ sure, got weak {self.weak} and sure {self.sure}."
            )
        for name in ("measurement", "speed", "gate"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ParameterError(f"Expected a {name} above 0, got {value}.")
        if not (math.isfinite(self.acceleration) and self.acceleration >= 0):
            raise ParameterError(f"Expected an acceleration from 0 on, got {self.acceleration}.")
        if self.confirm < 1 or self.patience < 0:
            raise ParameterError(
                f"Expected confirm from 1 and patience from 0 on, got {self.confirm} and "
                f"{self.patience}."
            )


@dataclass(slots=True)
class _Open:
    """A track that may go on."""

    number: int
    motion: Motion
    points: list[TrackPoint] = field(default_factory=list)
    missed: int = 0


class Tracker:
    """Joins the detections of one sequence, frame after frame.

    Parameters
    ----------
    settings : TrackerSettings, optional

    Examples
    --------
    >>> tracker = Tracker(TrackerSettings(confirm=2))
    >>> [tracker.update([[x, 5, x + 3, 8]], [0.9]) for x in (0, 4, 8)]
    [[None], [1], [1]]
    >>> [len(track) for track in tracker.tracks()]
    [3]
    """

    def __init__(self, settings: TrackerSettings | None = None) -> None:
        self.settings = TrackerSettings() if settings is None else settings
        self.frame = 0
        self._open: list[_Open] = []
        self._closed: list[_Open] = []
        self._begun = 0

    def update(self, boxes: Any, scores: Any) -> list[int | None]:
        """Take the detections of the next frame.

        Parameters
        ----------
        boxes : (N, 4) array
            x1, y1, x2, y2 in pixels.
        scores : (N,) array

        Returns
        -------
        list of int or None
            For each detection the number of its track, if that is confirmed by now.

        Raises
        ------
        ShapeError
            If boxes and scores are of other shapes.
        """
        rule = self.settings
        found, confidence = _checked(boxes, scores)
        centres = (found[:, :2] + found[:, 2:]) / 2
        for track in self._open:
            track.motion = predict(track.motion, rule.acceleration)
        owner: dict[int, _Open] = {}
        waiting = list(self._open)
        # As float32, as detectors give them: one of 0.9 is a little less than 0.9.
        sure = confidence >= np.float32(rule.sure)
        for places in (
            np.flatnonzero(sure),
            np.flatnonzero(~sure & (confidence >= np.float32(rule.weak))),
        ):
            waiting = self._assign(waiting, places, centres, owner)
        for track in waiting:
            track.missed += 1
        for place in np.flatnonzero(sure).tolist():
            if place not in owner:
                self._begun += 1
                start = begin(centres[place], rule.measurement, rule.speed)
                owner[place] = _Open(self._begun, start)
                self._open.append(owner[place])
        for place, track in sorted(owner.items()):
            left, top, right, bottom = found[place].tolist()
            point = TrackPoint(
                self.frame, (left, top, right, bottom), float(confidence[place]), place
            )
            track.points.append(point)
        self._closed += [track for track in self._open if track.missed > rule.patience]
        self._open = [track for track in self._open if track.missed <= rule.patience]
        self.frame += 1
        return [self._confirmed(owner.get(place)) for place in range(len(found))]

    def tracks(self) -> list[Track]:
        """Return the confirmed tracks so far, by their beginning."""
        enough = [
            track
            for track in (*self._closed, *self._open)
            if len(track.points) >= self.settings.confirm
        ]
        enough.sort(key=lambda track: track.number)
        return [Track(track.number, tuple(track.points)) for track in enough]

    def _assign(
        self,
        waiting: list[_Open],
        places: NDArray[np.intp],
        centres: NDArray[np.float64],
        owner: dict[int, _Open],
    ) -> list[_Open]:
        """Let detections continue tracks; return the tracks still without one."""
        rule = self.settings
        predicted = np.array([track.motion.position for track in waiting]).reshape(-1, 2)
        variances = np.array([surprise(track.motion, rule.measurement) for track in waiting])
        pairs = associate(predicted, variances, centres[places], rule.gate)
        for row, column in pairs:
            track, place = waiting[row], int(places[column])
            track.motion = correct(track.motion, centres[place], rule.measurement)
            track.missed = 0
            owner[place] = track
        used = {row for row, _ in pairs}
        return [track for row, track in enumerate(waiting) if row not in used]

    def _confirmed(self, track: _Open | None) -> int | None:
        if track is None or len(track.points) < self.settings.confirm:
            return None
        return track.number


def track_frames(
    frames: Iterable[tuple[Any, Any]], settings: TrackerSettings | None = None
) -> list[Track]:
    """Return the tracks of a whole sequence.

    Parameters
    ----------
    frames : iterable of (boxes, scores)
        As of `Tracker.update`, in time order.
    settings : TrackerSettings, optional

    Returns
    -------
    list of Track
        With the detections that came before a track was confirmed. Numbered from 1 on.

    Raises
    ------
    ShapeError
        If boxes and scores of a frame are of other shapes.

    Examples
    --------
    >>> frames = [([[x, 5, x + 3, 8]], [0.9]) for x in (0, 4, 8, 12)]
    >>> [(track.number, track.first, track.last) for track in track_frames(frames)]
    [(1, 0, 3)]
    """
    tracker = Tracker(settings)
    for boxes, scores in frames:
        tracker.update(boxes, scores)
    return [Track(number, track.points) for number, track in enumerate(tracker.tracks(), 1)]


def _checked(boxes: Any, scores: Any) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    found, confidence = np.asarray(boxes, np.float64), np.asarray(scores, np.float32)
    found = found.reshape(-1, 4) if found.size == 0 else found
    if found.ndim != 2 or found.shape[1] != 4 or confidence.shape != found.shape[:1]:
        raise ShapeError(
            f"Expected boxes (N, 4) and N scores, got {found.shape} and {confidence.shape}."
        )
    return found, confidence
