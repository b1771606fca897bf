"""A detector over the frames of a dataset's sequences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from sirst5k.detectors.boxes import Detections
from sirst5k.errors import ImageError
from sirst5k.evaluation.clips.box_detector import BoxDetector


class Sequences(Protocol):
    """What is read of a `SequenceDataset`: whatever reads like one can be evaluated."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Key frames."""
        ...

    @property
    def sequences(self) -> Mapping[str, tuple[str, ...]]:
        """All frames of each sequence, in the order of time."""
        ...

    @property
    def split(self) -> str | None:
        """Which list the key frames come from."""
        ...

    def read_frame(self, frame_id: str) -> Any:
        """Return a frame."""
        ...

    def labels(self, frame_id: str) -> Any:
        """Return its boxes and classes."""
        ...

    def describe(self) -> str:
        """Return one phrase for messages."""
        ...


def detect_in_sequences(
    detector: BoxDetector, dataset: Sequences, skipped: dict[str, str] | None = None
) -> Iterator[tuple[str, str, Detections]]:
    """Run a detector over all key frames, sequence by sequence, each from its first frame on.

    Frames after the last key frame of a sequence are not read.

    Parameters
    ----------
    detector : BoxDetector
    dataset : SequenceDataset
    skipped : dict of str to str, optional
        Takes frames that cannot be read, with the reason; a detector of clips goes on as if
        they had not been there. Without it they are errors.

    Yields
    ------
    sequence, frame id : str
    found : Detections

    Raises
    ------
    ImageError
        If a frame cannot be read, and skipping was not asked for.
    """
    keys = set(dataset.ids)
    for sequence, frames in dataset.sequences.items():
        left = sum(frame_id in keys for frame_id in frames)
        if not left:
            continue
        stream = detector.start()
        for frame_id in frames:
            wanted = frame_id in keys
            if not wanted and detector.frames == 1:
                continue
            try:
                image = dataset.read_frame(frame_id)
            except ImageError as error:
                if skipped is None:
                    raise
                skipped[frame_id] = str(error)
                left -= wanted
                continue
            found = stream.push(image, wanted)
            if wanted and found is not None:
                yield sequence, frame_id, found
                left -= 1
                if not left:
                    break
