"""What a detector found in the test sequences, beside what is there: kept, and read again."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import OutputError
from sirst5k.evaluation.clips import as_box_detector, detect_in_sequences
from sirst5k.imaging import write_atomically
from sirst5k.metrics import DetectionEvaluator
from sirst5k.metrics.boxes.frame import BoxFrame

_ARRAYS = ("boxes", "scores", "classes", "truth", "truth_classes")
_LEAST, _MOST = 0.001, 100  # as published; far more boxes would be kept that move no figure


def find_boxes(network: Any, test: Any, device: str, size: int | None = None) -> list[BoxFrame]:
    """Run a trained network over the key frames of sequences.

    Parameters
    ----------
    network : VideoNetwork or Network
        Of clips, or of single frames: then the components of its map are the boxes.
    test : SequenceDataset
    device : str
    size : int, optional
        Side of the letterbox in pixels, for a network of clips; what its weights say by
        default.

    Returns
    -------
    list of BoxFrame
        One a key frame, with its labels.
    """
    options: dict[str, Any] = {"size": size} if hasattr(network, "clip_length") else {}
    detector = as_box_detector(network, device=device, **options)
    frames = []
    for sequence, name, found in detect_in_sequences(detector, test):
        sure = found.scores >= _LEAST
        labels = test.labels(name, with_mask=False)
        frames.append(
            BoxFrame.checked(
                name,
                sequence,
                found.boxes[sure][:_MOST],
                found.scores[sure][:_MOST],
                found.classes[sure][:_MOST],
                labels.boxes,
                labels.classes,
            )
        )
    return frames


def evaluator_of(frames: Sequence[BoxFrame], profile: str) -> DetectionEvaluator:
    """Return an evaluator that has seen these frames.

    Raises
    ------
    ParameterError
        If there is no such profile.
    """
    evaluator = DetectionEvaluator(profile)
    for one in frames:
        found = (one.boxes, one.scores, one.classes, one.truth, one.truth_classes)
        evaluator.update(one.name, *found, sequence=one.sequence)
    return evaluator


def save_boxes(path: Path, frames: Sequence[BoxFrame]) -> None:
    """Write frames into one compressed ``.npz``; `read_boxes` gives the same.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    arrays: dict[str, NDArray[Any]] = {
        "names": np.array([one.name for one in frames]),
        "sequences": np.array([one.sequence for one in frames]),
        "found": np.array([len(one.scores) for one in frames], np.int64),
        "targets": np.array([len(one.truth) for one in frames], np.int64),
    }
    for key in _ARRAYS:
        arrays[key] = np.concatenate([getattr(one, key) for one in frames])
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # the stub of older numpy
    write_atomically(path, buffer.getvalue())


def read_boxes(path: Path) -> list[BoxFrame]:
    """Return the frames of a file.

    Raises
    ------
    OutputError
        If it is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            stored = {key: file[key] for key in file.files}
        found, targets = np.cumsum(stored["found"])[:-1], np.cumsum(stored["targets"])[:-1]
        parts = [
            np.split(stored[key], targets if key.startswith("truth") else found) for key in _ARRAYS
        ]
    except (OSError, ValueError, KeyError) as error:
        raise OutputError(f"Cannot read {path}: {error}. Remove it, and run it again.") from error
    return [
        BoxFrame(str(name), str(sequence), *arrays)
        for name, sequence, *arrays in zip(
            stored["names"], stored["sequences"], *parts, strict=True
        )
    ]
