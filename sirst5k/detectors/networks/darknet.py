"""CSP-Darknet, the small one: what finds features in a single frame of a clip."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sirst5k.detectors.networks.convolution_unit import PUBLISHED_UNITS, ConvolutionUnit, scaled
from sirst5k.detectors.networks.published import Renaming

PUBLISHED_WIDTHS = (32, 64, 128, 256, 512)
_BLOCKS = (1, 3, 3, 1)


class Bottleneck(nn.Module):
    """A unit of 1 × 1 and one of 3 × 3, with a shortcut or without."""

    def __init__(self, width: int, shortcut: bool) -> None:
        super().__init__()
        self.first = ConvolutionUnit(width, width)
        self.second = ConvolutionUnit(width, width, 3)
        self.shortcut = shortcut

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the same shape."""
        found: Tensor = self.second(self.first(features))
        return found + features if self.shortcut else found


class PartialStage(nn.Module):
    """A cross-stage partial block: half of the channels through bottlenecks, half past them."""

    def __init__(self, inputs: int, outputs: int, blocks: int, shortcut: bool = True) -> None:
        super().__init__()
        half = outputs // 2
        self.main = ConvolutionUnit(inputs, half)
        self.side = ConvolutionUnit(inputs, half)
        self.merge = ConvolutionUnit(2 * half, outputs)
        self.blocks = nn.Sequential(*(Bottleneck(half, shortcut) for _ in range(blocks)))

    def forward(self, features: Tensor) -> Tensor:
        """Return ``(B, outputs, h, w)`` features."""
        both = (self.blocks(self.main(features)), self.side(features))
        merged: Tensor = self.merge(torch.cat(both, dim=1))
        return merged


class PyramidPooling(nn.Module):
    """Maxima over 5, 9 and 13 cells beside the features themselves."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = ConvolutionUnit(width, width // 2)
        self.second = ConvolutionUnit(4 * (width // 2), width)

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the same shape."""
        scales = [self.first(features)]
        for _ in range(3):
            # Two maxima over 5 are one over 9, and three one over 13.
            scales.append(F.max_pool2d(scales[-1], 5, 1, 2))
        pooled: Tensor = self.second(torch.cat(scales, dim=1))
        return pooled


class Focus(nn.Module):
    """The four phases of 2 × 2 pixels on channels, and a unit of 3 × 3."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.unit = ConvolutionUnit(4 * inputs, outputs, 3)

    def forward(self, frames: Tensor) -> Tensor:
        """Return ``(B, outputs, H / 2, W / 2)`` features."""
        even, odd = frames[..., ::2, :], frames[..., 1::2, :]
        phases = (even[..., ::2], odd[..., ::2], even[..., 1::2], odd[..., 1::2])
        found: Tensor = self.unit(torch.cat(phases, dim=1))
        return found


class Darknet(nn.Module):
    """CSP-Darknet with the depth and the width of YOLOX-s.

    Parameters
    ----------
    in_channels : int
    width : float
        Multiplies the published numbers of channels.
    """

    def __init__(self, in_channels: int, width: float = 1.0) -> None:
        super().__init__()
        self.widths = widths = tuple(scaled(published, width) for published in PUBLISHED_WIDTHS)
        self.stem = Focus(in_channels, widths[0])
        self.stages = nn.ModuleList()
        for level, blocks in enumerate(_BLOCKS):
            before, after = widths[level : level + 2]
            last = level == len(_BLOCKS) - 1
            parts: list[nn.Module] = [ConvolutionUnit(before, after, 3, 2)]
            parts += [PyramidPooling(after)] if last else []
            parts += [PartialStage(after, after, blocks, shortcut=not last)]
            self.stages.append(nn.Sequential(*parts))

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the features at 1/8, 1/16 and 1/32 of the resolution."""
        features = self.stages[0](self.stem(frames))
        eighth = self.stages[1](features)
        sixteenth = self.stages[2](eighth)
        return eighth, sixteenth, self.stages[3](sixteenth)


PUBLISHED_DARKNET: Renaming = (
    *PUBLISHED_UNITS,
    (r"\.stem\.unit\.", ".stem.conv."),
    *((rf"\.stages\.{level}\.", f".dark{level + 2}.") for level in range(len(_BLOCKS))),
    (r"\.main\.", ".conv1."),
    (r"\.side\.", ".conv2."),
    (r"\.merge\.", ".conv3."),
    (r"\.blocks\.", ".m."),
    (r"\.first\.", ".conv1."),
    (r"\.second\.", ".conv2."),
)
"""How the parts of a Darknet are called in published weights."""
