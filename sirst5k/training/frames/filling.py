"""Frames into flat buffers, at a depth that holds all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from sirst5k.training.frames.buffers import Buffer
from sirst5k.training.frames.decoding import Decoded
from sirst5k.training.frames.depth import widen, wider
from sirst5k.training.frames.store import FrameTable


class GrowingTable:
    """A `FrameTable` that grows frame by frame."""

    def __init__(self) -> None:
        self._rows: list[Decoded] = []

    def add(self, decoded: Decoded) -> None:
        """Add a frame, without its pixels."""
        self._rows.append(replace(decoded, image=None, mask=None))

    def finish(self) -> FrameTable:
        """Return the table of at least one frame."""
        dtype = self._rows[0].dtype
        for row in self._rows:
            dtype = wider(dtype, row.dtype)
        return FrameTable(
            ids=[row.id for row in self._rows],
            parents=[row.parent for row in self._rows],
            shapes=np.array([row.shape for row in self._rows], np.int64),
            boxes=[row.boxes for row in self._rows],
            moments=np.array([row.moments for row in self._rows], np.float64),
            dtype=dtype,
        )


def fill_buffers(
    frames: Iterable[Decoded], make: Callable[[str, np.dtype[Any]], Buffer]
) -> FrameTable:
    """Put frames into buffers that `make` makes for ``images`` and ``masks``."""
    table = GrowingTable()
    masks = make("masks", np.dtype(np.uint8))
    images: Buffer | None = None
    for frame in frames:
        assert frame.image is not None
        assert frame.mask is not None
        table.add(frame)
        images = images or make("images", frame.dtype)
        if (dtype := wider(images.dtype, frame.dtype)) != images.dtype:
            images.widen(dtype)
        images.append(widen(frame.image, dtype))
        masks.append(frame.mask.view(np.uint8))
    return table.finish()
