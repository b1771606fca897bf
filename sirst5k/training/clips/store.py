"""Letterboxed frames, decoded once, and the clips that are windows of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.clip import Boxes
from sirst5k.errors import DatasetError, ImageError
from sirst5k.imaging.letterbox import Letterbox
from sirst5k.sample import full_scale
from sirst5k.synthesis.executor import run_in_order
from sirst5k.training.frames.depth import widen, wider

Progress = Callable[[Iterable[int]], Iterable[int]]


@dataclass(frozen=True, eq=False)
class ClipStore:
    """N clips of T frames out of F letterboxed frames, and their boxes.

    Attributes
    ----------
    ids : tuple of str
        Of the key frames.
    frames : (F, S, S) uint8 | uint16 | float32
        Each frame once, however many clips show it.
    windows : (N, T) int64
        Which frames a clip is made of, the key frame last.
    boxes : (N, M, 4) float32
        Targets of the key frames in pixels of the letterboxed frame: x1, y1, x2, y2, ends
        exclusive; zeros beyond a clip's count.
    classes : (N, M) int64
    counts : (N,) int64
        Targets of each clip.
    letterboxes : tuple of Letterbox
        How each key frame was fitted.
    truth, truth_classes : tuple of (n, 4) float32, and of (n,) int64
        Boxes of the key frames in their own pixels, and classes, all of them.
    moments : (2,) float64
        Mean of the levels, and of their squares, in fractions of full scale, over the frames
        without what letterboxing added.
    """

    ids: tuple[str, ...]
    frames: NDArray[Any]
    windows: NDArray[np.int64]
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    counts: NDArray[np.int64]
    letterboxes: tuple[Letterbox, ...]
    truth: tuple[Boxes, ...]
    truth_classes: tuple[NDArray[np.int64], ...]
    moments: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def side(self) -> int:
        """S, in pixels."""
        return int(self.frames.shape[-1])

    def mean_and_deviation(self) -> tuple[float, float]:
        """Return mean and standard deviation of all levels, in fractions of full scale."""
        mean, square = self.moments.tolist()
        return mean, float(np.sqrt(max(square - mean * mean, 1e-12)))


def build_clips(
    source: Any,
    side: int,
    *,
    whole_boxes: bool = False,
    jobs: int = 1,
    progress: Progress | None = None,
) -> ClipStore:
    """Decode and letterbox every frame that a clip shows, once.

    Parameters
    ----------
    source : SequenceDataset or alike
        With `ids`, `window`, `read_frame` and `labels`.
    side : int
        Of the square that frames are fitted into, in pixels.
    whole_boxes : bool
        Boxes are cut to whole pixels and tiny ones dropped, as the published loaders do.
    jobs : int
        Processes that decode; the store is the same.
    progress : callable, optional
        Wraps the loop over the frames' numbers.

    Raises
    ------
    DatasetError
        If there is no clip.
    ImageError
        If a frame cannot be read, or holds levels that are not finite.
    """
    if len(source.ids) == 0:
        raise DatasetError("Expected at least one clip to train or to validate on, got none.")
    names = [source.window(key) for key in source.ids]
    places = {name: place for place, name in enumerate(dict.fromkeys(sum(names, ())))}
    frames, shapes, moments = _decoded(source, tuple(places), side, jobs, progress)
    keys = [shapes[places[key]] for key in source.ids]
    letterboxes = tuple(Letterbox.of(shape, side) for shape in keys)
    labels = [source.labels(key, with_mask=False) for key in source.ids]
    boxes, classes = zip(
        *(_fitted(one, box, whole_boxes) for one, box in zip(labels, letterboxes, strict=True)),
        strict=True,
    )
    return ClipStore(
        ids=tuple(source.ids),
        frames=frames,
        windows=np.array([[places[name] for name in window] for window in names], np.int64),
        boxes=_padded(boxes, np.float32),
        classes=_padded(classes, np.int64),
        counts=np.array([len(each) for each in boxes], np.int64),
        letterboxes=letterboxes,
        truth=tuple(one.boxes for one in labels),
        truth_classes=tuple(one.classes for one in labels),
        moments=moments,
    )


@dataclass(frozen=True, eq=False)
class _Fit:
    """Decodes and letterboxes the frames of a list by number."""

    source: Any
    names: tuple[str, ...]
    side: int

    def __call__(self, index: int) -> tuple[NDArray[Any], tuple[int, int], tuple[float, float]]:
        frame = self.source.read_frame(self.names[index])
        if frame.dtype == np.float32 and not np.isfinite(frame).all():
            raise ImageError(
                f"{self.names[index]}: expected finite grey levels, got some that are infinite "
                "or not a number. Replace them, or take the frame out of the dataset."
            )
        height, width = frame.shape
        levels = frame.astype(np.float64).reshape(-1) / full_scale(frame.dtype)
        moments = float(levels.mean()), float(levels @ levels) / levels.size
        return Letterbox.of(frame.shape, self.side).apply(frame), (height, width), moments


def _decoded(
    source: Any, names: tuple[str, ...], side: int, jobs: int, progress: Progress | None
) -> tuple[NDArray[Any], list[tuple[int, int]], NDArray[np.float64]]:
    """Return fitted frames (F, S, S) at one depth, the frames' own shapes, and moments."""
    numbers: Iterable[int] = range(len(names))
    ticks = iter(progress(numbers) if progress else numbers)
    frames: NDArray[Any] = np.zeros((0, side, side), np.uint8)
    shapes: list[tuple[int, int]] = []
    sums = np.zeros(2)
    fitted = run_in_order(_Fit(source, names, side), 0, len(names), jobs)
    for place, (frame, shape, moments) in enumerate(fitted):
        next(ticks, None)
        if place == 0:
            frames = np.zeros((len(names), side, side), frame.dtype)
        dtype = wider(frames.dtype, frame.dtype)
        if dtype != frames.dtype:
            frames = widen(frames, dtype)
        frames[place] = widen(frame, dtype)
        shapes.append(shape)
        sums += np.array(moments) * shape[0] * shape[1]
    next(ticks, None)  # lets a bar end
    return frames, shapes, sums / sum(height * width for height, width in shapes)


def _fitted(labels: Any, letterbox: Letterbox, whole: bool) -> tuple[Boxes, NDArray[np.int64]]:
    """Return a frame's boxes and classes where its letterboxed image has them."""
    if whole:
        boxes, kept = letterbox.published_boxes_in(labels.boxes)
        return boxes, labels.classes[kept]
    return letterbox.boxes_in(labels.boxes), labels.classes


def _padded(parts: Sequence[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    """Return arrays of several lengths in one, zeros beyond each one's end; at least one long."""
    most = max(1, *(len(part) for part in parts))
    padded = np.zeros((len(parts), most, *parts[0].shape[1:]), dtype)
    for place, part in enumerate(parts):
        padded[place, : len(part)] = part
    return padded
