"""An exponential moving average of a network's weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class WeightAverage:
    """Follows a network; counts and other whole numbers are taken as they are.

    Parameters
    ----------
    network : nn.Module
    decay : float
        In the first steps a smaller one is used, or the average would remember the random
        start for long.
    rise : float, optional
        After n updates it is ``decay * (1 - exp(-n / rise))``, as YOLOX has it; by default
        ``(1 + n) / (10 + n)`` where that is smaller.
    """

    def __init__(self, network: nn.Module, decay: float, rise: float | None = None) -> None:
        self.decay = decay
        self.rise = rise
        self.updates = 0
        self.values = {key: value.detach().clone() for key, value in network.state_dict().items()}

    def decay_now(self) -> float:
        """Return the decay after the updates so far."""
        if self.rise is not None:
            return self.decay * (1 - math.exp(-self.updates / self.rise))
        return min(self.decay, (1 + self.updates) / (10 + self.updates))

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the average towards the weights as they are now."""
        self.updates += 1
        share = 1 - self.decay_now()
        for key, value in network.state_dict().items():
            if value.is_floating_point():
                self.values[key].lerp_(value, share)
            else:
                self.values[key].copy_(value)

    @contextmanager
    def applied(self, network: nn.Module) -> Iterator[None]:
        """Put the average into a network for the time of a block."""
        own = {key: value.detach().clone() for key, value in network.state_dict().items()}
        network.load_state_dict(self.values)
        try:
            yield
        finally:
            network.load_state_dict(own)

    def state(self) -> dict[str, Tensor]:
        """Return what `restore` needs."""
        return self.values

    def restore(self, values: dict[str, Any], updates: int) -> None:
        """Go on from a saved state."""
        self.updates = updates
        for key, value in values.items():
            self.values[key].copy_(value)
