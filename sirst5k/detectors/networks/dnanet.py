"""DNANet: a dense grid of nodes in which small targets survive the deep layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sirst5k.detectors.networks import dnanet_weights
from sirst5k.detectors.networks.attention_block import attention_stack
from sirst5k.detectors.networks.network import Network
from sirst5k.detectors.normalisation import IMAGENET
from sirst5k.errors import ParameterError, suggest

CHANNELS = {
    "one": (4, 8, 16, 32, 64),
    "two": (8, 16, 32, 64, 128),
    "three": (16, 32, 64, 128, 256),
    "four": (32, 64, 128, 256, 512),
}
BACKBONES = {
    "vgg_10": (1, 1, 1, 1),
    "resnet_10": (1, 1, 1, 1),
    "resnet_18": (2, 2, 2, 2),
    "resnet_34": (3, 4, 6, 3),
}
LEVELS = 5


@dataclass(frozen=True, slots=True)
class DNANetConfig:
    """What a DNANet is made of; the defaults are the published ones but for grey input.

    Attributes
    ----------
    in_channels : int
        Channels of a frame.
    channels : str or tuple of five int
        Channels at full resolution and after each halving, by the published name (``one`` to
        ``four``) or as numbers.
    backbone : {"resnet_18", "resnet_10", "resnet_34", "vgg_10"}
        How many blocks a node has, and whether they have a shortcut.
    deep_supervision : bool
        Whether the network also has the three auxiliary heads.
    """

    in_channels: int = 1
    channels: str | tuple[int, ...] = "three"
    backbone: str = "resnet_18"
    deep_supervision: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.channels, str) and self.channels not in CHANNELS:
            hint = suggest(self.channels, CHANNELS)
            raise ParameterError(f"DNANet has no channels {self.channels!r}.{hint}")
        if self.backbone not in BACKBONES:
            hint = suggest(str(self.backbone), BACKBONES)
            raise ParameterError(f"DNANet has no backbone {self.backbone!r}.{hint}")
        if self.in_channels < 1 or len(self.widths) != LEVELS or min(self.widths) < 1:
            raise ParameterError(
                f"Expected at least one input channel and five positive numbers of channels, got "
                f"{self.in_channels} and {list(self.widths)}."
            )

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the five levels, finest first."""
        return CHANNELS[self.channels] if isinstance(self.channels, str) else self.channels

    @property
    def blocks(self) -> tuple[int, ...]:
        """Blocks of a node at each of the five levels; always one at full resolution."""
        return (1, *BACKBONES[self.backbone])

    @property
    def residual(self) -> bool:
        """Whether the blocks have a shortcut."""
        return not self.backbone.startswith("vgg")


