"""DSTransNet: three kinds of convolution, and skips that attend to one another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sirst5k.detectors.networks import dstransnet_weights
from sirst5k.detectors.networks.cross_scale import CrossScaleTransformer
from sirst5k.detectors.networks.deformable import DeformableConv
from sirst5k.detectors.networks.gated_decoder import GatedDecoder
from sirst5k.detectors.networks.network import Network
from sirst5k.detectors.networks.three_branches import ThreeBranches
from sirst5k.errors import ParameterError


@dataclass(frozen=True, slots=True)
class DSTransNetConfig:
    """What a DSTransNet is made of; the defaults are the published ones but for grey input.

    Attributes
    ----------
    in_channels : int
        Channels of a frame.
    width : int
        Channels at full resolution, even; doubled with each of three halvings.
    layers : int
        Of the transformer.
    patch : int
        Side of the patches of the transformer in pixels of the frame, a multiple of 8.
    wavelet_levels : tuple of five int
        Of the encoder stages, finest first.
    deep_supervision : bool
        Whether the network also has the five auxiliary heads.
    zero_offsets : bool
        Start training with a regular kernel, as deformable convolutions are meant to, instead
        of the random offsets of the published code.
    """

    in_channels: int = 1
    width: int = 32
    layers: int = 4
    patch: int = 16
    wavelet_levels: tuple[int, ...] = (7, 6, 5, 4, 3)
    deep_supervision: bool = True
    zero_offsets: bool = False

    def __post_init__(self) -> None:
        if self.in_channels < 1 or self.layers < 1:
            raise ParameterError(
                f"Expected at least one channel and one layer, got {self.in_channels} and "
                f"{self.layers}."
            )
        if self.width < 2 or self.width % 2:
            raise ParameterError(f"Expected a width that is even and positive, got {self.width}.")
        if self.patch < 8 or self.patch % 8:
            raise ParameterError(f"Expected a patch that is a multiple of 8, got {self.patch}.")
        if len(self.wavelet_levels) != 5 or min(self.wavelet_levels) < 1:
            raise ParameterError(
                f"Expected wavelet levels for five stages, at least 1 each, got "
                f"{list(self.wavelet_levels)}."
            )

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the four skip connections, finest first."""
        return tuple(self.width << scale for scale in range(4))

    @property
    def patches(self) -> tuple[int, ...]:
        """Sides of the patches in pixels of each scale, finest first."""
        return tuple(self.patch >> scale for scale in range(4))


class DSTransNet(Network):
    """Huang et al., "Dynamic Feature Selection", 2025.

    U-shaped, with three branches in each encoder stage, a transformer over the skips of all
    scales, and gates on them in the decoder. 18.8 million parameters, 21.6 GMAC for a frame
    of 256 × 256 at the published configuration. Its heads are four coarse ones from the
    deepest to the finest, one fused from them and the prediction, and the prediction.

    Parameters
    ----------
    config : DSTransNetConfig

    Examples
    --------
    >>> config = DSTransNetConfig(width=2, layers=1, wavelet_levels=(1, 1, 1, 1, 1))
    >>> network = DSTransNet(config).eval()
    >>> network(torch.zeros(1, 1, 33, 40)).shape
    torch.Size([1, 1, 33, 40])
    """

    name = "dstransnet"
    Config = DSTransNetConfig
    dead_keys = dstransnet_weights.DEAD_KEYS

    def __init__(self, config: DSTransNetConfig) -> None:
        super().__init__(config)
        widths = config.widths
        ins, outs = (config.in_channels, *widths), (*widths, widths[-1])
        self.encoder = nn.ModuleList(map(ThreeBranches, ins, outs, config.wavelet_levels))
        self.transformer = CrossScaleTransformer(widths, config.patches, config.layers)
        self.decoder = nn.ModuleList(map(GatedDecoder, widths, (widths[0], *widths[:-1])))
        self.output = nn.Conv2d(widths[0], 1, 1)
        if config.deep_supervision:
            # Finest first: of the decoder's stages but the last, and of the deepest encoder.
            self.auxiliary = nn.ModuleList(nn.Conv2d(width, 1, 1) for width in widths)
            self.fused = nn.Conv2d(5, 1, 1)
        self.apply(_initialise)
        if config.zero_offsets:
            for module in self.modules():
                if isinstance(module, DeformableConv):
                    nn.init.zeros_(module.steering.weight)

    @property
    def multiple(self) -> int:  # type: ignore[override]
        """Pixels by which height and width must be divisible inside the graph."""
        return math.lcm(16, self.config.patch)

    @classmethod
    def read_config(cls, shapes: Mapping[str, tuple[int, ...]]) -> DSTransNetConfig:
        """Return the configuration that published weights of these shapes have."""
        return DSTransNetConfig(**dstransnet_weights.read_options(shapes))

    @classmethod
    def published_keys(cls, config: DSTransNetConfig) -> dict[str, str]:
        """Return the network's own key for each published one."""
        return dstransnet_weights.published_keys(cls.own_shapes(config))

    def score_layers(self) -> tuple[list[nn.Conv2d], list[nn.Conv2d]]:
        """Return the main and the coarse heads, and what fuses them."""
        if not self.config.deep_supervision:
            return [self.output], []
        return [self.output, *self.auxiliary], [self.fused]

    def predict(self, frames: Tensor) -> Tensor:
        """Return the logits of the main head, the published prediction."""
        logits: Tensor = self.output(self._decode(frames)[-1])
        return logits

    def supervise(self, frames: Tensor) -> list[Tensor]:
        """Return the heads: 1/16, 1/8, 1/4, 1/2, raised to full size; fused; main."""
        *coarse, finest = self._decode(frames)
        main = self.output(finest)
        if not self.config.deep_supervision:
            return [main]
        heads = [
            F.interpolate(
                head(feature), size=frames.shape[-2:], mode="bilinear", align_corners=True
            )
            for head, feature in zip(reversed(self.auxiliary), coarse, strict=True)
        ]
        return [*heads, self.fused(torch.cat((*heads, main), dim=1)), main]

    def _decode(self, frames: Tensor) -> list[Tensor]:
        """Return the deepest feature and what each decoder stage makes of it."""
        features: list[Tensor] = []
        for encode in self.encoder:
            features.append(encode(F.max_pool2d(features[-1], 2) if features else frames))
        *skips, deepest = features
        decoded = [deepest]
        for decode, skip in zip(
            reversed(self.decoder), reversed(self.transformer(skips)), strict=True
        ):
            decoded.append(decode(decoded[-1], skip))
        return decoded


def _initialise(module: nn.Module) -> None:
    """Draw weights as the authors do; what is not named here keeps its own start."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
