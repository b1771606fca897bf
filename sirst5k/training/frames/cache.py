"""A folder of frame stores, each in a file that is named after what it was made from."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sirst5k.datasets import Dataset
from sirst5k.errors import ParameterError, Sirst5kError
from sirst5k.sample import Sample
from sirst5k.synthesis.flock import try_lock
from sirst5k.training.frames.buffers import Buffer, FileBuffer
from sirst5k.training.frames.decoding import Decoded
from sirst5k.training.frames.file import DamagedError, read_store, write_store
from sirst5k.training.frames.filling import fill_buffers
from sirst5k.training.frames.store import FrameStore

_WAIT = 0.1  # seconds between two looks at what another process builds


class CacheError(Exception):
    """The cache folder cannot be used."""


def key_of(samples: Sequence[Sample], fingerprint: str) -> dict[str, str]:
    """Return what a store's file must have been made from to be used for samples.

    The fingerprint, and for files when they were last changed and how masks are read: a
    dataset's own fingerprint knows the files by their sizes alone.

    Raises
    ------
    ParameterError
        If there is no fingerprint, and the samples have none of their own.
    """
    if not fingerprint and isinstance(samples, Dataset):
        fingerprint = samples.fingerprint()
    if not fingerprint:
        raise ParameterError(
            "Expected a fingerprint of the samples, which a cache needs to know them again, "
            "got none. Give one, or leave out the cache."
        )
    digest = hashlib.sha256()
    if isinstance(samples, Dataset):
        digest.update(repr(getattr(samples.source, "mask_threshold", None)).encode())
        for sample_id in samples.ids:
            for file in samples.source.files(sample_id) or ():
                with contextlib.suppress(OSError):  # decoding says it better
                    digest.update(f"\0{file.stat().st_mtime_ns}".encode())
    return {"fingerprint": fingerprint, "state": digest.hexdigest()}


def open_or_write(
    folder: Path, key: Mapping[str, str], frames: Callable[[], Iterable[Decoded]]
) -> FrameStore:
    """Open the file of a store, or write it first if it is missing, damaged or out of date.

    Of several processes that want the same one writes, and the others wait for it.

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    key : mapping of str to str
        See `key_of`.
    frames : callable
        Returns the frames; called only if the file must be written.

    Raises
    ------
    CacheError
        If the folder cannot be written to, or is full.
    """
    path = folder / f"{key['fingerprint'][:16]}.frames"
    with contextlib.suppress(DamagedError, OSError):
        return read_store(path, key)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(path.with_suffix(".lock")) as locked:
            with contextlib.suppress(DamagedError, OSError):
                return read_store(path, key)  # another process was first
            # Behind a lock the name can be fixed: it replaces what a killed process left.
            part = path.with_suffix(".part" if locked else f".part-{os.getpid()}")
            _write(path, part, key, frames())
        return read_store(path, key)
    except Sirst5kError:
        raise  # of the samples; some are an OSError too
    except (DamagedError, OSError) as error:
        raise CacheError(getattr(error, "strerror", None) or str(error)) from error


def _write(path: Path, part: Path, key: Mapping[str, str], frames: Iterable[Decoded]) -> None:
    levels: dict[str, FileBuffer] = {}

    def make(name: str, dtype: np.dtype[Any]) -> Buffer:
        return levels.setdefault(name, FileBuffer(part.with_name(f"{part.name}-{name}"), dtype))

    try:
        table = fill_buffers(frames, make)
        for buffer in levels.values():
            buffer.close()
        write_store(part, table, {name: levels[name].path for name in ("images", "masks")}, key)
        os.replace(part, path)  # noqa: PTH105
    finally:  # also when interrupted
        for buffer in levels.values():
            buffer.discard()
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Wait until no other process holds a lock; give whether there is one at all."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            while not try_lock(handle):
                time.sleep(_WAIT)
            locked = True
        except OSError:  # a file system without locks
            locked = False
        yield locked
    finally:
        os.close(handle)
