"""Decoder stage of DSTransNet: the deeper feature decides what of the skip is let in."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class SkipGate(nn.Module):
    """Weighs the channels and the pixels of a skip connection.

    Parameters
    ----------
    width : int
        Channels of both inputs.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.from_deep = nn.Linear(width, width)
        self.from_skip = nn.Linear(width, width)
        self.spatial = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, deep: Tensor, skip: Tensor) -> Tensor:
        """Return the weighed skip.

        Parameters
        ----------
        deep : (B, C, H/2, W/2) floating
            What of it counts, mean and maximum, is the same before raising its resolution.
        skip : (B, C, H, W) floating

        Returns
        -------
        (B, C, H, W) floating
            Not negative where `skip` is not: the published code applies a ReLU, to no effect.
        """
        wanted = self.from_deep(deep.mean(dim=(2, 3))) + self.from_skip(skip.mean(dim=(2, 3)))
        channels = wanted.sigmoid()[..., None, None]
        peaks = _raise(deep.amax(dim=1, keepdim=True)), skip.amax(dim=1, keepdim=True)
        return skip * channels * self.spatial(torch.cat(peaks, dim=1)).sigmoid()


class GatedDecoder(nn.Module):
    """Raises a feature to the resolution of a gated skip and merges the two.

    Parameters
    ----------
    in_channels : int
        Of the feature and of the skip.
    out_channels : int
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.gate = SkipGate(in_channels)
        self.merge = nn.Sequential(
            nn.Conv2d(2 * in_channels, out_channels, 3, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_channels, out_channels, 3, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )

    def forward(self, deep: Tensor, skip: Tensor) -> Tensor:
        """Map ``(B, in, H/2, W/2)`` and ``(B, in, H, W)`` to ``(B, out, H, W)``."""
        merged: Tensor = self.merge(torch.cat((self.gate(deep, skip), _raise(deep)), dim=1))
        return merged


def _raise(maps: Tensor) -> Tensor:
    return F.interpolate(maps, scale_factor=2, mode="nearest")
