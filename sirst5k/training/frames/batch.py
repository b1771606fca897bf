"""A batch of frames of several sizes, padded to one, on its way to a device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.sample import full_scale

if TYPE_CHECKING:
    from torch import Tensor

Indices = Sequence[int] | NDArray[np.integer[Any]]
_STEP = 32  # padded sides are multiples of it: few different shapes, little waste


@dataclass(frozen=True, eq=False)
class FrameBatch:
    """B frames, each in the top left corner of a field that holds the largest of them.

    Attributes
    ----------
    images : (B, H, W) float32
        Fractions of full scale; 0 beyond a frame's own size.
    masks : (B, H, W) uint8
        0 and 1; 0 beyond a frame's own size.
    sizes : (B, 2) int64
        Height and width of each frame.
    indices : (B,) int64
        Which frames of the store they are.
    """

    images: Tensor
    masks: Tensor
    sizes: Tensor
    indices: Tensor

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, eq=False)
class HostBatch:
    """The same as arrays, images at the store's own depth."""

    images: NDArray[Any]
    masks: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    indices: NDArray[np.int64]


def padded_sides(shapes: NDArray[np.int64]) -> tuple[int, int]:
    """Return height and width of a field that holds frames of these (B, 2) shapes."""
    height, width = (-(-int(side) // _STEP) * _STEP for side in shapes.max(axis=0))
    return height, width


def pad_frames(
    frames: Sequence[tuple[NDArray[Any], NDArray[np.bool_]]],
    indices: Indices,
    dtype: np.dtype[Any],
) -> HostBatch:
    """Put frames, given as (image, mask) of the dtype, into one padded batch."""
    sizes = np.array([image.shape for image, _ in frames], np.int64)
    field = (len(frames), *padded_sides(sizes))
    images, masks = np.zeros(field, dtype), np.zeros(field, np.uint8)
    for place, (image, mask) in enumerate(frames):
        height, width = image.shape
        images[place, :height, :width] = image
        masks[place, :height, :width] = mask.view(np.uint8)
    # A copy: torch wants arrays that may be written to.
    return HostBatch(images, masks, sizes, np.array(indices, np.int64))


def as_tensor(array: NDArray[Any]) -> Tensor:
    """Return an array as a tensor of the same bytes; uint16, which torch hardly knows, as int16."""
    import torch

    return torch.from_numpy(array.view(np.int16) if array.dtype == np.uint16 else array)


def as_fractions(levels: Tensor, dtype: np.dtype[Any]) -> Tensor:
    """Return levels as float32 fractions of full scale.

    Parameters
    ----------
    levels : tensor
        As `as_tensor` made it.
    dtype : dtype
        What the array was.
    """
    if dtype == np.float32:
        return levels
    if dtype == np.uint16:
        levels = levels.int() & 0xFFFF
    return levels.float().div_(full_scale(dtype))


def send(array: NDArray[Any], device: Any) -> Tensor:
    """Copy a small array to a device, without waiting for it."""
    return to_device(as_tensor(array), device)


def to_device(tensor: Tensor, device: Any) -> Tensor:
    """Copy a tensor of the host to a device, without waiting for it."""
    if device.type == "cpu":
        return tensor
    if device.type == "cuda" and not tensor.is_pinned():
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)
