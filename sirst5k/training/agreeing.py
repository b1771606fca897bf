"""What the processes of one run must decide alike, or some would wait for the others for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sirst5k.training.failures import stopped_elsewhere


@dataclass(frozen=True)
class Agreement:
    """Talks to the other processes of a run; alone, it says what it was told.

    Every process must make the same calls in the same order.

    Parameters
    ----------
    fabric : lightning_fabric.Fabric
    """

    fabric: Any

    @property
    def alone(self) -> bool:
        """Whether there is one process only."""
        return bool(self.fabric.world_size == 1)

    @property
    def first(self) -> bool:
        """Whether this is the process that writes."""
        return bool(self.fabric.is_global_zero)

    def total(self, values: Tensor) -> Tensor:
        """Return the sum over all processes."""
        if self.alone:
            return values
        total: Tensor = self.fabric.all_reduce(values.clone(), reduce_op="sum")
        return total

    def any(self, flag: bool) -> bool:
        """Return whether it holds in one process at least."""
        if self.alone:
            return flag
        return bool(self.total(torch.tensor(float(flag), device=self.fabric.device)) > 0)

    def by_first(self, work: Callable[[], Any]) -> Any:
        """Return what the first process makes; where it cannot, all of them stop.

        Raises
        ------
        TrainingError
            In the others. The first raises what went wrong.
        """
        if self.alone:
            return work()
        made, error = None, None
        if self.first:
            try:
                made = work()
            except Exception as caught:  # whatever it was: the others wait for it
                error = caught
        if self.any(error is not None):
            raise error or stopped_elsewhere()
        return self.told(made)

    def told(self, value: Any) -> Any:
        """Return the first process's value."""
        return value if self.alone else self.fabric.broadcast(value)
