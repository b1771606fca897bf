"""Frames in the order of time: a folder of them, a dataset of sequences, or a video file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2

from sirst5k.datasets.names import natural_key
from sirst5k.datasets.scanning import own_image_files
from sirst5k.errors import DatasetError, DatasetNotFoundError, SplitError, UnknownLayoutError
from sirst5k.evaluation.clips.running import Sequences
from sirst5k.imaging import read_image
from sirst5k.imaging.grey import to_grey
from sirst5k.sample import Image

VIDEO_ENDINGS = (".mp4", ".avi", ".mkv", ".mov", ".m4v", ".webm", ".mpg", ".mpeg", ".wmv", ".ts")
"""Names that are taken for those of video files."""


NamedFrame = tuple[str, Callable[[], Image]]
"""Name of a frame, and what reads it, once, before the next one is asked for."""


@dataclass(frozen=True, slots=True)
class FrameSequence:
    """Frames of one video.

    Attributes
    ----------
    name : str
    count : int or None
        How many frames there are; None where only reading tells.
    frames : callable
        Returns an iterator over frames from the first on: their names, and what returns
        their ``(H, W)`` images.
    labels : callable, optional
        Returns the labels of a frame by its name, or None for a frame without.
    rate : float or None
        Frames a second, where known.
    """

    name: str
    count: int | None
    frames: Callable[[], Iterator[NamedFrame]]
    labels: Callable[[str], Any] | None = None
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class VideoSource:
    """One or several sequences to predict on.

    Attributes
    ----------
    what : str
        Names them in messages.
    sequences : tuple of FrameSequence
    """

    what: str
    sequences: tuple[FrameSequence, ...]

    @property
    def count(self) -> int | None:
        """Frames in all; None where only reading tells."""
        counts = [one.count for one in self.sequences]
        return None if None in counts else sum(count or 0 for count in counts)


def is_video_file(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is named like a video file."""
    return Path(path).suffix.lower() in VIDEO_ENDINGS


def open_video_source(path: str | os.PathLike[str], split: str | None = None) -> VideoSource:
    """Open what has frames in the order of time.

    Parameters
    ----------
    path : path
        A video file; a dataset of sequences, or ``demo:sequences=…``, with labels; a folder of
        images, in the natural order of their names; or a folder of such folders.
    split : str, optional
        Of a dataset.

    Raises
    ------
    DatasetError
        If there is no frame in it, or it is a dataset of single images.
    """
    text = os.fspath(path)
    if is_video_file(text) and not Path(text).is_dir():
        _refuse_split(split, text)
        return VideoSource(text, (_of_video(Path(text)),))
    dataset = _dataset(text, split)
    if dataset is not None:
        return of_sequences(dataset)
    _refuse_split(split, text)
    found = _of_folders(Path(text))
    if not found:
        raise DatasetError(
            f"Expected frames in {text}, or folders of frames, but there is no PNG, BMP, JPEG or "
            "TIFF file."
        )
    return VideoSource(text, found)


def of_sequences(dataset: Sequences) -> VideoSource:
    """Return the sequences of a dataset; only its key frames have labels."""
    keys = set(dataset.ids)

    def frames(ids: tuple[str, ...]) -> Iterator[NamedFrame]:
        return ((i.rpartition("/")[2], partial(dataset.read_frame, i)) for i in ids)

    def labels(sequence: str, name: str) -> Any:
        frame_id = f"{sequence}/{name}"
        return dataset.labels(frame_id) if frame_id in keys else None

    return VideoSource(
        dataset.describe(),
        tuple(
            FrameSequence(name, len(ids), partial(frames, ids), partial(labels, name))
            for name, ids in dataset.sequences.items()
        ),
    )


def _dataset(text: str, split: str | None) -> Any:
    """Return a dataset of sequences, or None where there is no dataset."""
    from sirst5k.datasets import open_dataset

    embedded = text.partition(":")[0] in ("demo", "moving")
    if not embedded and not Path(text).is_dir():
        there = f"{text!r} is another file" if Path(text).exists() else f"there is no {text!r}"
        raise DatasetNotFoundError(
            f"Expected a video file, a folder of frames or a dataset, but {there}. Name one of "
            "these."
        )
    try:
        dataset = open_dataset(text, split)
    except UnknownLayoutError:
        return None
    if not hasattr(dataset, "sequences"):
        raise DatasetError(
            f"Expected frames in the order of time, but {dataset.describe()} is a dataset of "
            "single images. To take it for a video, name its folder of images."
        )
    return dataset


def _of_folders(root: Path) -> tuple[FrameSequence, ...]:
    """Return a sequence for every folder that holds images itself, in natural order."""
    groups: dict[str, list[Path]] = {}
    for stem, ending in own_image_files(f"{root}/"):
        groups.setdefault(stem.rpartition("/")[0], []).append(root / f"{stem}{ending}")
    return tuple(
        FrameSequence(name or root.resolve().name, len(files), partial(_read, files))
        for name, files in sorted(groups.items(), key=lambda one: natural_key(one[0]))
    )


def _read(files: list[Path]) -> Iterator[NamedFrame]:
    ordered = sorted(files, key=lambda file: natural_key(file.name))
    return ((file.stem, partial(read_image, file)) for file in ordered)


def _of_video(file: Path) -> FrameSequence:
    if not file.is_file():
        raise DatasetNotFoundError(f"Expected a video file, but there is no {file}.")
    video = _opened(file)
    rate = float(video.get(cv2.CAP_PROP_FPS))
    video.release()
    return FrameSequence(
        file.stem, None, partial(_video_frames, file), rate=rate if 0 < rate < 1000 else None
    )


def _video_frames(file: Path) -> Iterator[NamedFrame]:
    video = _opened(file)
    number = 0
    try:
        while True:
            there, picture = video.read()
            if not there:
                break
            yield f"{number:06d}", partial(to_grey, picture)
            number += 1
    finally:
        video.release()
    if not number:
        raise DatasetError(f"Expected a video, but no frame of {file} can be decoded.")


def _opened(file: Path) -> cv2.VideoCapture:
    video = cv2.VideoCapture(str(file))
    if not video.isOpened():
        raise DatasetError(
            f"Expected a video that OpenCV can open, but {file} is none. Turn it into a folder "
            "of frames."
        )
    return video


def _refuse_split(split: str | None, what: str) -> None:
    if split is not None:
        raise SplitError(f"Expected a dataset for the split {split!r}, but {what} is none.")
