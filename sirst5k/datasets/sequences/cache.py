"""The frames used last, kept decoded: neighbouring clips share all but one of theirs."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from sirst5k.sample import Image

CAPACITY = 64 << 20
"""Bytes of decoded frames that a dataset keeps by default."""


class FrameCache:
    """Frames by id; the one not used for longest goes first when the bytes are too many.

    Frames handed out are read-only, since several clips share them. A pickled cache arrives
    empty.

    Parameters
    ----------
    capacity : int
        Bytes.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self._clear()

    def _clear(self) -> None:
        self._frames: OrderedDict[str, Image] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def get(self, frame_id: str, read: Callable[[str], Image]) -> Image:
        """Return a frame, from here or else as `read` gives it."""
        with self._lock:
            found = self._frames.get(frame_id)
            if found is not None:
                self._frames.move_to_end(frame_id)
                return found
        frame = read(frame_id)
        frame.flags.writeable = False
        with self._lock:
            if frame_id not in self._frames and frame.nbytes <= self.capacity:
                self._frames[frame_id] = frame
                self._held += frame.nbytes
            while self._held > self.capacity:
                _, dropped = self._frames.popitem(last=False)
                self._held -= dropped.nbytes
        return frame

    def __len__(self) -> int:
        return len(self._frames)

    def __getstate__(self) -> dict[str, Any]:
        return {"capacity": self.capacity}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.capacity = state["capacity"]
        self._clear()
