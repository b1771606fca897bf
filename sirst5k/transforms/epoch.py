"""The epoch, as a number that worker processes see change."""

from __future__ import annotations

from multiprocessing import context
from multiprocessing.sharedctypes import RawValue
from typing import Any


class Epoch:
    """A number in shared memory.

    A process that is started with it, as a DataLoader's worker is, sees every later change,
    whether it was forked or spawned; workers that outlive an epoch need that. A copy made
    in any other way, by `copy` or `pickle`, has a number of its own.
    """

    def __init__(self, number: int = 0) -> None:
        self._shared = RawValue("q", number)

    @property
    def number(self) -> int:
        """The epoch, from 0."""
        return int(self._shared.value)

    @number.setter
    def number(self, number: int) -> None:
        self._shared.value = number

    def __getstate__(self) -> dict[str, Any]:
        # Shared memory can be handed to a process while it is being started, and only then.
        starting = context.get_spawning_popen() is not None
        return {"shared": self._shared} if starting else {"number": self.number}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._shared = state["shared"] if "shared" in state else RawValue("q", state["number"])
