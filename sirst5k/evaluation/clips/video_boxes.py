"""A video network as a detector of boxes: its stream, fed with frames and decoded."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sirst5k.detectors import NetworkDetector
from sirst5k.detectors.boxes import Detections, detections
from sirst5k.errors import ParameterError
from sirst5k.evaluation.clips.box_detector import BoxStream
from sirst5k.evaluation.predicting import levels_of
from sirst5k.imaging.letterbox import Letterbox
from sirst5k.sample import Image

SIZE = 512
"""Side of the square into which the published codes letterbox frames, in pixels."""


class VideoBoxes:
    """Wraps a network that maps clips to raw boxes of their last frame.

    Frames go through its stream, which computes what belongs to one frame only once where
    the network can: the result is that of whole clips. They are letterboxed as in training,
    and boxes brought back to the frame's own pixels.

    Parameters
    ----------
    module : VideoNetwork
        In any mode; it is put into evaluation mode here.
    size : int, optional
        Side of the letterbox in pixels; 0 takes frames as they are. By default what the
        network's weights say, or 512.
    least : float
        Boxes with a lower score are left out; 0.001 is the published evaluation's.
    nms_iou : float
        Of two boxes that overlap more only the better stays; 0.65 is the published one.
    most : int, optional
        Boxes of a frame at most, the surest; no limit by default, as published.
    device, precision, normalisation, name
        As of `sirst5k.detectors.NetworkDetector`.

    Raises
    ------
    ParameterError
        If a parameter is out of range.
    """

    def __init__(
        self,
        module: Any,
        *,
        size: int | None = None,
        least: float = 0.001,
        nms_iou: float = 0.65,
        most: int | None = None,
        **options: Any,
    ) -> None:
        if size is None:
            size = trained_size(module)
        if size < 0 or 0 < size < 32:
            raise ParameterError(
                f"Expected a letterbox of at least 32 pixels, or 0 for none, got {size}."
            )
        for what, value in (("least score", least), ("NMS IoU", nms_iou)):
            if not (math.isfinite(value) and 0 <= value <= 1):
                raise ParameterError(f"Expected a {what} in 0…1, got {value}.")
        # Device, precision and normalisation are chosen as for networks of single frames.
        self._feeder = NetworkDetector(module, **options)
        self.module = self._feeder.module
        self.size, self.least, self.nms_iou, self.most = size, least, nms_iou, most
        self._frames: Any = None

    @property
    def name(self) -> str:
        """That of the network."""
        return self._feeder.name

    @property
    def frames(self) -> int:
        """Frames of a clip."""
        return int(self.module.clip_length)

    def start(self) -> BoxStream:
        """Return what takes the frames of one sequence; the one before must be finished.

        The network's stream prepares a copy of the network, so it is made once and restarted.
        """
        if self._frames is None:
            self._frames = self.module.stream()
        self._frames.restart()
        return _Stream(self, self._frames)

    def prepare(self, image: Image) -> Any:
        """Return a frame as the network takes it: a ``(1, C, H, W)`` tensor on its device."""
        torch, feeder = self._feeder.torch, self._feeder
        if self.size:  # at the frame's own depth: 8 bit is rounded as in the published loaders
            image = Letterbox.of(image.shape, self.size).apply(image)
        frame = torch.from_numpy(np.ascontiguousarray(levels_of(image))).to(feeder.device)
        return feeder.normalisation(frame.expand(1, feeder.in_channels, -1, -1))

    def decode(self, raw: Any, shape: tuple[int, int]) -> Detections:
        """Return the boxes of a raw map in the pixels of a frame of that shape."""
        inside = (self.size, self.size) if self.size else shape
        (found,) = detections(
            raw,
            self.least,
            self.nms_iou,
            stride=self.module.stride,
            limit=self.most,
            shape=inside,
        )
        boxes = found.boxes
        if self.size:
            boxes = Letterbox.of(shape, self.size).boxes_out(boxes)
        return Detections(boxes, found.scores, found.classes)

    def __repr__(self) -> str:
        return (
            f"VideoBoxes({self._feeder!r}, size={self.size}, least={self.least:g}, "
            f"nms_iou={self.nms_iou:g})"
        )


class _Stream:
    """One sequence on its way through the network."""

    def __init__(self, detector: VideoBoxes, frames: Any) -> None:
        self.detector, self._frames = detector, frames

    def push(self, image: Image, wanted: bool = True) -> Detections | None:
        """Take the next frame; return its boxes, or None if they are not wanted."""
        with self.detector._feeder.running():
            raw = self._frames(self.detector.prepare(image))
        height, width = image.shape
        return self.detector.decode(raw, (height, width)) if wanted else None


def trained_size(module: Any) -> int:
    """Return the side of the letterbox that a network's weights were trained with, or 512.

    Raises
    ------
    ParameterError
        If the file of weights says something else than a number of pixels.
    """
    info = getattr(module, "weights_info", None)
    told = None if info is None else info.extra.get("letterbox")
    if info is None or told is None:
        return SIZE
    try:
        return int(told)
    except ValueError:
        raise ParameterError(
            f"Expected the side of a letterbox in pixels in {info.source}, got {told!r}. "
            "Give the size."
        ) from None


def is_video_network(thing: Any) -> bool:
    """Return whether something maps clips to raw boxes, as `VideoNetwork` does."""
    return all(hasattr(thing, name) for name in ("clip_length", "stream", "supervise"))
