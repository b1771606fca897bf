"""What every segmentation network is: frames in, logits out, at any size."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor, nn

from sirst5k.detectors.networks.described import DescribedNetwork
from sirst5k.detectors.networks.fitting import crop_heads, pad_to_multiple
from sirst5k.detectors.networks.prior import begin_at
from sirst5k.errors import ParameterError, ShapeError


class Network(DescribedNetwork):
    """Base of the networks that map a frame to a map of logits.

    A subclass says its name, its `Config` and the `multiple` of its graph, and implements
    `supervise`, `score_layers` and, where the prediction costs less alone, `predict`. Frames
    of any size are padded here to that multiple, by repeating the border, and the maps
    cropped back.

    Parameters
    ----------
    config : dataclass
        The subclass's `Config`: everything needed to make the same network again.
    """

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

    def begin_at(self, probability: float) -> None:
        """Let fresh heads begin at a probability of target; published ones begin anywhere.

        Parameters
        ----------
        probability : float
            See `sirst5k.detectors.networks.prior.begin_at`.

        Raises
        ------
        ParameterError
            If it is not between 0 and 1.
        """
        begin_at(probability, *self.score_layers())

    def score_layers(self) -> tuple[list[nn.Conv2d], list[nn.Conv2d]]:
        """Return the layers from features to logits, and those from logits to logits.

        Raises
        ------
        ParameterError
            If the network does not say them.
        """
        raise ParameterError(
            f"Expected a network that says which its heads are, so that they can begin at a "
            f"prior; {self.name} does not. Train it with prior=null."
        )

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
