"""What every segmentation network is: frames in, logits out, at any size."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from sirst5k.detectors.networks.fitting import crop_heads, pad_to_multiple
from sirst5k.detectors.normalisation import Normalisation
from sirst5k.errors import ShapeError, WeightsError


class Network(nn.Module):
    """Base of the networks that map a frame to a map of logits.

    A subclass says its name, its `Config` and the `multiple` of its graph, and implements
    `supervise` and, where the prediction costs less alone, `predict`. Frames of any size
    are padded here to that multiple, by repeating the border, and the maps cropped back.

    Where weights of another code are published, a subclass also says how they are read:
    `read_config`, `published_keys`, `dead_keys` and `published_normalisation`.

    Parameters
    ----------
    config : dataclass
        The subclass's `Config`: everything needed to make the same network again.

    Attributes
    ----------
    normalisation : Normalisation
        What whoever feeds the network applies to frames in 0…1 first; not applied here.
    dead_keys : tuple of str
        Patterns, as of `fnmatch`, of published entries that no output depends on.
    published_normalisation : Normalisation
        What the published weights were trained with.
    """

    name: ClassVar[str]
    Config: ClassVar[type]
    multiple: ClassVar[int]
    dead_keys: ClassVar[tuple[str, ...]] = ()
    published_normalisation: ClassVar[Normalisation] = Normalisation()

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config
        self.normalisation = Normalisation()

    @property
    def in_channels(self) -> int:
        """Channels of a frame."""
        return int(self.config.in_channels)

    def forward(self, frames: Tensor) -> Tensor:
        """Return the logits of the prediction.

        Parameters
        ----------
        frames : (B, C, H, W) floating
            Of any height and width.

        Returns
        -------
        (B, 1, H, W) floating

        Raises
        ------
        ShapeError
            If the frames have another number of dimensions or channels.
        """
        self._check(frames)
        logits = self.predict(pad_to_multiple(frames, self.multiple))
        return logits[..., : frames.shape[-2], : frames.shape[-1]]

    def heads(self, frames: Tensor, warming_up: bool = False) -> list[Tensor]:
        """Return the logits of every supervised head, the prediction last.

        Parameters
        ----------
        frames : (B, C, H, W) floating
            Of any height and width.
        warming_up : bool
            Only the heads that the published training supervises in its first epochs;
            makes a difference to MSHNet alone.

        Returns
        -------
        list of (B, 1, h, w) floating
            In the published order. A head at 1/2^k of the resolution is
            ``ceil(H / 2^k) × ceil(W / 2^k)``.
        """
        self._check(frames)
        padded = pad_to_multiple(frames, self.multiple)
        maps = self.warm_up(padded) if warming_up else self.supervise(padded)
        return crop_heads(maps, padded.shape, frames.shape)

    def predict(self, frames: Tensor) -> Tensor:
        """Return the prediction's logits for frames whose size fits the graph."""
        return self.supervise(frames)[-1]

    @abstractmethod
    def supervise(self, frames: Tensor) -> list[Tensor]:
        """Return the logits of the supervised heads for frames whose size fits the graph."""

    def warm_up(self, frames: Tensor) -> list[Tensor]:
        """Return the logits of the heads that are supervised in the first epochs."""
        return self.supervise(frames)

    @classmethod
    def read_config(cls, shapes: Mapping[str, tuple[int, ...]]) -> Any:
        """Return the configuration that published weights have.

        Parameters
        ----------
        shapes : mapping of str to tuple of int
            Shape of each entry under its published key, without wrappers and prefixes.

        Raises
        ------
        WeightsError
            If they are not weights of this network; it names the entry that does not fit.
        """
        raise WeightsError(
            f"Expected weights of {cls.name} that say their configuration, got {len(shapes)} bare "
            f"tensors, from which it cannot be read. Give a file that sirst5k wrote."
        )

    @classmethod
    def published_keys(cls, config: Any) -> dict[str, str]:
        """Return the network's own key for each published one, dead ones left out.

        Parameters
        ----------
        config : dataclass
            What `read_config` returned.

        Returns
        -------
        dict of str to str
            As many entries as `state_dict` has. Keys are their own where no other code is
            published.
        """
        return {key: key for key in cls.own_shapes(config)}

    @classmethod
    def own_shapes(cls, config: Any) -> dict[str, tuple[int, ...]]:
        """Return the shape of each entry of `state_dict`, without making the tensors."""
        with torch.device("meta"):
            state = cls(config).state_dict()
        return {key: tuple(values.shape) for key, values in state.items()}

    def describe(self) -> dict[str, Any]:
        """Return name, configuration and normalisation as plain values."""
        return {
            "name": self.name,
            "config": asdict(self.config),
            "normalisation": self.normalisation.to_dict(),
        }

    def _check(self, frames: Tensor) -> None:
        if frames.ndim != 4 or frames.shape[1] != self.in_channels:
            raise ShapeError(
                f"Expected frames of shape (B, {self.in_channels}, H, W) for {self.name}, got "
                f"{tuple(frames.shape)}."
            )
        if not frames.is_floating_point():
            raise ShapeError(
                f"Expected floating frames for {self.name}, got {frames.dtype}. Divide by full "
                f"scale and apply the network's normalisation first."
            )
