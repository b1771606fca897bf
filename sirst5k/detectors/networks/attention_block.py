"""The block of DNANet and MSHNet: two convolutions, gated by channel and by pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sirst5k.detectors.networks.published import Renaming

# What the parts of a block are called in the published weights of both networks.
PUBLISHED_PARTS: Renaming = (
    (r"\.norm(\d)\.", r".bn\1."),
    (r"\.channel_gate\.squeeze\.", ".ca.fc1."),
    (r"\.channel_gate\.expand\.", ".ca.fc2."),
    (r"\.spatial_gate\.weigh\.", ".sa.conv1."),
)
_REDUCTION = 16  # channels to one hidden unit of the channel gate
_REACH = 7  # side of the spatial gate's kernel in pixels


class ChannelGate(nn.Module):
    """A factor in 0…1 for each channel, from its mean and its maximum.

    ``σ(m(mean) + m(max))`` with ``m(v) = W₂ ReLU(W₁ v)``: Woo et al., "CBAM: Convolutional
    Block Attention Module", ECCV 2018, equation 2.

    Parameters
    ----------
    channels : int
        A sixteenth of it, at least one, is the width of the hidden layer. (The published
        DNANet has no hidden unit below 16 channels, and cannot run.)
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(1, channels // _REDUCTION)
        self.squeeze = nn.Conv2d(channels, hidden, 1, bias=False)
        self.expand = nn.Conv2d(hidden, channels, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return ``(B, C, 1, 1)`` factors for ``(B, C, H, W)`` features."""
        mean = features.mean(dim=(2, 3), keepdim=True)
        largest = features.amax(dim=(2, 3), keepdim=True)
        # Both go through the same weights, so they go as two pixels of one map.
        votes = self.expand(F.relu(self.squeeze(torch.cat((mean, largest), dim=2))))
        return torch.sigmoid(votes.sum(dim=2, keepdim=True))


class SpatialGate(nn.Module):
    """A factor in 0…1 for each pixel, from mean and maximum over the channels around it.

    Woo et al. 2018, equation 3.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weigh = nn.Conv2d(2, 1, _REACH, padding=_REACH // 2, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return ``(B, 1, H, W)`` factors for ``(B, C, H, W)`` features."""
        mean = features.mean(dim=1, keepdim=True)
        largest = features.amax(dim=1, keepdim=True)
        return torch.sigmoid(self.weigh(torch.cat((mean, largest), dim=1)))


class AttentionBlock(nn.Module):
    """Two 3×3 convolutions, the two gates, and a shortcut around them all.

    Parameters
    ----------
    in_channels, out_channels : int
        The shortcut is a convolution where they differ.
    residual : bool
        Without it there is no shortcut: the block of DNANet's VGG variant.
    """

    def __init__(self, in_channels: int, out_channels: int, residual: bool = True) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(out_channels)
        self.shortcut: nn.Module | None = None
        if residual and in_channels == out_channels:
            self.shortcut = nn.Identity()
        elif residual:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1), nn.BatchNorm2d(out_channels)
            )
        self.channel_gate = ChannelGate(out_channels)
        self.spatial_gate = SpatialGate()

    def forward(self, features: Tensor) -> Tensor:
        """Map ``(B, in, H, W)`` to ``(B, out, H, W)``, not negative."""
        found = F.relu(self.norm1(self.conv1(features)), inplace=True)
        found = self.norm2(self.conv2(found))
        found = found * self.channel_gate(found)
        gate = self.spatial_gate(found)
        if self.shortcut is None:
            return F.relu(found * gate, inplace=True)
        # Gate and sum in one pass over the largest tensors of the network.
        return F.relu(torch.addcmul(self.shortcut(features), found, gate), inplace=True)


def attention_stack(
    in_channels: int, out_channels: int, count: int, residual: bool = True
) -> nn.Sequential:
    """Return `count` blocks one after the other; the first changes the channels."""
    ins = (in_channels, *[out_channels] * (count - 1))
    return nn.Sequential(*(AttentionBlock(width, out_channels, residual) for width in ins))
