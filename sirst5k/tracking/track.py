"""What a target did, as far as it was seen."""

from __future__ import annotations

from dataclasses import dataclass

Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """A track at one frame.

    Attributes
    ----------
    frame : int
        Counted from 0.
    box : (float, float, float, float)
        x1, y1, x2, y2 in pixels, ends exclusive: the detection's own.
    score : float
    place : int
        Of the detection among those of its frame.
    """

    frame: int
    box: Corners
    score: float
    place: int


@dataclass(frozen=True, slots=True)
class Track:
    """Detections of one target, in time order.

    Attributes
    ----------
    number : int
        Counted from 1, in the order in which tracks begin.
    points : tuple of TrackPoint
        Frames in which it was detected; between them it was not.
    """

    number: int
    points: tuple[TrackPoint, ...]

    @property
    def first(self) -> int:
        """Frame of the first point."""
        return self.points[0].frame

    @property
    def last(self) -> int:
        """Frame of the last point."""
        return self.points[-1].frame

    def __len__(self) -> int:
        return len(self.points)
