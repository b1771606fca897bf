"""Flat buffers that grow frame by frame, in memory or in a file."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sirst5k.training.frames.depth import widen

_CHUNK = 1 << 22  # levels that are widened at a time


class Buffer(Protocol):
    """Levels of one dtype in a row."""

    dtype: np.dtype[Any]

    def append(self, levels: NDArray[Any]) -> None:
        """Add an array's levels, which are of the buffer's dtype, in C order."""
        ...

    def widen(self, dtype: np.dtype[Any]) -> None:
        """Bring everything so far to a wider depth."""
        ...


class MemoryBuffer:
    """Levels in memory; at its peak a quarter above what it holds.

    Parameters
    ----------
    dtype : dtype
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self._levels: NDArray[Any] = np.empty(0, dtype)
        self._used = 0

    def append(self, levels: NDArray[Any]) -> None:
        """Add an array's levels, which are of the buffer's dtype, in C order."""
        end = self._used + levels.size
        if end > len(self._levels):
            # realloc moves the pages of a large block, not its bytes. Nothing else refers to it.
            self._levels.resize(max(end, len(self._levels) * 5 // 4), refcheck=False)
        self._levels[self._used : end] = levels.reshape(-1)
        self._used = end

    def widen(self, dtype: np.dtype[Any]) -> None:
        """Bring everything so far to a wider depth."""
        wide = np.empty(self._used, dtype)
        for start in range(0, self._used, _CHUNK):
            stop = min(start + _CHUNK, self._used)
            wide[start:stop] = widen(self._levels[start:stop], dtype)
        self._levels, self.dtype = wide, dtype

    def finish(self) -> NDArray[Any]:
        """Return everything; the buffer must not be used after."""
        self._levels.resize(self._used, refcheck=False)
        return self._levels


class FileBuffer:
    """Levels at the end of a file of their own, however many there are.

    Parameters
    ----------
    path : Path
    dtype : dtype
    """

    def __init__(self, path: Path, dtype: np.dtype[Any]) -> None:
        self.path = path
        self.dtype = dtype
        self._file = path.open("wb")

    def append(self, levels: NDArray[Any]) -> None:
        """Add an array's levels, which are of the buffer's dtype, in C order."""
        self._file.write(np.ascontiguousarray(levels).data)

    def widen(self, dtype: np.dtype[Any]) -> None:
        """Bring everything so far to a wider depth."""
        self._file.close()
        narrow = self.path.with_name(self.path.name + "-narrow")
        os.replace(self.path, narrow)  # noqa: PTH105
        try:
            with narrow.open("rb") as before:
                self._file = self.path.open("wb")
                while part := before.read(_CHUNK * self.dtype.itemsize):
                    self._file.write(widen(np.frombuffer(part, self.dtype), dtype).data)
        finally:
            narrow.unlink()
        self.dtype = dtype

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def discard(self) -> None:
        """Remove the file, if it is still there."""
        with contextlib.suppress(OSError):  # a full disk, told before
            self._file.close()
        self.path.unlink(missing_ok=True)
