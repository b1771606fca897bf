"""3-D ShuffleNet-V2: what STMENet sees of a clip's motion."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sirst5k.detectors.networks.convolution_unit import scaled

_STEM = 24
_STAGES = ((116, 4), (232, 8), (464, 4))  # channels, units


class ShuffleUnit(nn.Module):
    """Two branches whose channels are interleaved.

    With a stride of 1 one half of the channels passes untouched; with 2, in time as well,
    both branches see everything.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        half = outputs // 2
        self.stride = stride
        if stride == 2:
            self.short = nn.Sequential(*_depthwise(inputs, 2), *_pointwise(inputs, half))
        seen = inputs if stride == 2 else half
        self.long = nn.Sequential(
            *_pointwise(seen, half), *_depthwise(half, stride), *_pointwise(half, half)
        )

    def forward(self, clip: Tensor) -> Tensor:
        """Return ``(B, outputs, ceil(T / stride), …)`` features."""
        if self.stride == 2:
            halves = self.short(clip), self.long(clip)
        else:
            passed, seen = clip.chunk(2, dim=1)
            halves = passed, self.long(seen)
        # Channel 2k is the k-th of the first half, 2k + 1 the k-th of the second.
        return torch.stack(halves, dim=2).flatten(1, 2)


class Shuffle3D(nn.Module):
    """3-D ShuffleNet-V2 of width 1, as Köpüklü et al. have it, down to 1/32.

    Köpüklü et al., "Resource Efficient 3D Convolutional Neural Networks", ICCVW 2019.

    Parameters
    ----------
    in_channels : int
    width : float
        Multiplies the published numbers of channels.
    """

    def __init__(self, in_channels: int, width: float = 1.0) -> None:
        super().__init__()
        channels = scaled(_STEM, width)
        self.stem = nn.Sequential(
            nn.Conv3d(in_channels, channels, 3, (1, 2, 2), 1, bias=False),
            nn.BatchNorm3d(channels),
            nn.ReLU(),
        )
        self.pool = nn.MaxPool3d(3, 2, 1)
        self.units = nn.Sequential()
        for published, count in _STAGES:
            outputs = 2 * scaled(published // 2, width)
            for index in range(count):
                self.units.append(ShuffleUnit(channels, outputs, 1 if index else 2))
                channels = outputs
        self.outputs = channels

    def forward(self, clip: Tensor) -> Tensor:
        """Return ``(B, outputs, H / 32, W / 32)`` features of ``(B, C, T, H, W)`` clips."""
        features: Tensor = self.units(self.pool(self.stem(clip)))
        return features.mean(dim=2)


def _pointwise(inputs: int, outputs: int) -> list[nn.Module]:
    return [
        nn.Conv3d(inputs, outputs, 1, bias=False),
        nn.BatchNorm3d(outputs),
        nn.ReLU(),
    ]


def _depthwise(width: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv3d(width, width, 3, stride, 1, groups=width, bias=False),
        nn.BatchNorm3d(width),
    ]
