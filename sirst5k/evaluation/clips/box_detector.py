"""What finds boxes in a video, frame after frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from sirst5k.detectors import Detector
from sirst5k.detectors.boxes import Detections
from sirst5k.evaluation.clips.components import LEVELS, MOST, boxes_of_map, check_levels
from sirst5k.evaluation.predicting import TILE, predict_map
from sirst5k.sample import Image


class BoxStream(Protocol):
    """Takes the frames of one sequence in the order of time."""

    def push(self, image: Image, wanted: bool = True) -> Detections | None:
        """Take the next frame; return its boxes, or None if they are not wanted.

        Parameters
        ----------
        image : (H, W) uint8 | uint16 | float32
        wanted : bool
            Without a wish for boxes a frame only serves those that come after it.
        """
        ...


@runtime_checkable
class BoxDetector(Protocol):
    """A detector whose answer to a frame is boxes with scores.

    Attributes
    ----------
    name : str
        For reports and messages.
    frames : int
        How many frames it looks at, the last of which it answers for.
    """

    @property
    def name(self) -> str:
        """For reports and messages."""
        ...

    @property
    def frames(self) -> int:
        """How many frames it looks at."""
        ...

    def start(self) -> BoxStream:
        """Return what takes the frames of one sequence."""
        ...


class MapBoxes:
    """A detector of pixels in single frames, its components taken for boxes.

    Parameters
    ----------
    detector : Detector
        A filter, or a network that returns maps.
    levels : sequence of float
        See `boxes_of_map`.
    most : int, optional
        Boxes of a frame at most.
    tile : int
        Frames with a longer side, in pixels, are taken in overlapping tiles; 0 never.
    """

    frames = 1

    def __init__(
        self,
        detector: Detector,
        levels: Sequence[float] = LEVELS,
        most: int | None = MOST,
        tile: int = TILE,
    ) -> None:
        check_levels(levels)
        self.detector, self.levels, self.most, self.tile = detector, tuple(levels), most, tile

    @property
    def name(self) -> str:
        """That of the detector."""
        return self.detector.name

    def start(self) -> BoxStream:
        """Return itself: nothing is remembered from frame to frame."""
        return self

    def push(self, image: Image, wanted: bool = True) -> Detections | None:
        """Return the boxes of a frame."""
        if not wanted:
            return None
        probability = predict_map(self.detector, image, tile=self.tile)
        return boxes_of_map(probability, self.levels, self.most)

    def __repr__(self) -> str:
        return f"MapBoxes({self.detector!r}, levels={self.levels})"
