"""The places of a run in units: what is stored together, and vouched for together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload


@dataclass(frozen=True, slots=True)
class Unit:
    """Samples that are stored together.

    Attributes
    ----------
    split : str
        ``train`` or ``test``.
    number : int
        Which unit of its split it is.
    start, stop : int
        Places of its samples in the run, half-open.
    """

    split: str
    number: int
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


class Units(Sequence[Unit]):
    """All units of a run, computed when asked for: training outputs first, then test images.

    Parameters
    ----------
    outputs, tests : int
        Samples of either kind.
    size : int
        Samples a unit; the last of each kind may hold fewer.

    Examples
    --------
    >>> [(unit.split, unit.start, unit.stop) for unit in Units(5, 2, 3)]
    [('train', 0, 3), ('train', 3, 5), ('test', 5, 7)]
    """

    def __init__(self, outputs: int, tests: int, size: int) -> None:
        self.outputs, self.tests, self.size = outputs, tests, size
        self._training = -(-outputs // size)

    def __len__(self) -> int:
        return self._training - (-self.tests // self.size)

    @overload
    def __getitem__(self, index: int) -> Unit: ...
    @overload
    def __getitem__(self, index: slice) -> list[Unit]: ...
    def __getitem__(self, index: int | slice) -> Unit | list[Unit]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(f"Unit {index} of {len(self)}.")
        if index < self._training:
            start = index * self.size
            return Unit("train", index, start, min(start + self.size, self.outputs))
        number = index - self._training
        start = self.outputs + number * self.size
        stop = min(start + self.size, self.outputs + self.tests)
        return Unit("test", number, start, stop)
