"""Addressed random numbers, one after the other; see `sirst5k.transforms.torch.randomness`."""

from __future__ import annotations

from typing import Any

import numpy as np

from sirst5k.transforms.torch import randomness
from sirst5k.transforms.torch.processor.compiled.decorating import compiled

_ODD = randomness._ODD
_mix = compiled(randomness.mix)


@compiled
def derive_many(seeds: Any, count: int, first: int) -> Any:
    """Return ``(B, count)`` numbers of 64 bits that follow from ``(B,)`` seeds and their places."""
    derived = np.empty((len(seeds), count), np.int64)
    for sample in range(len(seeds)):
        for place in range(count):
            derived[sample, place] = _mix(seeds[sample] + _ODD * (first + place + 1))
    return derived


@compiled
def uniform(seeds: Any, count: int, first: int) -> Any:
    """Return them as numbers in [0, 1), ``(B, count)`` float32."""
    drawn = np.empty((len(seeds), count), np.float32)
    for sample in range(len(seeds)):
        for place in range(count):
            bits = _mix(seeds[sample] + _ODD * (first + place + 1))
            drawn[sample, place] = np.float32(bits >> 40 & 0xFFFFFF) * np.float32(2.0**-24)
    return drawn
