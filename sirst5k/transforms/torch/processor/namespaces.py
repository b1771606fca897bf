"""What numpy and torch name differently, for rules that are written once for both."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

Array = Any
"""A numpy array, or a tensor."""


def namespace(values: Array) -> Any:
    """Return the module whose functions take such values."""
    return np if isinstance(values, np.ndarray) else torch


def count_up(length: int, like: Array) -> Array:
    """Return 0, 1, … ``length - 1`` beside other values."""
    if isinstance(like, np.ndarray):
        return np.arange(length)
    return torch.arange(length, device=like.device)


def exact(values: Array) -> Array:
    """Return whole numbers as floats to round: of 64 bits, which only Apple's devices lack."""
    if isinstance(values, np.ndarray):
        return values.astype(np.float64)
    return values.to(torch.float32 if values.device.type == "mps" else torch.float64)


def whole(values: Array) -> Array:
    """Return whole numbers as such; on a device of 32 bits, half of what 64 would move."""
    return values.astype(np.int64) if isinstance(values, np.ndarray) else values.to(torch.int32)


def integers(values: Array) -> Array:
    """Return whole numbers as such, of 64 bits on any device."""
    return values.astype(np.int64) if isinstance(values, np.ndarray) else values.to(torch.int64)


def single(values: Array) -> Array:
    """Return numbers as floats of 32 bits."""
    if isinstance(values, np.ndarray):
        return values.astype(np.float32)
    return values.to(torch.float32)