class DNANet(Network):
    """Li et al., "Dense Nested Attention Network for Infrared Small Target Detection".

    IEEE TIP 32, 1745-1758, 2023. Level i of the grid has 1/2^i of the resolution; its nodes
    j = 0, 1, … see all nodes of the level before them, the deeper level, and the finer one.
    4.7 million parameters, 13.9 GMAC for a frame of 256 × 256 at the published configuration.

    Parameters
    ----------
    config : DNANetConfig

    Examples
    --------
    >>> network = DNANet(DNANetConfig(channels="one", backbone="resnet_10")).eval()
    >>> network(torch.zeros(1, 1, 33, 40)).shape
    torch.Size([1, 1, 33, 40])
    """

    name = "dnanet"
    Config = DNANetConfig
    multiple = 1 << (LEVELS - 1)
    published_normalisation = IMAGENET

    def __init__(self, config: DNANetConfig) -> None:
        super().__init__(config)
        widths = config.widths
        self.nodes = nn.ModuleDict(
            {
                _node(level, place): attention_stack(
                    _node_inputs(config, level, place),
                    widths[level],
                    config.blocks[level],
                    config.residual,
                )
                for diagonal in range(LEVELS)
                for level, place in _along(diagonal)
            }
        )
        self.narrow = nn.ModuleList(nn.Conv2d(width, widths[0], 1) for width in widths[1:])
        self.merge = attention_stack(LEVELS * widths[0], widths[0], 1, config.residual)
        heads = LEVELS - 1 if config.deep_supervision else 1
        self.outputs = nn.ModuleList(nn.Conv2d(widths[0], 1, 1) for _ in range(heads))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.xavier_normal_(module.weight)

    @classmethod
    def read_config(cls, shapes: Mapping[str, tuple[int, ...]]) -> DNANetConfig:
        """Return the configuration that published weights of these shapes have."""
        return DNANetConfig(**dnanet_weights.read_options(shapes, CHANNELS, BACKBONES))

    @classmethod
    def published_keys(cls, config: DNANetConfig) -> dict[str, str]:
        """Return the network's own key for each published one."""
        heads = config.deep_supervision
        own = cls.own_shapes(config)
        return {dnanet_weights.published_key(key, heads): key for key in own}

    def score_layers(self) -> tuple[list[nn.Conv2d], list[nn.Conv2d]]:
        """Return the heads."""
        return list(self.outputs), []

    def predict(self, frames: Tensor) -> Tensor:
        """Return the logits of the merged levels alone."""
        logits: Tensor = self.outputs[-1](self._merged(self._grid(frames)))
        return logits

    def supervise(self, frames: Tensor) -> list[Tensor]:
        """Return the heads of nodes 1, 2 and 3 at full resolution, and the merged one."""
        grid = self._grid(frames)
        seen = [*grid[0][1 : LEVELS - 1], self._merged(grid)]
        return [
            head(features)
            for head, features in zip(self.outputs, seen[-len(self.outputs) :], strict=True)
        ]

    def _grid(self, frames: Tensor) -> list[list[Tensor]]:
        """Return the features of all nodes, by level and place."""
        grid: list[list[Tensor]] = [[] for _ in range(LEVELS)]
        for diagonal in range(LEVELS):
            for level, place in _along(diagonal):
                seen = _inputs(grid, frames, level, place)
                grid[level].append(self.nodes[_node(level, place)](seen))
        return grid

    def _merged(self, grid: list[list[Tensor]]) -> Tensor:
        """Return the last nodes of all levels, brought to full resolution and merged."""
        finest, *coarse = (row[-1] for row in grid)
        # Narrowed before they are enlarged: the same values, for a fraction of the work.
        raised = [
            _resized(narrow(features), *finest.shape[-2:])
            for narrow, features in zip(self.narrow, coarse, strict=True)
        ]
        merged: Tensor = self.merge(torch.cat((*raised[::-1], finest), dim=1))
        return merged


def _inputs(grid: list[list[Tensor]], frames: Tensor, level: int, place: int) -> Tensor:
    """Return what a node sees: its own level, the deeper one enlarged, the finer one reduced."""
    if place == 0:
        return F.max_pool2d(grid[level - 1][0], 2) if level else frames
    size = grid[level][0].shape[-2:]
    seen = [*grid[level], _resized(grid[level + 1][place - 1], *size)]
    if level:
        seen.append(_resized(grid[level - 1][place], *size))
    return torch.cat(seen, dim=1)


def _node_inputs(config: DNANetConfig, level: int, place: int) -> int:
    """Return the number of channels of the above."""
    widths = (config.in_channels, *config.widths)  # of the level before each
    if place == 0:
        return widths[level]
    finer = widths[level] if level else 0
    return place * widths[level + 1] + widths[level + 2] + finer


def _resized(features: Tensor, height: int, width: int) -> Tensor:
    """Interpolate between corner pixels, whose centres stay at the corners."""
    return F.interpolate(features, (height, width), mode="bilinear", align_corners=True)


def _along(diagonal: int) -> list[tuple[int, int]]:
    """Return level and place of the nodes of a diagonal; each needs those before it only."""
    return [(diagonal - place, place) for place in range(diagonal + 1)]


def _node(level: int, place: int) -> str:
    return f"{level}_{place}"
