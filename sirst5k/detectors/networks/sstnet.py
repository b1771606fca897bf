"""SSTNet: a detector of moving targets whose neck couples the frames of a clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sirst5k.detectors.networks import sstnet_weights
from sirst5k.detectors.networks.box_head import BoxHead
from sirst5k.detectors.networks.convolution_unit import scaled
from sirst5k.detectors.networks.cross_slice import CrossSlices
from sirst5k.detectors.networks.sstnet_parts import Extractor, MotionCouplingNeck
from sirst5k.detectors.networks.video_network import Extras, VideoNetwork
from sirst5k.detectors.normalisation import IMAGENET
from sirst5k.errors import ParameterError


@dataclass(frozen=True, slots=True)
class SSTNetConfig:
    """What an SSTNet is made of; the defaults are the published ones but for grey input.

    Attributes
    ----------
    in_channels : int
        Channels of a frame.
    frames : int
        Of a clip, the one that boxes are wanted of last; at least 2.
    classes : int
        Kinds of target.
    width : float
        Multiplies the published numbers of channels.
    slices, layers : int
        Of the cross-slice ConvLSTM; up to 10 each.
    motion_branch : bool
        Whether the ConvLSTM is there at all. Only training uses it.
    dead_parts : bool
        Keep the published parts that nothing depends on and no gradient reaches, so that a
        state dict has every published entry.
    """

    in_channels: int = 1
    frames: int = 5
    classes: int = 1
    width: float = 1.0
    slices: int = 1
    layers: int = 1
    motion_branch: bool = True
    dead_parts: bool = False

    def __post_init__(self) -> None:
        if min(self.in_channels, self.classes) < 1 or self.frames < 2:
            raise ParameterError(
                f"Expected at least one channel, one class and two frames for SSTNet, got "
                f"{self.in_channels}, {self.classes} and {self.frames}."
            )
        if not (0 < self.width <= 8):
            raise ParameterError(f"Expected a width above 0, at most 8, got {self.width}.")
        if not (1 <= self.slices <= 10 and 1 <= self.layers <= 10):
            raise ParameterError(
                f"Expected 1 to 10 slices and layers, got {self.slices} and {self.layers}."
            )


class MotionBranch(nn.Module):
    """The raw clip through a cross-slice ConvLSTM, to features like the extractor's.

    Parameters
    ----------
    config : SSTNetConfig
    outputs : int
        Channels of the extractor's features of a frame.
    """

    def __init__(self, config: SSTNetConfig, outputs: int) -> None:
        super().__init__()
        narrow, width = scaled(32, config.width), scaled(64, config.width)
        self.encode = nn.Sequential(
            nn.Conv2d(config.in_channels, narrow, 5, 4, 1, bias=False),
            nn.LeakyReLU(0.01),
            nn.Conv2d(narrow, width, 1, bias=False),
            nn.LeakyReLU(0.01),
        )
        self.memory = CrossSlices(width, config.slices, config.layers, config.dead_parts)
        self.decode = nn.Sequential(
            nn.Conv2d(config.frames * width, config.frames * outputs, 1, bias=False),
            nn.LeakyReLU(0.01),
        )

    def forward(self, clip: Tensor) -> Tensor:
        """Return ``(B, T · outputs, H / 8, W / 8)`` for a clip ``(B, C, T, H, W)``."""
        frames = clip.transpose(1, 2)
        encoded = self.encode(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        states, _ = self.memory(encoded)
        decoded = self.decode(states.flatten(1, 2))
        # 64 × 64 in the published code, which therefore trains at 512 × 512 only.
        size = (clip.shape[-2] // VideoNetwork.stride, clip.shape[-1] // VideoNetwork.stride)
        return F.adaptive_max_pool2d(decoded, size)


class SSTNet(VideoNetwork):
    """Chen et al., "SSTNet: Sliced Spatio-Temporal Network With Cross-Slice ConvLSTM".

    IEEE TGRS 62, 2024. At the published configuration 11.95 million parameters and 61.4 GMAC
    for five frames of 512 × 512 make the prediction. The ConvLSTM only supplies a loss that
    pulls the features of the frames towards its own; see the documentation for what of it
    has an effect.

    Parameters
    ----------
    config : SSTNetConfig

    Examples
    --------
    >>> network = SSTNet(SSTNetConfig(width=0.1)).eval()
    >>> [tuple(raw.shape) for raw in network(torch.zeros(1, 1, 5, 64, 60))]
    [(1, 6, 8, 8)]
    """

    name = "sstnet"
    Config = SSTNetConfig
    dead_keys = sstnet_weights.DEAD
    published_normalisation = IMAGENET

    def __init__(self, config: SSTNetConfig) -> None:
        super().__init__(config)
        self.extractor = Extractor(config.in_channels, config.width)
        width = self.extractor.outputs
        self.neck = MotionCouplingNeck(width, config.frames, config.dead_parts)
        self.head = BoxHead(width, scaled(256, config.width), config.classes)
        self.motion = MotionBranch(config, width) if config.motion_branch else None
        if config.dead_parts:
            self.unused = nn.Conv2d(config.frames * width, width, 1, bias=False)
        self.initialise()

    @classmethod
    def read_config(cls, shapes: Mapping[str, tuple[int, ...]]) -> SSTNetConfig:
        """Return the configuration that published weights of these shapes have."""
        return SSTNetConfig(**sstnet_weights.read_options(shapes))

    @classmethod
    def published_keys(cls, config: SSTNetConfig) -> dict[str, str]:
        """Return the network's own key for each published one."""
        return {sstnet_weights.published_key(key): key for key in cls.own_shapes(config)}

    def predict(self, clip: Tensor) -> list[Tensor]:
        """Return the raw map; neither the motion branch nor the dead parts are evaluated."""
        return [self.head(self.neck(self._features(clip)))]

    def learn(self, clip: Tensor) -> tuple[list[Tensor], Extras]:
        """Return the raw map, and how far the motion branch is from the frames' features."""
        features = self._features(clip)
        maps = [self.head(self.neck(features))]
        if self.motion is None:
            return maps, {}
        return maps, {"motion": F.mse_loss(self.motion(clip), torch.cat(features, dim=1))}

    def look(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        """Return a frame's features, and its share of the pairs with later frames."""
        features = self.extractor(frame)
        return features, self.neck.past_half(features)

    def join(self, seen: Sequence[tuple[Tensor, Tensor]]) -> list[Tensor]:
        """Return the raw map from what `look` returned for each frame of a clip."""
        features, halves = zip(*seen, strict=True)
        return [self.head(self.neck(features, halves[:-1]))]

    @property
    def repeated(self) -> tuple[nn.Module, ...]:
        """Neck and head but for the pairs' first convolution, whose kernel is taken in parts."""
        neck = self.neck
        pairs = (neck.pair[1], neck.mix_pairs)
        return (neck.gate, neck.current, neck.mix_current, *pairs, neck.final, self.head)

    def _features(self, clip: Tensor) -> list[Tensor]:
        if self.training:
            # One frame at a time: batch norms see the statistics of one, as published.
            return [self.extractor(frame) for frame in clip.unbind(2)]
        frames = clip.transpose(1, 2)
        together = self.extractor(frames.flatten(0, 1))
        return list(together.unflatten(0, frames.shape[:2]).unbind(1))
