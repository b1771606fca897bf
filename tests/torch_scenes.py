"""Batches for the tests of the torch transforms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sirst5k import open_dataset
from sirst5k.synthesis.virtual import resize_sample


def wild_scene(rng: np.random.Generator, shape: tuple[int, int], dtype: Any) -> Any:
    """A random image with up to six blobs, dense enough to touch borders and each other."""
    mask = np.zeros(shape, bool)
    for _ in range(rng.integers(0, 7)):
        y, x = rng.integers(shape[0]), rng.integers(shape[1])
        mask[y : y + rng.integers(1, 8), x : x + rng.integers(1, 8)] = True
    if rng.random() < 0.5:
        mask &= rng.random(shape) < 0.8
    image = rng.random(shape)
    if np.dtype(dtype).kind == "u":
        image = image * np.iinfo(dtype).max
    return image.astype(dtype), mask


def wild_batch(seed: int, count: int, shape: tuple[int, int], dtype: Any = np.uint8) -> Any:
    """Stacks of such images (B, H, W) and masks."""
    rng = np.random.default_rng(seed)
    scenes = [wild_scene(rng, shape, dtype) for _ in range(count)]
    return np.stack([image for image, _ in scenes]), np.stack([mask for _, mask in scenes])


def real_batch(shared: Path, split: str = "trainval", step: int = 1) -> Any:
    """Stacks of real images at 256×256 and their masks."""
    data = open_dataset(shared / "data" / "sirst-v1", split)
    samples = [resize_sample(data[place], 256) for place in range(0, len(data), step)]
    return np.stack([s.image for s in samples]), np.stack([s.mask for s in samples])
