"""What a loop trains: from the number of a step to its loss, and the scores of what is held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class StepLoss:
    """What came of the forward pass of a step, on its device: reading it would stop a GPU.

    Attributes
    ----------
    total : () tensor
        What is minimised.
    overlap : (2,) float64 tensor
        How well the batch was found: a sum and its weight, such as intersection and union.
        The records show their ratio over some steps.
    """

    total: Tensor
    overlap: Tensor


class Task(Protocol):
    """What is trained and how it is scored, whatever the targets are: masks or boxes."""

    @property
    def per_epoch(self) -> int:
        """Number of steps of an epoch."""
        ...

    def follow(self, first: int, steps: int) -> None:
        """Take note that the batches of the steps from `first` will be asked for in order."""
        ...

    def make(self, step: int) -> Any:
        """Return the batch of a step, a function of its number alone."""
        ...

    def loss(self, wrapped: Any, batch: Any, step: int) -> StepLoss:
        """Return the loss of a batch; `wrapped` is the network as fabric has set it up."""
        ...

    def warming_up(self, step: int) -> bool:
        """Return whether a step is one of those that train a part of the network first."""
        ...

    def score(self, network: nn.Module, autocast: Any, step: int) -> dict[str, float]:
        """Return the scores of a network, as it stands after `step` steps, on what is held out."""
        ...

    def names(self, step: int) -> Sequence[str]:
        """Return the ids of what is in the batch of a step."""
        ...

    def arrays(self, batch: Any) -> dict[str, Any]:
        """Return a batch as arrays by name, to be saved where it cannot be learned from."""
        ...

    def largest_batch(self, network: nn.Module, most: int) -> int:
        """Return how many frames or clips fit, of at most so many; 0 if not one does."""
        ...
