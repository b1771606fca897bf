"""Convolution in the bands of a Haar wavelet, over several levels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

# The published filters are products of float32 square roots, a little below one half. In
# float64 the difference shows, so networks that are to agree in float64 need this value.
HALF = 0.49999997019767761


def analyse(frames: Tensor) -> Tensor:
    """Split frames into the four bands of a Haar wavelet, at half the resolution.

    The same as a convolution with stride 2 and the filters ``½[[1, 1], [1, 1]]``,
    ``½[[1, 1], [-1, -1]]``, ``½[[1, -1], [1, -1]]`` and ``½[[1, -1], [-1, 1]]``, in this order.

    Parameters
    ----------
    frames : (B, C, H, W) floating
        Odd sides are completed by zeros below and at the right.

    Returns
    -------
    (B, C, 4, ceil(H/2), ceil(W/2)) floating
    """
    height, width = frames.shape[-2:]
    if height % 2 or width % 2:
        frames = F.pad(frames, (0, width % 2, 0, height % 2))
    return _mix(F.pixel_unshuffle(frames, 2).unflatten(1, (-1, 4)))


def synthesise(bands: Tensor) -> Tensor:
    """Put the four bands of a Haar wavelet together: the inverse of `analyse`.

    Parameters
    ----------
    bands : (B, C, 4, H, W) floating

    Returns
    -------
    (B, C, 2 H, 2 W) floating
    """
    return F.pixel_shuffle(_mix(bands).flatten(1, 2), 2)


def _mix(four: Tensor) -> Tensor:
    """Return sums and differences of ``(B, C, 4, H, W)`` along its third axis.

    The matrix of the transform is symmetric, so that analysis and synthesis share it.
    """
    first, second, third, fourth = (four * HALF).unbind(2)
    top, bottom = first + second, third + fourth
    left, right = first - second, third - fourth
    return torch.stack((top + bottom, top - bottom, left + right, left - right), dim=2)


class BandConv(nn.Module):
    """Depthwise convolution of the bands of one level, each with a learned scale.

    Parameters
    ----------
    channels : int
        Bands and channels, four times those of the frames.
    side : int
        Of the kernels, odd.
    scale : float
        At the start of training.
    bias : bool
    """

    def __init__(self, channels: int, side: int, scale: float, bias: bool = False) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(
            channels, channels, side, padding=side // 2, groups=channels, bias=bias
        )
        self.scale = nn.Parameter(torch.full((1, channels, 1, 1), scale))

    def forward(self, bands: Tensor) -> Tensor:
        """Map ``(B, C, H, W)`` to the same shape.

        The scale is multiplied into the few weights, not into the many pixels.
        """
        conv = self.convolution
        weight = conv.weight * self.scale.transpose(0, 1)
        bias = None if conv.bias is None else conv.bias * self.scale.flatten()
        mixed: Tensor = F.conv2d(bands, weight, bias, padding=conv.padding, groups=conv.groups)
        return mixed


class WaveletConv(nn.Module):
    """Depthwise convolution with a receptive field that doubles with every wavelet level.

    Finder et al., "Wavelet Convolutions for Large Receptive Fields", ECCV 2024: the frames
    and the bands of each level are convolved depthwise with small kernels, and the bands put
    together again. A level's input is the unfiltered low band of the level before.

    Parameters
    ----------
    channels : int
    levels : int
        At least 1.
    side : int
        Of the kernels, odd.
    """

    def __init__(self, channels: int, levels: int, side: int = 5) -> None:
        super().__init__()
        self.base = BandConv(channels, side, scale=1.0, bias=True)
        self.levels = nn.ModuleList(BandConv(4 * channels, side, scale=0.1) for _ in range(levels))

    def forward(self, frames: Tensor) -> Tensor:
        """Map ``(B, C, H, W)`` of any size to the same shape."""
        sizes, filtered = [], []
        low = frames
        for level in self.levels:
            sizes.append(low.shape[-2:])
            bands = analyse(low)
            low = bands[:, :, 0]
            filtered.append(level(bands.flatten(1, 2)).unflatten(1, (-1, 4)))
        raised = synthesise(filtered[-1])
        for (height, width), bands in zip(sizes[:0:-1], filtered[-2::-1], strict=True):
            low_band = bands[:, :, 0] + raised[..., :height, :width]
            raised = synthesise(torch.cat((low_band[:, :, None], bands[:, :, 1:]), dim=2))
        height, width = frames.shape[-2:]
        result: Tensor = self.base(frames) + raised[..., :height, :width]
        return result
