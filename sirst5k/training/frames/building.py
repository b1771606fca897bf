"""Decoding every sample once, into a frame store in memory or in a file that is kept."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sirst5k.errors import DatasetError, Sirst5kWarning
from sirst5k.sample import Sample
from sirst5k.synthesis.executor import run_in_order
from sirst5k.training.frames.buffers import Buffer, MemoryBuffer
from sirst5k.training.frames.cache import CacheError, key_of, open_or_write
from sirst5k.training.frames.decoding import Decode, Decoded
from sirst5k.training.frames.filling import GrowingTable, fill_buffers
from sirst5k.training.frames.store import FrameStore, FrameTable, offsets_of

Progress = Callable[[Iterable[int]], Iterable[int]]


def build_store(
    samples: Sequence[Sample],
    *,
    jobs: int = 1,
    progress: Progress | None = None,
    cache: Path | None = None,
    fingerprint: str = "",
    parents: Mapping[str, str] | None = None,
) -> FrameStore:
    """Decode all samples once.

    Without a cache the frames are held in memory and nothing is written. With one they lie
    in the file ``<cache>/<first 16 letters of the fingerprint>.frames``, mapped into memory;
    building it takes no more memory than a few frames a process, opening it again decodes
    nothing. A file that is damaged, or whose samples were changed since, is built anew.

    Parameters
    ----------
    samples : sequence of Sample
        A `Dataset`, a `SyntheticDataset`, or anything alike. Depths may be mixed: 8 bits
        become 16, whole numbers float fractions, each exactly as many as there must be.
    jobs : int
        Processes that decode; -1 takes every core. The store is the same.
    progress : callable, optional
        Wraps the loop over the samples' numbers, as `tqdm.tqdm` does.
    cache : Path, optional
        Folder of the file; made if it is missing. Where it cannot be written to, the frames
        are held in memory, with a warning.
    fingerprint : str
        What names the samples' content; a dataset's own by default.
    parents : mapping of str to str, optional
        Id -> the image that it was made of, for samples that do not say so themselves.

    Raises
    ------
    DatasetError
        If there is no sample, or one cannot be read.
    ParameterError
        If there is a cache but no fingerprint.
    """
    _check(samples)
    frames = partial(_decoded, samples, jobs, progress)
    if cache is None:
        store = _build_in_memory(frames())
    else:
        store = _kept(frames, Path(cache), key_of(samples, fingerprint))
    if parents is None:
        return store
    known = [parents.get(name, own) for name, own in zip(store.ids, store.parents, strict=True)]
    return replace(store, parents=known)


def scan_samples(
    samples: Sequence[Sample], *, jobs: int = 1, progress: Progress | None = None
) -> FrameTable:
    """Look at all samples once and keep what is known beside the pixels.

    What `StreamedFrames` needs to hand out samples that are computed anew each time. The
    parameters are those of `build_store`.
    """
    _check(samples)
    table = GrowingTable()
    for decoded in _decoded(samples, jobs, progress, with_pixels=False):
        table.add(decoded)
    return table.finish()


def _check(samples: Sequence[Sample]) -> None:
    if len(samples) == 0:
        raise DatasetError("Expected at least one sample to decode, got none.")


def _decoded(
    samples: Sequence[Sample], jobs: int, progress: Progress | None, with_pixels: bool = True
) -> Iterator[Decoded]:
    numbers: Iterable[int] = range(len(samples))
    ticks = iter(progress(numbers) if progress else numbers)
    for decoded in run_in_order(Decode(samples, with_pixels), 0, len(samples), jobs):
        next(ticks, None)
        yield decoded
    next(ticks, None)  # lets a bar end


def _build_in_memory(frames: Iterable[Decoded]) -> FrameStore:
    buffers: dict[str, MemoryBuffer] = {}

    def make(name: str, dtype: np.dtype[Any]) -> Buffer:
        return buffers.setdefault(name, MemoryBuffer(dtype))

    table = fill_buffers(frames, make)
    return FrameStore(
        **vars(table),
        offsets=offsets_of(table.shapes),
        images=buffers["images"].finish(),
        masks=buffers["masks"].finish(),
    )


def _kept(
    frames: Callable[[], Iterable[Decoded]], folder: Path, key: Mapping[str, str]
) -> FrameStore:
    try:
        return open_or_write(folder, key, frames)
    except CacheError as error:
        warnings.warn(
            f"Expected to keep decoded frames in {folder}, but cannot: {error}. They are held "
            "in memory instead; make room there, or name another folder.",
            Sirst5kWarning,
            stacklevel=3,
        )
    return _build_in_memory(frames())
