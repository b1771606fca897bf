"""The frames of a video one by one through a video network."""

from __future__ import annotations

import copy
from collections import deque
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from sirst5k.detectors.networks.convolution_unit import ConvolutionUnit
from sirst5k.detectors.networks.fitting import pad_to_multiple
from sirst5k.detectors.networks.winograd import WinogradConvolution
from sirst5k.errors import ShapeError

if TYPE_CHECKING:
    from sirst5k.detectors.networks.video_network import VideoNetwork

# Kernels with fewer weights are as quick, or quicker, the usual way.
_LARGE = 128 * 128 * 9


class Stream:
    """Takes one frame after the other and returns the raw maps of each.

    Equal, up to rounding, to the network on the clip that ends at the frame; the beginning
    is filled with the first frame of the video, as published. What a frame alone decides is
    computed once, when it comes, and not again for each clip that it is part of.

    Parameters
    ----------
    network : VideoNetwork
        As it is now: a copy in evaluation mode is made, norms are folded into convolutions,
        and on a CPU large convolutions become `WinogradConvolution`.
    """

    def __init__(self, network: VideoNetwork) -> None:
        self.network = prepared(network)
        self._seen: deque[Any] = deque(maxlen=network.clip_length)
        self._shape: tuple[int, ...] | None = None

    def __call__(self, frame: Tensor) -> list[Tensor]:
        """Return the raw maps of the next frame.

        Parameters
        ----------
        frame : (B, C, H, W) floating
            Normalised as the network expects it; one frame of each of B videos.

        Raises
        ------
        ShapeError
            If it has another number of dimensions or channels, or another shape than the
            frames before.
        """
        shape = tuple(frame.shape)
        if frame.ndim != 4 or shape[1] != self.network.in_channels:
            raise ShapeError(
                f"Expected a frame of shape (B, {self.network.in_channels}, H, W) for "
                f"{self.network.name}, got {shape}."
            )
        if self._shape not in (None, shape):
            raise ShapeError(
                f"Expected the next frame of shape {self._shape}, got {shape}. Call restart() "
                f"before another video."
            )
        with torch.inference_mode():
            seen = self.network.look(pad_to_multiple(frame, self.network.multiple))
            self._seen.extend([seen] * (1 if self._seen else self.network.clip_length))
            self._shape = shape
            maps: list[Tensor] = self.network.join(tuple(self._seen))
        return maps

    def restart(self) -> None:
        """Forget the frames so far: another video begins."""
        self._seen.clear()
        self._shape = None


def prepared(network: VideoNetwork) -> VideoNetwork:
    """Return a copy in evaluation mode that computes the same faster, and cannot be trained."""
    ready: VideoNetwork = copy.deepcopy(network).eval().requires_grad_(False)
    cpu = next(ready.parameters()).device.type == "cpu"
    for module in ready.modules():
        if isinstance(module, ConvolutionUnit):
            module.conv = fuse_conv_bn_eval(module.conv, module.norm)
            module.norm = nn.Identity()
            if cpu:
                module.conv.to(memory_format=torch.channels_last)
    for part in ready.repeated if cpu else ():
        for module in part.modules():
            if isinstance(module, ConvolutionUnit) and _is_large(module.conv):
                module.conv = WinogradConvolution(module.conv)
    return ready


def _is_large(convolution: nn.Conv2d) -> bool:
    plain = convolution.kernel_size == (3, 3) and convolution.stride == (1, 1)
    return bool(plain and convolution.weight.numel() >= _LARGE)
