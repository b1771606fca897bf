"""Sequences with noise of known parts, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class Labels:
    boxes: NDArray[np.float32]
    mask: NDArray[np.bool_] | None = None


class Stacks:
    """Frames in memory, read as a dataset of sequences is."""

    def __init__(
        self, stacks: Mapping[str, NDArray[Any]], boxes: Mapping[str, list[list[float]]] = {}
    ) -> None:
        self.stacks = stacks
        self.boxes = boxes
        self.sequences = {
            name: tuple(f"{name}/{number:06d}" for number in range(len(stack)))
            for name, stack in stacks.items()
        }

    def read_frame(self, frame_id: str) -> NDArray[Any]:
        name, _, number = frame_id.rpartition("/")
        return self.stacks[name][int(number)]

    def labels(self, frame_id: str) -> Labels:
        return Labels(np.array(self.boxes.get(frame_id, []), np.float32).reshape(-1, 4))


def noisy(
    rng: np.random.Generator,
    frames: int = 24,
    side: int = 96,
    white: float = 2.0,
    fixed: float = 1.0,
    stripes: float = 0.0,
) -> NDArray[np.float64]:
    """A flat scene at level 100 with white noise, a fixed pattern of pixels, and column stripes."""
    pattern = fixed * rng.standard_normal((side, side)) + stripes * rng.standard_normal(side)
    return 100 + pattern + white * rng.standard_normal((frames, side, side))
