"""Pictures one after the other into an mp4 file, or into PNG files where that cannot be."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from sirst5k.drawing import Picture, save_picture
from sirst5k.errors import OutputError, ParameterError, suggest

FORMATS = ("auto", "mp4", "png")
RATE = 10.0
"""Frames a second where the source does not say."""

_CODEC = "mp4v"  # MPEG-4 part 2: what OpenCV's own builds of FFmpeg can write everywhere


class Movie(Protocol):
    """Where pictures go."""

    @property
    def path(self) -> Path:
        """The file, or the folder of files."""
        ...

    def add(self, picture: Picture) -> None:
        """Append a picture, as large as the first one."""
        ...

    def close(self) -> None:
        """Finish it; only then it has its name."""
        ...


def open_movie(path: str | Path, kind: str = "auto", rate: float | None = None) -> Movie:
    """Return what pictures can be added to.

    Parameters
    ----------
    path : path
        Without ending; its folder exists.
    kind : {"auto", "mp4", "png"}
        ``auto`` is mp4 where OpenCV can write it.
    rate : float, optional
        Frames a second of an mp4 file; 10 by default.

    Raises
    ------
    ParameterError
        If the format or rate is none.
    OutputError
        If mp4 is asked for and cannot be written here.
    """
    if kind not in FORMATS:
        raise ParameterError(f"There is no format {kind!r} of overlays.{suggest(kind, FORMATS)}")
    if rate is not None and not 0 < rate <= 1000:
        raise ParameterError(f"Expected above 0 and up to 1000 frames a second, got {rate}.")
    if kind == "png" or (kind == "auto" and not can_write_mp4()):
        return _Pictures(Path(path))
    if not can_write_mp4():
        raise OutputError(
            "Expected an OpenCV that can write mp4, but this one has no such codec. Take PNG "
            "frames."
        )
    return _Mp4(Path(path), RATE if rate is None else rate)


@cache
def can_write_mp4() -> bool:
    """Return whether this OpenCV writes mp4 files that it can read again."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "probe.mp4"
        writer = _writer(file, RATE, 64, 64)
        if not writer.isOpened():
            return False
        writer.write(np.zeros((64, 64, 3), np.uint8))
        writer.release()
        reader = cv2.VideoCapture(str(file))
        there = bool(reader.isOpened() and reader.read()[0])
        reader.release()
        return there


def _writer(file: Path, rate: float, height: int, width: int) -> cv2.VideoWriter:
    codec = cv2.VideoWriter.fourcc(*_CODEC)
    return cv2.VideoWriter(str(file), codec, rate, (width, height))


class _Mp4:
    """An mp4 file under another name until it is whole."""

    def __init__(self, path: Path, rate: float) -> None:
        self.path = path.with_name(f"{path.name}.mp4")
        self._part = path.with_name(f".{path.name}.part.mp4")
        self._rate = rate
        self._writer: cv2.VideoWriter | None = None

    def add(self, picture: Picture) -> None:
        height, width = (side + side % 2 for side in picture.shape[:2])  # the codec wants even
        if self._writer is None:
            self._writer = _writer(self._part, self._rate, height, width)
            if not self._writer.isOpened():
                raise OutputError(f"Cannot write the video {self.path}.")
        frame = np.zeros((height, width, 3), np.uint8)
        frame[: picture.shape[0], : picture.shape[1]] = picture[..., ::-1]
        self._writer.write(frame)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.release()
            self._part.replace(self.path)


class _Pictures:
    """A folder of numbered PNG files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._count = 0
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"Cannot make the folder {path}: {error.strerror}.") from error

    def add(self, picture: Picture) -> None:
        save_picture(self.path / f"{self._count:06d}.png", picture)
        self._count += 1

    def close(self) -> None:
        """Nothing is left to do: every file is whole."""
