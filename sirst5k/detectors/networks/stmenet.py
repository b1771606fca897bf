"""STMENet: a detector of moving targets with one branch for the frame and one for the clip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sirst5k.detectors.networks import stmenet_weights
from sirst5k.detectors.networks.box_head import BoxHead
from sirst5k.detectors.networks.convolution_unit import ConvolutionUnit, scaled
from sirst5k.detectors.networks.darknet import Darknet
from sirst5k.detectors.networks.shuffle3d import Shuffle3D
from sirst5k.detectors.networks.temporal_encoder import TemporalEncoder
from sirst5k.detectors.networks.video_network import VideoNetwork, nearest_enlarged
from sirst5k.detectors.normalisation import IMAGENET
from sirst5k.errors import ParameterError, suggest

VARIANTS = ("daub", "irdst")


@dataclass(frozen=True, slots=True)
class STMENetConfig:
    """What an STMENet is made of; the defaults are the published ones but for grey input.

    Attributes
    ----------
    in_channels : int
        Channels of a frame.
    frames : int
        Of a clip, the one that boxes are wanted of last. The network takes any number; this
        is how many it is fed in training and in `stream`.
    classes : int
        Kinds of target.
    width : float
        Multiplies the published numbers of channels.
    variant : {"daub", "irdst"}
        The published model for DAUB and ITSDT-15K, or that for IRDST, which has one more
        block.
    dead_parts : bool
        Keep the blocks that the published ``daub`` model has and never calls, so that a state
        dict has every published entry.
    """

    in_channels: int = 1
    frames: int = 5
    classes: int = 1
    width: float = 1.0
    variant: str = "daub"
    dead_parts: bool = False

    def __post_init__(self) -> None:
        if min(self.in_channels, self.classes, self.frames) < 1:
            raise ParameterError(
                f"Expected at least one channel, class and frame for STMENet, got "
                f"{self.in_channels}, {self.classes} and {self.frames}."
            )
        if not (0 < self.width <= 8):
            raise ParameterError(f"Expected a width above 0, at most 8, got {self.width}.")
        if self.variant not in VARIANTS:
            raise ParameterError(
                f"STMENet has no variant {self.variant!r}.{suggest(self.variant, VARIANTS)}"
            )


class STMENet(VideoNetwork):
    """The group of SSTNet's STMENet, a spatial and a temporal network fused at three scales.

    9.9 million parameters and 20.8 GMAC for five frames of 512 × 512 at the published
    configuration: only the last frame goes through the spatial network.

    Parameters
    ----------
    config : STMENetConfig

    Examples
    --------
    >>> network = STMENet(STMENetConfig(width=0.1)).eval()
    >>> [tuple(raw.shape) for raw in network(torch.zeros(1, 1, 3, 64, 60))]
    [(1, 6, 8, 8)]
    """

    name = "stmenet"
    Config = STMENetConfig
    any_length = True
    dead_keys = stmenet_weights.DEAD
    published_normalisation = IMAGENET

    def __init__(self, config: STMENetConfig) -> None:
        super().__init__(config)
        width = scaled(128, config.width)
        self.spatial = Darknet(config.in_channels, config.width)
        self.temporal = Shuffle3D(config.in_channels, config.width)
        self.encoders = nn.ModuleList(
            TemporalEncoder(seen, self.temporal.outputs, width) for seen in self.spatial.widths[2:]
        )
        self.refine = _squeezed(2 * width, width) if config.variant == "irdst" else nn.Identity()
        self.lateral = ConvolutionUnit(2 * width, width)
        self.reduce = ConvolutionUnit(2 * width, width)
        self.head = BoxHead(width, scaled(256, config.width), config.classes)
        if config.dead_parts and config.variant == "daub":
            half = scaled(64, config.width)
            self.unused = nn.ModuleList(_squeezed(2 * width, half, width) for _ in range(2))
        self.initialise()

    @classmethod
    def read_config(cls, shapes: Mapping[str, tuple[int, ...]]) -> STMENetConfig:
        """Return the configuration that published weights of these shapes have."""
        return STMENetConfig(**stmenet_weights.read_options(shapes))

    @classmethod
    def published_keys(cls, config: STMENetConfig) -> dict[str, str]:
        """Return the network's own key for each published one."""
        return {stmenet_weights.published_key(key): key for key in cls.own_shapes(config)}

    def predict(self, clip: Tensor) -> list[Tensor]:
        """Return the raw map."""
        spatial = self.spatial(clip[:, :, -1])
        temporal = self.temporal(clip)
        eighth, sixteenth, last = (
            encode(seen, nearest_enlarged(temporal, factor))
            for encode, seen, factor in zip(self.encoders, spatial, (4, 2, 1), strict=True)
        )
        joined = torch.cat((nearest_enlarged(last, 2), sixteenth), dim=1)
        raised = nearest_enlarged(self.lateral(self.refine(joined)), 2)
        return [self.head(self.reduce(torch.cat((raised, eighth), dim=1)))]


def _squeezed(inputs: int, narrow: int, outputs: int | None = None) -> nn.Sequential:
    """Return three units of 1 × 1 through fewer channels."""
    return nn.Sequential(
        ConvolutionUnit(inputs, narrow),
        ConvolutionUnit(narrow, narrow),
        ConvolutionUnit(narrow, outputs or inputs),
    )
