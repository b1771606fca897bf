"""What every video network is: a clip in, raw boxes of its last frame out, at any size."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from sirst5k.detectors.networks.described import DescribedNetwork
from sirst5k.detectors.networks.fitting import pad_to_multiple
from sirst5k.detectors.networks.prior import begin_at
from sirst5k.errors import ShapeError

if TYPE_CHECKING:
    from sirst5k.detectors.networks.streaming import Stream

Extras = dict[str, Tensor]
"""Further terms of a training, each a scalar, by name."""


class VideoNetwork(DescribedNetwork):
    """Base of the networks that map a clip to the boxes of its last frame.

    A subclass says its name and its `Config`, and implements `predict` and, where training
    asks for more than the prediction, `learn`. Clips of any size are padded here to the
    network's multiple, by repeating the right and bottom border: coordinates hold, and the
    raw map covers the padded frame.

    A raw map has a cell for `stride` × `stride` pixels and, in this order, the channels dx,
    dy, log w, log h, the logit of objectness, and one logit for each class;
    `sirst5k.detectors.boxes.detections` turns it into boxes.

    Parameters
    ----------
    config : dataclass
        With the fields `in_channels`, `frames` and `classes`.
    """

    multiple = 32
    stride = 8
    any_length = False

    @property
    def clip_length(self) -> int:
        """Frames of a clip, the one that boxes are wanted of last."""
        return int(self.config.frames)

    @property
    def classes(self) -> int:
        """Kinds of target."""
        return int(self.config.classes)

    def forward(self, clip: Tensor) -> list[Tensor]:
        """Return the raw maps of the last frame, in training and in evaluation mode alike.

        Parameters
        ----------
        clip : (B, C, T, H, W) floating
            Frames in chronological order, of any height and width.

        Returns
        -------
        list of one (B, 5 + classes, h, w) tensor
            With ``h = ceil(H / 32) · 4``, and w alike.

        Raises
        ------
        ShapeError
            If the clip has another number of dimensions, channels or frames.
        """
        self.check(clip)
        return self.predict(_padded(clip, self.multiple))

    def supervise(self, clip: Tensor) -> tuple[list[Tensor], Extras]:
        """Return the raw maps, and the further terms of the training's loss.

        Parameters
        ----------
        clip : (B, C, T, H, W) floating

        Returns
        -------
        maps : list of (B, 5 + classes, h, w) tensors
            As `forward` returns them.
        extras : dict of str to () tensor
            ``motion`` where the network has a motion branch; weights are the loss's.
        """
        self.check(clip)
        return self.learn(_padded(clip, self.multiple))

    @abstractmethod
    def predict(self, clip: Tensor) -> list[Tensor]:
        """Return the raw maps of a clip whose size fits the graph."""

    def learn(self, clip: Tensor) -> tuple[list[Tensor], Extras]:
        """Return the raw maps and further terms of a clip whose size fits the graph."""
        return self.predict(clip), {}

    def look(self, frame: Tensor) -> Any:
        """Return what a frame whose size fits the graph decides without the others."""
        return frame

    def join(self, seen: Sequence[Any]) -> list[Tensor]:
        """Return the raw maps from what `look` returned for each frame of a clip."""
        return self.predict(torch.stack(tuple(seen), dim=2))

    @property
    def repeated(self) -> tuple[nn.Module, ...]:
        """The parts, apart from `look`, that a stream runs once a frame as they are."""
        return ()

    def stream(self) -> Stream:
        """Return what takes the frames of a video one by one, and gives the same maps."""
        from sirst5k.detectors.networks.streaming import Stream

        return Stream(self)

    def initialise(self) -> None:
        """Draw fresh weights as published: convolutions N(0, 0.02²), 2-D norms N(1, 0.02²)."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Conv3d):
                nn.init.normal_(module.weight, 0.0, 0.02)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.weight, 1.0, 0.02)

    def begin_at(self, probability: float) -> None:
        """Let objectness and classes of every cell begin near a probability.

        As YOLOX has it, and the published video codes do not: theirs begin near one half in
        thousands of cells, of which a few hold a target.

        Parameters
        ----------
        probability : float
            See `sirst5k.detectors.networks.prior.begin_at`.

        Raises
        ------
        ParameterError
            If it is not between 0 and 1.
        """
        begin_at(probability, [self.head.objectness, self.head.class_logits], [])

    def check(self, clip: Tensor) -> None:
        """Raise `ShapeError` if a clip is none that the network takes."""
        wanted = "T" if self.any_length else self.clip_length
        fits = clip.ndim == 5 and clip.shape[1] == self.in_channels and 0 not in clip.shape
        if not fits or clip.shape[2] != (clip.shape[2] if self.any_length else wanted):
            raise ShapeError(
                f"Expected clips of shape (B, {self.in_channels}, {wanted}, H, W) for "
                f"{self.name}, got {tuple(clip.shape)}."
            )
        if not clip.is_floating_point():
            raise ShapeError(
                f"Expected floating clips for {self.name}, got {clip.dtype}. Divide by full "
                f"scale and apply the network's normalisation first."
            )


def _padded(clip: Tensor, multiple: int) -> Tensor:
    flat = pad_to_multiple(clip.flatten(1, 2), multiple)
    return flat.unflatten(1, clip.shape[1:3]) if flat.shape[-2:] != clip.shape[-2:] else clip


def nearest_enlarged(features: Tensor, factor: int) -> Tensor:
    """Repeat every cell `factor` times along both axes."""
    return torch.nn.functional.interpolate(features, scale_factor=factor, mode="nearest")
