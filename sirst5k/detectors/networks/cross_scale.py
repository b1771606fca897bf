"""Transformer over the skip connections of a U-shaped network, all scales at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sirst5k.detectors.networks.channel_attention import ChannelAttention


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels of each pixel of ``(B, C, H, W)``."""

    def forward(self, maps: Tensor) -> Tensor:
        """Map ``(B, C, H, W)`` to the same shape, stored channels last."""
        normal: Tensor = super().forward(maps.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return normal


class FeedForward(nn.Module):
    """Two depthwise kernels side by side, then a gate on each channel.

    Parameters
    ----------
    width : int
    expansion : float
        Channels inside, in each half, as a multiple of `width`, rounded down.
    """

    def __init__(self, width: int, expansion: float = 2.66) -> None:
        super().__init__()
        half = int(expansion * width)
        self.expand = nn.Conv2d(width, 2 * half, 1, bias=False)
        self.small = nn.Conv2d(half, half, 3, padding=1, groups=half, bias=False)
        self.large = nn.Conv2d(half, half, 5, padding=2, groups=half, bias=False)
        self.contract = nn.Conv2d(2 * half, width, 1, bias=False)
        self.gate = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map ``(B, C, h, w)`` to the same shape."""
        first, second = self.expand(tokens).chunk(2, dim=1)
        wide = torch.cat((F.relu(self.small(first)), F.relu(self.large(second))), dim=1)
        mixed: Tensor = self.contract(wide)
        means = mixed.mean(dim=(2, 3))
        return mixed * self.gate(means[:, None]).sigmoid().transpose(1, 2)[..., None]


class CrossScaleLayer(nn.Module):
    """Attention between the channels of all scales, then a feed-forward part for each.

    Parameters
    ----------
    widths : sequence of int
        Channels of the scales.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.joint_norm = ChannelNorm(sum(widths))
        self.attention_norms = nn.ModuleList(map(ChannelNorm, widths))
        self.attention = ChannelAttention(widths)
        self.forward_norms = nn.ModuleList(map(ChannelNorm, widths))
        self.forwards = nn.ModuleList(map(FeedForward, widths))

    def forward(self, scales: list[Tensor]) -> list[Tensor]:
        """Map a list of ``(B, C_i, h, w)`` to one of the same shapes."""
        joint = self.joint_norm(torch.cat(scales, dim=1))
        normal = [norm(scale) for norm, scale in zip(self.attention_norms, scales, strict=True)]
        found = self.attention(normal, joint)
        scales = [scale + update for scale, update in zip(scales, found, strict=True)]
        parts = zip(scales, self.forward_norms, self.forwards, strict=True)
        return [scale + feed(norm(scale)) for scale, norm, feed in parts]


class Reconstruction(nn.Module):
    """Tokens back to the resolution of their scale.

    Parameters
    ----------
    width : int
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(width, width, 1)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, tokens: Tensor, size: Sequence[int]) -> Tensor:
        """Map ``(B, C, h, w)`` to ``(B, C, *size)``.

        The published network interpolates first. A 1×1 convolution gives the same after as
        before, as the weights of an interpolation sum to 1, for a fraction of the cost.
        """
        raised = F.interpolate(self.convolution(tokens), size=tuple(size), mode="bilinear")
        return F.relu(self.norm(raised), inplace=True)


class CrossScaleTransformer(nn.Module):
    """Skip connections that know of one another.

    Each scale is cut into patches that cover the same part of the frame, so that all scales
    have equally many tokens; `layers` layers later these are interpolated back and added.
    Positions are not encoded.

    Parameters
    ----------
    widths : sequence of int
        Channels of the scales, finest first.
    patches : sequence of int
        Sides of the patches in pixels of the scale.
    layers : int
    """

    def __init__(self, widths: Sequence[int], patches: Sequence[int], layers: int) -> None:
        super().__init__()
        self.embed = nn.ModuleList(
            nn.Conv2d(width, width, patch, stride=patch)
            for width, patch in zip(widths, patches, strict=True)
        )
        self.layers = nn.ModuleList(CrossScaleLayer(widths) for _ in range(layers))
        self.norms = nn.ModuleList(map(ChannelNorm, widths))
        self.reconstruct = nn.ModuleList(map(Reconstruction, widths))

    def forward(self, skips: Sequence[Tensor]) -> list[Tensor]:
        """Map a sequence of ``(B, C_i, H_i, W_i)`` to a list of the same shapes."""
        scales = [embed(skip) for embed, skip in zip(self.embed, skips, strict=True)]
        for layer in self.layers:
            scales = layer(scales)
        parts = zip(skips, scales, self.norms, self.reconstruct, strict=True)
        return [skip + back(norm(scale), skip.shape[-2:]) for skip, scale, norm, back in parts]
