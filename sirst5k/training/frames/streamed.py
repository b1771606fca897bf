"""Frames that do not fit on the device: read, or computed, batch by batch."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sirst5k.errors import Sirst5kError
from sirst5k.sample import Sample
from sirst5k.training.frames.batch import (
    FrameBatch,
    HostBatch,
    Indices,
    as_fractions,
    as_tensor,
    pad_frames,
    to_device,
)
from sirst5k.training.frames.building import scan_samples
from sirst5k.training.frames.depth import widen
from sirst5k.training.frames.store import FrameStore, FrameTable

if TYPE_CHECKING:
    from torch import Tensor


class StreamedFrames:
    """Frames that a `torch.utils.data.DataLoader` brings to the device, ahead of time.

    Parameters
    ----------
    source : FrameStore or sequence of Sample
        Where frames come from. Samples, such as a `SyntheticDataset`, are computed anew each
        time they are needed, and neither stored nor held.
    device : torch.device or str
    workers : int
        Processes that read or compute; 0 does it in this one, when a batch is asked for.
    table : FrameTable, optional
        What is known of samples; by default they are looked through once, now.
    """

    reason = "asked for"

    def __init__(
        self,
        source: FrameStore | Sequence[Sample],
        device: Any,
        workers: int = 2,
        table: FrameTable | None = None,
    ) -> None:
        import torch

        self.device = torch.device(device)
        self.workers = workers
        self.table = table or (source if isinstance(source, FrameStore) else scan_samples(source))
        self._fetch = _Fetch(source, self.table.dtype)
        self._announced: deque[Any] = deque()
        self._ahead: Iterator[FrameBatch] | None = None

    def batch(self, indices: Indices) -> FrameBatch:
        """Return the frames of these numbers, in this order, as a padded batch.

        It is ready where `follow` was told of it, and else made now.
        """
        chosen = np.asarray(indices, np.int64)
        if self._ahead is not None:
            batch = next(self._ahead, None)
            if batch is not None and np.array_equal(self._announced.popleft(), chosen):
                return batch
            self._ahead = None  # the caller goes other ways
        return self._on_device(_tensors(self._fetch[chosen]))

    def stream(self, batches: Iterable[Indices]) -> Iterator[FrameBatch]:
        """Yield the batch of every list of numbers, prepared by the workers in this order.

        Parameters
        ----------
        batches : iterable of int sequences
            May be endless; it is read a few batches ahead.
        """
        import torch
        from torch.utils.data import DataLoader

        loader = DataLoader(
            self._fetch,
            sampler=(np.asarray(indices, np.int64) for indices in batches),
            batch_size=None,
            collate_fn=_tensors,
            num_workers=self.workers,
            pin_memory=self.device.type == "cuda",
            generator=torch.Generator(),  # else it would draw from everybody's
        )
        for fetched in loader:
            yield self._on_device(fetched)

    def follow(self, batches: Iterable[Indices]) -> None:
        """Prepare batches ahead of the calls of `batch` that will ask for them in this order."""
        self._announced.clear()

        def noted() -> Iterator[Any]:
            for indices in batches:
                self._announced.append(np.asarray(indices, np.int64))
                yield self._announced[-1]

        self._ahead = self.stream(noted())

    def _on_device(self, fetched: list[Tensor] | Sirst5kError) -> FrameBatch:
        if isinstance(fetched, Sirst5kError):
            raise fetched
        images, masks, sizes, indices = (to_device(part, self.device) for part in fetched)
        return FrameBatch(as_fractions(images, self.table.dtype), masks, sizes, indices)


class _Fetch:
    """A map from a batch's numbers to its frames, as a `DataLoader` wants it."""

    def __init__(self, source: FrameStore | Sequence[Sample], dtype: np.dtype[Any]) -> None:
        self.source = source
        self.dtype = dtype

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, indices: Any) -> HostBatch | Sirst5kError:
        """Return the batch, or what is wrong with it: a worker would bury the sentence."""
        try:
            frames = [self._frame(int(index)) for index in indices]
        except Sirst5kError as error:
            return error
        return pad_frames(frames, indices, self.dtype)

    def _frame(self, index: int) -> tuple[Any, Any]:
        if isinstance(self.source, FrameStore):
            return self.source.sample(index)
        sample = self.source[index]
        return widen(sample.image, self.dtype), sample.mask


def _tensors(host: HostBatch | Sirst5kError) -> list[Tensor] | Sirst5kError:
    if isinstance(host, Sirst5kError):
        return host
    return [as_tensor(part) for part in (host.images, host.masks, host.sizes, host.indices)]
