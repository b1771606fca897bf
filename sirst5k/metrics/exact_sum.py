"""A sum of floats that does not depend on the order in which they come."""

from __future__ import annotations

import math
from collections.abc import Iterable


class ExactSum:
    """A running sum kept without rounding, as a few floats that do not overlap.

    Ordinary addition rounds after every step, so that a mean over images would change in its
    last digits with their order, or with the number of processes. Here the state stands for
    the exact sum (Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997), and
    `value` rounds it once.

    Examples
    --------
    >>> total = ExactSum()
    >>> total.add(1e16), total.add(1.0), total.add(-1e16)
    (None, None, None)
    >>> total.value
    1.0
    """

    __slots__ = ("_parts",)

    def __init__(self, values: Iterable[float] = ()) -> None:
        self._parts: list[float] = []
        for value in values:
            self.add(value)

    def add(self, value: float) -> None:
        """Add a finite number."""
        kept = []
        for part in self._parts:
            if abs(value) < abs(part):
                value, part = part, value
            high = value + part
            low = part - (high - value)
            if low:
                kept.append(low)
            value = high
        self._parts = [*kept, value]

    def merge(self, other: ExactSum) -> None:
        """Add all that another one holds."""
        for part in list(other._parts):
            self.add(part)

    @property
    def value(self) -> float:
        """The sum, rounded once."""
        return math.fsum(self._parts)
