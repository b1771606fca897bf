"""A network's graph alone, for exporters."""

from __future__ import annotations

from torch import Tensor, nn

from sirst5k.detectors.networks.network import Network


class Prediction(nn.Module):
    """What a network computes after padding and before cropping.

    Parameters
    ----------
    network : Network
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, frames: Tensor) -> Tensor:
        """Return ``(B, 1, H, W)`` logits for frames whose sides are multiples."""
        return self.network.predict(frames)
