"""Encoder stage of DSTransNet: three convolutions that look for different things."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sirst5k.detectors.networks.central_difference import CentralDifferenceConv
from sirst5k.detectors.networks.deformable import DeformableConv
from sirst5k.detectors.networks.wavelet import WaveletConv


class WaveletResidual(nn.Module):
    """Wavelet and pointwise convolution, beside a shortcut.

    Parameters
    ----------
    in_channels, out_channels : int
        The shortcut is a convolution where they differ.
    levels : int
        Of the wavelet.
    """

    def __init__(self, in_channels: int, out_channels: int, levels: int) -> None:
        super().__init__()
        self.wavelet = WaveletConv(in_channels, levels)
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1)
        self.norm = nn.BatchNorm2d(out_channels)
        self.shortcut = (
            nn.Identity()
            if in_channels == out_channels
            else nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1), nn.BatchNorm2d(out_channels)
            )
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Map ``(B, in, H, W)`` to ``(B, out, H, W)``."""
        found = self.norm(self.pointwise(self.wavelet(frames)))
        return F.leaky_relu(found + self.shortcut(frames), inplace=True)


class ThreeBranches(nn.Module):
    """Deformable, central-difference and wavelet convolution side by side, then merged.

    The first follows shapes, the second sees contrast to the central pixel, the third has a
    receptive field of ``2^levels`` pixels and more.

    Parameters
    ----------
    in_channels, out_channels : int
    levels : int
        Of the wavelet.
    """

    def __init__(self, in_channels: int, out_channels: int, levels: int) -> None:
        super().__init__()
        self.deformable = nn.Sequential(
            DeformableConv(in_channels, out_channels),
            nn.BatchNorm2d(out_channels),
            nn.LeakyReLU(inplace=True),
        )
        self.difference = nn.Sequential(
            CentralDifferenceConv(in_channels, out_channels),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )
        self.wavelet = WaveletResidual(in_channels, out_channels, levels)
        self.merge = nn.Sequential(
            nn.Conv2d(3 * out_channels, out_channels, 3, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Map ``(B, in, H, W)`` to ``(B, out, H, W)``."""
        branches = self.deformable(frames), self.difference(frames), self.wavelet(frames)
        merged: Tensor = self.merge(torch.cat(branches, dim=1))
        return merged
