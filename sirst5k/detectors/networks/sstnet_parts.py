"""SSTNet between frames and head: the features of one frame, and the neck that joins five."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sirst5k.detectors.networks.convolution_unit import ConvolutionUnit, pair_of_units
from sirst5k.detectors.networks.darknet import Darknet, PartialStage
from sirst5k.detectors.networks.video_network import nearest_enlarged


class Extractor(nn.Module):
    """A Darknet and a feature pyramid, for one frame.

    Parameters
    ----------
    in_channels : int
    width : float
        Multiplies the published numbers of channels.
    """

    def __init__(self, in_channels: int, width: float = 1.0) -> None:
        super().__init__()
        self.body = Darknet(in_channels, width)
        eighth, sixteenth, last = self.body.widths[2:]
        self.lateral = ConvolutionUnit(last, sixteenth)
        self.merge_sixteenth = PartialStage(2 * sixteenth, sixteenth, 1, shortcut=False)
        self.reduce = ConvolutionUnit(sixteenth, eighth)
        self.merge_eighth = PartialStage(2 * eighth, eighth, 1, shortcut=False)
        self.outputs = eighth

    def forward(self, frames: Tensor) -> Tensor:
        """Return the ``(B, outputs, H / 8, W / 8)`` features of ``(B, C, H, W)`` frames."""
        eighth, sixteenth, last = self.body(frames)
        raised = nearest_enlarged(self.lateral(last), 2)
        middle = self.merge_sixteenth(torch.cat((raised, sixteenth), dim=1))
        raised = nearest_enlarged(self.reduce(middle), 2)
        features: Tensor = self.merge_eighth(torch.cat((raised, eighth), dim=1))
        return features


class MotionCouplingNeck(nn.Module):
    """Joins the features of all frames to those of the last one.

    Parameters
    ----------
    width : int
        Channels of a frame's features.
    frames : int
        Of a clip.
    dead_parts : bool
        Keep the weight of the last frame, which nothing reads.
    """

    def __init__(self, width: int, frames: int, dead_parts: bool) -> None:
        super().__init__()
        past = frames - 1
        self.gate = pair_of_units(past * width, 2 * width, width, gate=True)
        self.current = pair_of_units(width, width, width)
        self.mix_current = pair_of_units(2 * width, 2 * width, width)
        self.pair = pair_of_units(2 * width, 2 * width, width)
        self.mix_pairs = pair_of_units(width, width, width)
        self.final = pair_of_units(2 * width, 2 * width, width)
        # 1 / past is 0.25 for the published five frames, of which the last weight is dead.
        self.frame_weights = nn.ParameterList(
            nn.Parameter(torch.full((1,), 1 / past)) for _ in range(frames if dead_parts else past)
        )

    def forward(self, frames: Sequence[Tensor], halves: Sequence[Tensor] | None = None) -> Tensor:
        """Return the ``(B, width, h, w)`` features for the head.

        Parameters
        ----------
        frames : sequence of (B, width, h, w) floating
            Features of each frame, the last one's last.
        halves : sequence of (B, 2 · width, h, w) floating, optional
            What `past_half` returned for each but the last, where it is known already.
        """
        *past, key = frames
        gated = self.current(self.gate(torch.cat(past, dim=1)) * key)
        gated = self.mix_current(torch.cat((gated, key), dim=1))
        if halves is None:
            halves = [self.past_half(features) for features in past]
        first, second = self.pair
        # A pair's first convolution is the sum of one of the past frame and one of the last
        # frame, which is the same for all pairs. Norms see one pair at a time, as published.
        shared = first.part(key, key.shape[1])
        joined: Any = 0.0
        for half, weight in zip(halves, self.frame_weights, strict=False):
            joined = joined + weight * second(first.finish(half + shared))
        result: Tensor = self.final(torch.cat((self.mix_pairs(joined), gated), dim=1))
        return result

    def past_half(self, features: Tensor) -> Tensor:
        """Return what a frame contributes to every pair in which it is the earlier one."""
        half: Tensor = self.pair[0].part(features, 0)
        return half
