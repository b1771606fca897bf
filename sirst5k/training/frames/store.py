"""Decoded frames of any sizes in one flat buffer, and what is known of them without pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.sample import Mask, full_scale

Boxes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FrameTable:
    """What is known of N frames beside their pixels.

    Attributes
    ----------
    ids : list of str
        Names of the frames.
    parents : list of str
        Of each frame the image that it was made of, or its own name.
    shapes : (N, 2) int64
        Height and width in pixels.
    boxes : list of (n, 4) int64
        Of each frame the boxes of its targets: top, left, bottom, right, half-open.
    moments : (N, 2) float64
        Of each frame the mean of its levels and of their squares, in fractions of full scale.
    dtype : dtype
        Depth that holds all frames: uint8, uint16 or float32.
    """

    ids: list[str]
    parents: list[str]
    shapes: NDArray[np.int64]
    boxes: list[Boxes]
    moments: NDArray[np.float64]
    dtype: np.dtype[Any]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def full_scale(self) -> float:
        """The largest level: 255, 65535, or 1.0 for floats."""
        return full_scale(self.dtype)

    @property
    def pixels(self) -> int:
        """Number of pixels of all frames."""
        return int(self.shapes.prod(axis=1).sum())

    @property
    def nbytes(self) -> int:
        """Bytes that images and masks of all frames take when decoded."""
        return self.pixels * (self.dtype.itemsize + 1)

    def mean_and_deviation(self) -> tuple[float, float]:
        """Return mean and standard deviation of all pixels, in fractions of full scale."""
        weights = self.shapes.prod(axis=1) / self.pixels
        mean, square = (weights @ self.moments).tolist()
        return mean, float(np.sqrt(max(square - mean * mean, 1e-12)))


@dataclass(frozen=True, eq=False)
class FrameStore(FrameTable):
    """N decoded frames of any sizes, row after row and frame after frame.

    The buffers may be a mapped file: then only what is read comes into memory, and several
    processes share it.

    Attributes
    ----------
    offsets : (N,) int64
        Where in the buffers each frame begins.
    images : (P,) uint8 | uint16 | float32
        Levels of all frames, at one depth.
    masks : (P,) uint8
        0 and 1.
    """

    offsets: NDArray[np.int64]
    images: NDArray[Any]
    masks: NDArray[np.uint8]

    def sample(self, index: int) -> tuple[NDArray[Any], Mask]:
        """Return image and mask of a frame, as views into the buffers.

        Returns
        -------
        image : (H, W) uint8 | uint16 | float32
        mask : (H, W) bool
        """
        height, width = (int(n) for n in self.shapes[index])
        start = int(self.offsets[index])
        part = slice(start, start + height * width)
        image = self.images[part].reshape(height, width)
        return image, self.masks[part].reshape(height, width).view(np.bool_)

    def __getstate__(self) -> dict[str, Any]:
        # A worker process maps the file anew: numpy would send it all of the file's content.
        return {
            name: _Mapped.of(value) if isinstance(value, np.memmap) else value
            for name, value in vars(self).items()
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            vars(self)[name] = value.open() if isinstance(value, _Mapped) else value

    def subset(self, indices: Sequence[int] | NDArray[np.integer]) -> FrameStore:
        """Return a store of only these frames, in this order; the buffers are shared."""
        chosen = [int(index) for index in indices]
        return FrameStore(
            ids=[self.ids[index] for index in chosen],
            parents=[self.parents[index] for index in chosen],
            shapes=self.shapes[chosen],
            boxes=[self.boxes[index] for index in chosen],
            moments=self.moments[chosen],
            dtype=self.dtype,
            offsets=self.offsets[chosen],
            images=self.images,
            masks=self.masks,
        )


@dataclass(frozen=True)
class _Mapped:
    """Where the levels of a mapped buffer lie."""

    path: str
    dtype: str
    offset: int
    count: int

    @classmethod
    def of(cls, levels: np.memmap[Any, Any]) -> _Mapped:
        return cls(str(levels.filename), levels.dtype.name, int(levels.offset), len(levels))

    def open(self) -> NDArray[Any]:
        levels: NDArray[Any] = np.memmap(self.path, self.dtype, "r", self.offset, (self.count,))
        return levels


def offsets_of(shapes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where frames of these (N, 2) shapes begin in a flat buffer: (N,)."""
    ends: NDArray[np.int64] = np.cumsum(shapes.prod(axis=1))
    return np.concatenate([np.zeros(1, np.int64), ends[:-1]])
