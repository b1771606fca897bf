"""Every batched transform by a short name, and a batch for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch_scenes import wild_batch

from sirst5k import NoiseBank, Recipe
from sirst5k.transforms.torch import (
    ClutterDecoys,
    NegativeRotation,
    NoiseDisplacement,
    OneOf,
    TargetPaste,
    from_recipe,
)

RNG = np.random.default_rng(0)
BANK = NoiseBank.from_windows(RNG.normal(120, 2, (24, 16, 16)).round().astype(np.uint8))
EVERYTHING = Recipe.load("sirst5k").override(["paste={}", "decoys={}"])

MAKERS: dict[str, Callable[..., torch.nn.Module]] = {
    "turn": lambda **k: NegativeRotation(**k),
    "patch": lambda **k: NegativeRotation("patch", patch_sizes=(3, 9), **k),
    "canvas": lambda **k: NoiseDisplacement(BANK, **k),
    "fresh": lambda **k: NoiseDisplacement(BANK, canvas=0, **k),
    "tile": lambda **k: NoiseDisplacement(BANK, field="tile", canvas=0, **k),
    "scr": lambda **k: NoiseDisplacement(BANK, scr_range=(2.0, 8.0), **k),
    "mixup": lambda **k: NoiseDisplacement(BANK, "mixup", **k),
    "paste": lambda **k: TargetPaste(**k),
    "decoys": lambda **k: ClutterDecoys(**k),
    "all": lambda **k: from_recipe(EVERYTHING, BANK, **k),
    "one": lambda **k: OneOf([NegativeRotation(p=0.7), ClutterDecoys(p=0.3)], **k),
}


def batch(count: int = 6, dtype=np.uint8, seed: int = 0):
    images, masks = wild_batch(seed, count, (64, 56), dtype)
    return torch.from_numpy(images)[:, None], torch.from_numpy(masks)[:, None]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
