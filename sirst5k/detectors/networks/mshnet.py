"""MSHNet: a residual U-Net with a head at every scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sirst5k.detectors.networks.attention_block import PUBLISHED_PARTS, attention_stack
from sirst5k.detectors.networks.network import Network
from sirst5k.detectors.networks.published import count_numbered, kernel_shape, renamed
from sirst5k.detectors.normalisation import IMAGENET
from sirst5k.errors import ParameterError


@dataclass(frozen=True, slots=True)
class MSHNetConfig:
    """What an MSHNet is made of; the defaults are the published ones but for grey input.

    Attributes
    ----------
    in_channels : int
        Channels of a frame.
    widths : tuple of int
        Channels at full resolution and after each halving.
    blocks : tuple of int
        Blocks of encoder and decoder at each of these levels.
    deep_supervision : bool
        Whether the head of each scale is supervised as well as the prediction, which is
        made from all of them either way.
    """

    in_channels: int = 1
    widths: tuple[int, ...] = (16, 32, 64, 128, 256)
    blocks: tuple[int, ...] = (1, 2, 2, 2, 2)
    deep_supervision: bool = True

    def __post_init__(self) -> None:
        if self.in_channels < 1 or len(self.widths) < 2 or min(self.widths) < 1:
            raise ParameterError(
                f"Expected at least one channel and two positive widths, got "
                f"{self.in_channels} and {list(self.widths)}."
            )
        if len(self.blocks) != len(self.widths) or min(self.blocks) < 1:
            raise ParameterError(
                f"Expected a positive number of blocks for each of {len(self.widths)} widths, got "
                f"{list(self.blocks)}."
            )


class MSHNet(Network):
    """Liu et al., "Infrared Small Target Detection with Scale and Location Sensitivity".

    CVPR 2024. 4.1 million parameters, 6.0 GMAC for a frame of 256 × 256 at the published
    configuration. Its heads are one for each scale, finest first, each at its own resolution,
    and the prediction, which a convolution fuses from them.

    Parameters
    ----------
    config : MSHNetConfig

    Examples
    --------
    >>> network = MSHNet(MSHNetConfig(widths=(4, 8, 8), blocks=(1, 1, 1))).eval()
    >>> [tuple(head.shape[2:]) for head in network.heads(torch.zeros(1, 1, 32, 40))]
    [(32, 40), (16, 20), (32, 40)]
    """

    name = "mshnet"
    Config = MSHNetConfig
    published_normalisation = IMAGENET

    def __init__(self, config: MSHNetConfig) -> None:
        super().__init__(config)
        widths, blocks = config.widths, config.blocks
        self.stem = nn.Conv2d(config.in_channels, widths[0], 1)
        before = (widths[0], *widths[:-1])
        self.encoder = nn.ModuleList(map(attention_stack, before, widths, blocks))
        self.decoder = nn.ModuleList(
            attention_stack(upper + lower, upper, count)
            for (upper, lower), count in zip(pairwise(widths), blocks[:-1], strict=True)
        )
        self.outputs = nn.ModuleList(nn.Conv2d(width, 1, 1) for width in widths[:-1])
        self.fuse = nn.Conv2d(len(self.outputs), 1, 3, padding=1)

    @property
    def multiple(self) -> int:  # type: ignore[override]
        """Pixels by which height and width must be divisible inside the graph."""
        return 1 << len(self.decoder)

    @classmethod
    def read_config(cls, shapes: Mapping[str, tuple[int, ...]]) -> MSHNetConfig:
        """Return the configuration that published weights of these shapes have."""
        stem = kernel_shape(shapes, "conv_init.weight", "MSHNet")
        stages = [f"encoder_{k}" for k in range(count_numbered(shapes, _ENCODER))]
        stages.append("middle_layer")
        kernels = [kernel_shape(shapes, f"{s}.0.conv1.weight", "MSHNet") for s in stages]
        return MSHNetConfig(
            in_channels=stem[1],
            widths=tuple(kernel[0] for kernel in kernels),
            blocks=tuple(count_numbered(shapes, f"{s}.{{}}.conv1.weight") for s in stages),
        )

    @classmethod
    def published_keys(cls, config: MSHNetConfig) -> dict[str, str]:
        """Return the network's own key for each published one."""
        renaming = (
            (r"^stem\.", "conv_init."),
            (rf"^encoder\.{len(config.widths) - 1}\.", "middle_layer."),
            (r"^(encoder|decoder)\.", r"\1_"),
            (r"^outputs\.", "output_"),
            (r"^fuse\.", "final."),
            *PUBLISHED_PARTS,
        )
        return {renamed(key, renaming): key for key in cls.own_shapes(config)}

    def score_layers(self) -> tuple[list[nn.Conv2d], list[nn.Conv2d]]:
        """Return the head of each scale, and what fuses them."""
        return list(self.outputs), [self.fuse]

    def predict(self, frames: Tensor) -> Tensor:
        """Return the logits fused from all scales."""
        return self._fused(self._scales(frames))

    def supervise(self, frames: Tensor) -> list[Tensor]:
        """Return the heads of all scales, finest first, and the one fused from them."""
        if not self.config.deep_supervision:
            return [self.predict(frames)]
        scales = self._scales(frames)
        return [*scales, self._fused(scales)]

    def warm_up(self, frames: Tensor) -> list[Tensor]:
        """Return the finest head alone; the others and the fusion are not evaluated."""
        return [self.outputs[0](self._decode(frames)[0])]

    def _scales(self, frames: Tensor) -> list[Tensor]:
        """Return the logits at every scale, finest first."""
        decoded = self._decode(frames)
        return [head(features) for head, features in zip(self.outputs, decoded, strict=True)]

    def _fused(self, scales: list[Tensor]) -> Tensor:
        raised = [_enlarged(logits, 1 << level) for level, logits in enumerate(scales)]
        fused: Tensor = self.fuse(torch.cat(raised, dim=1))
        return fused

    def _decode(self, frames: Tensor) -> list[Tensor]:
        """Return the features of the decoder, finest first."""
        skips: list[Tensor] = []
        features = self.stem(frames)
        for level, encode in enumerate(self.encoder):
            features = encode(F.max_pool2d(features, 2) if level else features)
            skips.append(features)
        decoded: list[Tensor] = []
        for level in range(len(self.decoder) - 1, -1, -1):
            seen = torch.cat((skips[level], _enlarged(features, 2)), dim=1)
            features = self.decoder[level](seen)
            decoded.append(features)
        return decoded[::-1]


_ENCODER = "encoder_{}.0.conv1.weight"


def _enlarged(features: Tensor, factor: int) -> Tensor:
    """Interpolate between corner pixels, whose centres stay at the corners."""
    if factor == 1:
        return features
    return F.interpolate(features, scale_factor=factor, mode="bilinear", align_corners=True)
