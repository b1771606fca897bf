"""A network's supervised heads as a module of their own, to be wrapped and compiled."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class SupervisedHeads(nn.Module):
    """Calls `heads` of a network in its `forward`.

    Mixed precision, several processes and `torch.compile` all take hold of `forward`; the
    network itself stays as it is for validation, whose frames are of many sizes.

    Parameters
    ----------
    network : nn.Module
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, frames: Tensor, warming_up: bool = False) -> list[Tensor]:
        """Return the logits of every supervised head."""
        heads: list[Tensor] = self.network.heads(frames, warming_up)
        return heads
