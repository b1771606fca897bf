"""A plain U-Net: the baseline that shows what a specialised network adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sirst5k.detectors.networks.network import Network
from sirst5k.detectors.networks.published import count_numbered, kernel_shape
from sirst5k.errors import ParameterError

PRIOR = 0.01
"""Probability of target that fresh weights give everywhere, see `UNet`."""


@dataclass(frozen=True, slots=True)
class UNetConfig:
    """What a U-Net is made of.

    Attributes
    ----------
    in_channels : int
        Channels of a frame.
    widths : tuple of int
        Channels at full resolution and after each halving.
    deep_supervision : bool
        Whether every decoder level has a head of its own, at its own resolution.
    """

    in_channels: int = 1
    widths: tuple[int, ...] = (16, 32, 64, 128, 256)
    deep_supervision: bool = False

    def __post_init__(self) -> None:
        if self.in_channels < 1 or len(self.widths) < 2 or min(self.widths) < 1:
            raise ParameterError(
                f"Expected at least one channel and two positive widths, got "
                f"{self.in_channels} and {list(self.widths)}."
            )


class UNet(Network):
    """Ronneberger et al. 2015, with padded convolutions and batch normalisation.

    Two 3×3 convolutions a level, max pooling down, bilinear interpolation up, skips
    concatenated. About 1.9 million parameters at the default widths.

    Fresh heads begin at a probability of `PRIOR` everywhere (Lin et al., "Focal Loss for
    Dense Object Detection", ICCV 2017), for targets are a few pixels of thousands. From one
    half, a soft IoU takes hundreds of steps before it has put the background down.

    Parameters
    ----------
    config : UNetConfig

    Examples
    --------
    >>> network = UNet(UNetConfig(widths=(4, 8))).eval()
    >>> network(torch.zeros(1, 1, 33, 40)).shape
    torch.Size([1, 1, 33, 40])
    """

    name = "unet"
    Config = UNetConfig

    def __init__(self, config: UNetConfig) -> None:
        super().__init__(config)
        widths = config.widths
        below = (config.in_channels, *widths[:-1])
        self.encoder = nn.ModuleList(map(_level, below, widths))
        self.decoder = nn.ModuleList(
            _level(upper + lower, upper) for upper, lower in pairwise(widths)
        )
        supervised = len(widths) - 1 if config.deep_supervision else 1
        self.outputs = nn.ModuleList(nn.Conv2d(width, 1, 1) for width in widths[:supervised])
        self.begin_at(PRIOR)

    @property
    def multiple(self) -> int:  # type: ignore[override]
        """Pixels by which height and width must be divisible inside the graph."""
        return 1 << (len(self.config.widths) - 1)

    @classmethod
    def read_config(cls, shapes: Mapping[str, tuple[int, ...]]) -> UNetConfig:
        """Return the configuration of a bare state dict; there are no published weights."""
        levels = max(1, count_numbered(shapes, "encoder.{}.0.weight"))
        kernels = [kernel_shape(shapes, f"encoder.{k}.0.weight", "unet") for k in range(levels)]
        return UNetConfig(
            in_channels=kernels[0][1],
            widths=tuple(kernel[0] for kernel in kernels),
            deep_supervision="outputs.1.weight" in shapes,
        )

    def score_layers(self) -> tuple[list[nn.Conv2d], list[nn.Conv2d]]:
        """Return the heads."""
        return list(self.outputs), []

    def predict(self, frames: Tensor) -> Tensor:
        """Return the finest head alone."""
        logits: Tensor = self.outputs[0](self._decode(frames)[0])
        return logits

    def supervise(self, frames: Tensor) -> list[Tensor]:
        """Return the heads from the coarsest to the finest."""
        decoded = self._decode(frames)
        heads = [head(decoded[level]) for level, head in enumerate(self.outputs)]
        return heads[::-1]

    def _decode(self, frames: Tensor) -> list[Tensor]:
        """Return the features of the decoder, finest first."""
        skips: list[Tensor] = []
        features = frames
        for level, encode in enumerate(self.encoder):
            features = encode(F.max_pool2d(features, 2) if level else features)
            skips.append(features)
        decoded: list[Tensor] = []
        for level in range(len(self.decoder) - 1, -1, -1):
            raised = F.interpolate(features, scale_factor=2, mode="bilinear")
            features = self.decoder[level](torch.cat([skips[level], raised], dim=1))
            decoded.append(features)
        return decoded[::-1]


def _level(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return two convolutions, each normalised and rectified."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )
