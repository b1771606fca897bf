"""STMENet's encoder: temporal features refined, and fused with those of the last frame."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_STRIPS = (7, 11, 21)  # cells that the strips of the refinement are long


class ChannelGate(nn.Module):
    """A factor in (0, 2) for each channel, from its mean and its maximum."""

    def __init__(self, width: int) -> None:
        super().__init__()
        narrow = max(1, width // 4)
        self.squeeze = nn.Conv2d(width, narrow, 1)
        self.excite = nn.Conv2d(narrow, width, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Return ``(B, C, 1, 1)`` factors."""
        pooled = features.mean((2, 3), keepdim=True), features.amax((2, 3), keepdim=True)
        low, high = (self.excite(self.squeeze(x).relu()).sigmoid() for x in pooled)
        gate: Tensor = low + high
        return gate


class TemporalRefinement(nn.Module):
    """Gates channels, then cells by what strips of several lengths see around them.

    Parameters
    ----------
    width : int
        Channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(width, width, 1)  # used three times, as published
        self.activation = nn.GELU()
        self.gate = ChannelGate(width)
        self.square = _strip(width, 5, 5)
        self.rows = nn.ModuleList(_strip(width, 1, length) for length in _STRIPS)
        self.columns = nn.ModuleList(_strip(width, length, 1) for length in _STRIPS)

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the same shape."""
        features = self.activation(self.mix(features))
        features = self.gate(features) * features
        near = self.square(features)
        seen = near
        for row, column in zip(self.rows, self.columns, strict=True):
            seen = seen + column(row(near))
        refined: Tensor = self.mix(self.mix(seen) * features)
        return refined


class ContrastAttention(nn.Module):
    """Channels see the channels that they are least like, by a gain that starts at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(1))

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the same shape."""
        flat = features.flatten(2)
        alike = flat @ flat.transpose(1, 2)
        weights = (alike.amax(-1, keepdim=True) - alike).softmax(-1)
        return features + self.gain * (weights @ flat).view_as(features)


class TemporalEncoder(nn.Module):
    """Fuses the features of the last frame with refined ones of the clip.

    Parameters
    ----------
    spatial, temporal : int
        Channels of both.
    outputs : int
    """

    def __init__(self, spatial: int, temporal: int, outputs: int) -> None:
        super().__init__()
        self.refine = TemporalRefinement(temporal)
        self.fuse = nn.Sequential(
            _unit(spatial + temporal, outputs, 1),
            _unit(outputs, outputs, 3),
            ContrastAttention(),
            _unit(outputs, outputs, 3),
            nn.Dropout(0.1),
            nn.Conv2d(outputs, outputs, 1),
        )

    def forward(self, spatial: Tensor, temporal: Tensor) -> Tensor:
        """Return ``(B, outputs, h, w)`` features of two maps of that size."""
        fused: Tensor = self.fuse(torch.cat((spatial, self.refine(temporal)), dim=1))
        return fused


def _strip(width: int, rows: int, columns: int) -> nn.Conv2d:
    padding = (rows // 2, columns // 2)
    return nn.Conv2d(width, width, (rows, columns), padding=padding, groups=width)


def _unit(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.LeakyReLU(0.1),
    )
