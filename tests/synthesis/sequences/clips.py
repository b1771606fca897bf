"""Small sequences in memory, for tests of what is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.datasets import Splits
from sirst5k.datasets.sequences import FrameLabels, SequenceDataset, sequence_of
from sirst5k.synthesis import Recipe

SIZE = 56


def recipe(*assignments: str) -> Recipe:
    """The default recipe, with windows that fit small frames."""
    sets = ["variants=2", "sampling.size=16", "sampling.guard=2", "sampling.quantile=0.5"]
    return Recipe.load("sirst5k").override([*sets, *assignments])


class Scenes:
    """A source of frames: a level, noise, a pattern that stays, and targets that cross.

    Track 3 goes right and track 5 goes left along nearly one row, and they meet in the middle
    of the sequence; track 8 stands in a corner.
    """

    def __init__(
        self, depth: int = 8, masks: bool = True, tracks: bool = True, frames: int = 12
    ) -> None:
        self.depth, self.has_masks, self.tracks, self.frames = depth, masks, tracks, frames

    def read(self, frame_id: str) -> NDArray[Any]:
        sequence, time = sequence_of(frame_id), int(frame_id.rpartition("/")[2])
        pattern = np.random.default_rng(len(sequence)).normal(0, 1, (SIZE, SIZE))
        image = 100 + pattern + np.random.default_rng(time).normal(0, 2, (SIZE, SIZE))
        for x1, y1, x2, y2 in self._boxes(time):
            image[y1:y2, x1:x2] += 60
            image[y1, x1] += 40  # which tells its symmetries apart
        if self.depth == 8:
            return np.rint(np.minimum(image, 250)).astype(np.uint8)
        return (image / 255).astype(np.float32)

    def _boxes(self, time: int) -> list[tuple[int, int, int, int]]:
        step = 36 * time // self.frames
        x, across = 6 + step, SIZE - 8 - step
        return [(x, 20, x + 3, 22), (across, 21, across + 3, 24), (44, 44, 47, 47)]

    def labels(self, frame_id: str, with_mask: bool) -> FrameLabels:
        boxes = self._boxes(int(frame_id.rpartition("/")[2]))
        mask = None
        if with_mask and self.has_masks:
            mask = np.zeros((SIZE, SIZE), bool)
            for x1, y1, x2, y2 in boxes:
                mask[y1:y2, x1:x2] = True
        tracks = (3, 5, 8) if self.tracks else None
        return FrameLabels(np.array(boxes, np.float32), np.array([0, 1, 0]), tracks, mask)

    def shape(self, frame_id: str) -> tuple[int, int]:
        return SIZE, SIZE

    def file(self, frame_id: str) -> Path | None:
        return None

    def stamp(self, frame_id: str) -> str:
        return f"{self.depth} {self.has_masks} {self.tracks}"


def clips(
    names: tuple[str, ...] = ("a", "long/b"), keys_from: int = 2, **scenes: Any
) -> SequenceDataset:
    """Sequences of which the first frames are no key frames."""
    source = Scenes(**scenes)
    sequences = {
        name: [f"{name}/{time:06d}" for time in range(source.frames)] for name in (*names, "t")
    }
    keys = [frame for name in names for frame in sequences[name][keys_from:]]
    splits = Splits({"train": keys, "test": sequences["t"]})
    return SequenceDataset(source, sequences, keys, splits, "scenes", split="train")
