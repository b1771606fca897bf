"""Scenes, banks and one of every transform, for the tests of `sirst5k.transforms`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k import NoiseBank
from sirst5k.transforms import (
    ClutterDecoys,
    Compose,
    NegativeRotation,
    NoiseDisplacement,
    OneOf,
    TargetPaste,
    Transform,
)

WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0}


@cache
def make_bank(level: float = 2.0, seed: int = 0) -> NoiseBank:
    """Return a bank of smooth-ish 8-bit noise."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, level, (24, 33, 33))
    noise = (noise[:, 1:, 1:] + noise[:, :-1, 1:] + noise[:, 1:, :-1]) / np.sqrt(3)
    return NoiseBank.from_windows((100 + noise).round().astype(np.uint8))


def make_frame(
    shape: tuple[int, int] = (72, 96), dtype: str = "uint8", targets: int = 2, seed: int = 0
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return a frame with so many targets of odd forms, as far as they fit; both read-only."""
    rng = np.random.default_rng(seed)
    height, width = shape
    level = 0.35 + rng.normal(0, 0.012, shape) + np.linspace(0, 0.1, width)
    mask = np.zeros(shape, dtype=bool)
    spots = [(height // 4, width // 3), (3 * height // 4, 2 * width // 3), (height // 4, width - 9)]
    for y, x in spots[:targets]:
        mask[y : y + 2, x : x + 4] = True
        mask[y + 2 : y + 3, x : x + 1] = True
    level[mask] += 0.3
    level = np.clip(level, 0, 1)
    white = WHITE[dtype]
    image = level.astype(np.float32) if dtype == "float32" else np.rint(level * white).astype(dtype)
    image.flags.writeable = mask.flags.writeable = False
    return image, mask


MAKERS: dict[str, Callable[[float], Transform]] = {
    "residual": lambda p: NoiseDisplacement(make_bank(), canvas=2, p=p),
    "residual-fresh": lambda p: NoiseDisplacement(
        make_bank(), signal_dependence=0.5, scr_range=(3, 5), canvas=0, p=p
    ),
    "residual-grown": lambda p: NoiseDisplacement(
        make_bank(), field="tile", signal_dependence=0.5, scr_range=(3, 5), canvas=2, p=p
    ),
    "mixup": lambda p: NoiseDisplacement(make_bank(), "mixup", weights=(0.1, 0.3), p=p),
    "mixup-canvas": lambda p: NoiseDisplacement(
        make_bank(), "mixup", "spectral", weight_range=(0.1, 0.5), canvas=2, p=p
    ),
    "adaptive": lambda p: NegativeRotation(p=p),
    "hard": lambda p: NegativeRotation(symmetries=(1, 6), margin=2, seam="hard", p=p),
    "patch": lambda p: NegativeRotation("patch", patch_sizes=(3, 7), p=p),
    "paste": lambda p: TargetPaste(count_range=(1, 3), guard=2, max_stretch=100.0, p=p),
    "decoys": lambda p: ClutterDecoys(count_range=(1, 3), guard=1, p=p),
    "compose": lambda p: Compose(
        [
            NegativeRotation(p=0.7),
            TargetPaste(p=0.7, guard=1),
            Compose([ClutterDecoys(p=0.7)]),
            NoiseDisplacement(make_bank(), canvas=2, p=0.7),
        ],
        p=p,
    ),
    "one-of": lambda p: OneOf(
        [NegativeRotation(p=0.2), OneOf([ClutterDecoys(count_range=(1, 1)), TargetPaste()])], p=p
    ),
}
"""Every transform, with the parameters that matter to how it works; of a probability."""
