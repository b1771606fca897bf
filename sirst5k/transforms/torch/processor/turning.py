"""Turning windows of a batch in no more time than their pixels take."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sirst5k.negatives import apply_symmetry
from sirst5k.negatives.seam import _feather
from sirst5k.transforms.torch.batch import is_whole
from sirst5k.transforms.torch.processor.adding import DTYPES
from sirst5k.transforms.torch.processor.compiled import kernels
from sirst5k.transforms.torch.turn_kernel import fall_table, mix_levels

Ints = NDArray[np.int64]

_OF_SIZE = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


class Pass(NamedTuple):
    """Windows that are turned at once, none of which overlaps another.

    Attributes
    ----------
    sample, corner, area : (N,) int64
        Whose a window is, where in a plane it begins, and of how many pixels it is.
    target, source : (S,) int32
        Where a pixel is, and where its new grey level comes from, counted from the corner; one
        window after the other.
    weight : (S,) float32
        How much of it is new.
    """

    sample: Ints
    corner: Ints
    area: Ints
    target: NDArray[np.int32]
    source: NDArray[np.int32]
    weight: NDArray[np.float32]


def turn_windows(
    kinds: list[tuple[Tensor, bool]], window: Ints, symmetry: Ints, margin: Ints, layer: Ints
) -> list[Tensor]:
    """Return planes of images and masks with their windows turned, feathered or not.

    Parameters
    ----------
    kinds : list of (tensor, bool)
        ``(B, Q, H, W)`` planes in memory, and whether seams are feathered.
    window, symmetry, margin, layer
        As `make_slots` takes them.
    """
    compiled, turned = kernels("turning"), []
    passes: list[Pass] | None = None
    for planes, blend in kinds:
        own = planes.clone(memory_format=torch.contiguous_format)
        if compiled and (not blend or planes.dtype in DTYPES):
            margins = margin if blend else np.zeros_like(margin)
            falls = _falls(int(margins.max(initial=0)))
            whole = is_whole(planes.dtype)
            compiled.turn(_as_array(own, blend), window, symmetry, margins, layer, falls, whole)
        else:
            passes = passes or lay_out(window, symmetry, margin, layer, planes.shape[-1])
            turn_in_place(own, passes, blend)
        turned.append(own)
    return turned


_falls = lru_cache(maxsize=8)(fall_table)


def _as_array(planes: Tensor, blend: bool) -> NDArray[Any]:
    """Return planes as they are to be blended, or, to be moved only, as numbers of their size."""
    size = planes.element_size()
    array: NDArray[Any] = (planes if blend else planes.view(_OF_SIZE[size])).numpy()
    return array if blend else array.view(f"u{size}")


def lay_out(window: Ints, symmetry: Ints, margin: Ints, layer: Ints, width: int) -> list[Pass]:
    """Return the pixels of all windows, pass by pass; takes what `make_slots` takes."""
    passes = []
    for number in range(int(layer.max(initial=-1)) + 1):
        chosen = (layer == number).nonzero()
        top, left, tall, wide = window[chosen].T
        kinds = (part.tolist() for part in (tall, wide, symmetry[chosen], margin[chosen]))
        laid = [_pixels(*kind, width) for kind in zip(*kinds, strict=True)]
        parts = (np.concatenate(part) for part in zip(*laid, strict=True))
        passes.append(Pass(chosen[0], top * width + left, tall * wide, *parts))
    return passes


def turn_in_place(planes: Tensor, passes: list[Pass], blend: bool) -> None:
    """Do what `turn_planes` does, in contiguous ``(B, Q, H, W)`` planes in memory; see there."""
    dtype, (_, each, tall, wide) = planes.dtype, planes.shape
    moved = planes.view(torch.int16) if dtype == torch.uint16 else planes
    flat = moved.view(-1)
    for one in passes:
        first = (one.sample * (each * tall * wide) + one.corner).repeat(one.area)
        if each > 1:
            first = first + np.arange(each)[:, None] * (tall * wide)
        place = torch.from_numpy((first + one.target).reshape(-1))
        pixels = flat.index_select(0, torch.from_numpy((first + one.source).reshape(-1)))
        if blend:
            weight = torch.from_numpy(one.weight).repeat(each)
            pixels = mix_levels(flat.index_select(0, place), pixels, weight, dtype)
        flat.scatter_(0, place, pixels)


@lru_cache(maxsize=1024)
def _pixels(
    tall: int, wide: int, symmetry: int, margin: int, width: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Return a window's pixels, where they come from, and how much of them is new.

    Windows have few sizes: those of the last batches have most of the next one's.
    """
    y, x = (np.arange(length, dtype=np.int32) for length in (tall, wide))
    grid: NDArray[np.int32] = y[:, None] * np.int32(width) + x
    weight = _feather(tall, wide, margin)[0] if margin else np.ones(grid.shape, np.float32)
    return grid.ravel(), apply_symmetry(grid, symmetry).ravel(), weight.ravel()
