"""The frames of a video one by one through a video network."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from sirst5k.errors import ShapeError

if TYPE_CHECKING:
    from sirst5k.detectors.networks.video_network import VideoNetwork


class Stream:
    """Takes one frame after the other and returns the raw maps of each.

    Equal to the network on the clip that ends at the frame, whose beginning is filled with
    the first frame of the video, as published.

    Parameters
    ----------
    network : VideoNetwork
        In evaluation mode.
    """

    def __init__(self, network: VideoNetwork) -> None:
        self.network = network
        self._frames: deque[Tensor] = deque(maxlen=network.clip_length)

    def __call__(self, frame: Tensor) -> list[Tensor]:
        """Return the raw maps of the next ``(B, C, H, W)`` frame.

        Raises
        ------
        ShapeError
            If it has another shape than the frames before.
        """
        if self._frames and self._frames[-1].shape != frame.shape:
            raise ShapeError(
                f"Expected the next frame of shape {tuple(self._frames[-1].shape)}, got "
                f"{tuple(frame.shape)}. Call restart() before another video."
            )
        self._frames.extend([frame] * (1 if self._frames else self.network.clip_length))
        with torch.inference_mode():
            maps: list[Tensor] = self.network(torch.stack(tuple(self._frames), dim=2))
        return maps

    def restart(self) -> None:
        """Forget the frames so far: another video begins."""
        self._frames.clear()
