"""Tasks for `tests/synthesis/test_executor.py`, in a module that worker processes can import."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


class Busy:
    """Returns its index, after doing something at one of them."""

    def __init__(self, what: str = "", at: int = -1, where: Path | None = None) -> None:
        self.what, self.at, self.where = what, at, where

    def __call__(self, index: int) -> int:
        if self.where is not None:
            time.sleep(0.01)
            (self.where / str(index)).touch()
        if index == self.at:
            if self.what == "memory":
                raise MemoryError
            os.kill(os.getpid(), getattr(signal, self.what))
        return index
