"""Where the frames of sequences and their labels come from."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from sirst5k.datasets.sequences.labels import FrameLabels
from sirst5k.sample import Image


class SequenceSource(Protocol):
    """Files on disk, or a procedure; asked frame by frame, by id.

    Sources travel to worker processes, so they can be pickled.
    """

    def read(self, frame_id: str) -> Image:
        """Return one frame, decoded now: ``(H, W)`` of uint8, uint16 or float32."""
        ...

    def labels(self, frame_id: str, with_mask: bool) -> FrameLabels:
        """Return the targets of a frame; their pixels only if asked for and known."""
        ...

    def shape(self, frame_id: str) -> tuple[int, int]:
        """Return height and width of a frame without decoding it."""
        ...

    def file(self, frame_id: str) -> Path | None:
        """Return a frame's image file, or None where there is none."""
        ...

    def stamp(self, frame_id: str) -> str:
        """Return what identifies a frame's content and labels without decoding it."""
        ...

    @property
    def has_masks(self) -> bool:
        """Whether the pixels of targets are known, and not only their boxes."""
        ...
