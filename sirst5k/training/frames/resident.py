"""Frames that stay where the batches are made: in the memory of the device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from sirst5k.training.frames.batch import (
    FrameBatch,
    Indices,
    as_fractions,
    as_tensor,
    pad_frames,
    padded_sides,
    send,
)
from sirst5k.training.frames.store import FrameStore

if TYPE_CHECKING:
    from torch import Tensor

_CHUNK = 1 << 24  # levels that are copied to the device at a time


class ResidentFrames:
    """All frames of a store on one device, at their own depth.

    On a GPU a batch is one gather out of the flat buffers; nothing waits for the device.
    On the CPU the store's own buffers are used, also where they are a mapped file.

    Parameters
    ----------
    store : FrameStore
    device : torch.device or str
    """

    reason = "asked for"

    def __init__(self, store: FrameStore, device: Any) -> None:
        import torch

        self.table = self.store = store
        self.device = torch.device(device)
        self._buffers = None if self.device.type == "cpu" else DeviceBuffers(store, self.device)

    def batch(self, indices: Indices) -> FrameBatch:
        """Return the frames of these numbers, in this order, as a padded batch."""
        chosen = np.asarray(indices, np.int64)
        if self._buffers is not None:
            return self._buffers.batch(chosen)
        frames = [self.store.sample(int(index)) for index in chosen]
        return from_host(pad_frames(frames, chosen, self.store.dtype), self.device)

    def stream(self, batches: Iterable[Indices]) -> Iterator[FrameBatch]:
        """Yield the batch of every list of numbers."""
        return map(self.batch, batches)

    def follow(self, batches: Iterable[Indices]) -> None:
        """Take note of the batches to come; nothing is gained by it here."""


class DeviceBuffers:
    """The flat buffers of a store on a device.

    Parameters
    ----------
    store : FrameStore
    device : torch.device
    """

    def __init__(self, store: FrameStore, device: Any) -> None:
        self.store = store
        self.device = device
        self._images = _copied(store.images, device)
        self._masks = _copied(store.masks, device)

    def batch(self, chosen: np.ndarray[Any, np.dtype[np.int64]]) -> FrameBatch:
        """Return the frames of these numbers, in this order, as a padded batch."""
        import torch

        shapes = self.store.shapes[chosen]
        height, width = padded_sides(shapes)
        # One transfer for all that the device must know.
        known = np.column_stack([shapes, self.store.offsets[chosen], chosen])
        sizes, offsets, indices = send(known, self.device).split([2, 1, 1], dim=1)
        rows = torch.arange(height, device=self.device)[None, :, None]
        columns = torch.arange(width, device=self.device)[None, None, :]
        own_height, own_width = sizes[:, 0, None, None], sizes[:, 1, None, None]
        inside = (rows < own_height) & (columns < own_width)
        place = offsets[:, :, None] + rows * own_width + columns
        place = torch.where(inside, place, 0)
        levels = torch.where(inside, self._images[place], 0)
        return FrameBatch(
            images=as_fractions(levels, self.store.dtype),
            masks=torch.where(inside, self._masks[place], 0),
            sizes=sizes,
            indices=indices[:, 0],
        )


def from_host(host: Any, device: Any) -> FrameBatch:
    """Return a `HostBatch` on a device."""
    return FrameBatch(
        images=as_fractions(send(host.images, device), host.images.dtype),
        masks=send(host.masks, device),
        sizes=send(host.sizes, device),
        indices=send(host.indices, device),
    )


def _copied(array: Any, device: Any) -> Tensor:
    """Copy a flat array part by part: a mapped file need not fit into memory."""
    import torch

    kind = as_tensor(np.empty(0, array.dtype)).dtype
    tensor = torch.empty(len(array), dtype=kind, device=device)
    for start in range(0, len(array), _CHUNK):
        part = np.array(array[start : start + _CHUNK])
        tensor[start : start + len(part)] = as_tensor(part).to(device)
    return tensor
