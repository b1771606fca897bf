"""What a network expects of its input's grey levels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sirst5k.errors import ParameterError


@dataclass(frozen=True, slots=True)
class Normalisation:
    """``(x - mean) / std`` on an image in 0…1, one pair for each channel or one for all.

    Networks take what they are given; whoever feeds one (`NetworkDetector`, the trainer)
    applies this first. It travels with the weights, because a network is worthless without
    the numbers that it was trained with.

    Attributes
    ----------
    mean, std : tuple of float
        In fractions of full scale; std is positive.

    Examples
    --------
    >>> Normalisation((0.442,), (0.111,)).to_dict()
    {'mean': [0.442], 'std': [0.111]}
    """

    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        fits = len(self.mean) == len(self.std) and len(self.mean) > 0
        finite = all(math.isfinite(value) for value in (*self.mean, *self.std))
        if not (fits and finite and all(value > 0 for value in self.std)):
            raise ParameterError(
                f"Expected as many means as positive standard deviations, all finite, got "
                f"{list(self.mean)} and {list(self.std)}."
            )

    def to_dict(self) -> dict[str, list[float]]:
        """Return plain values that `from_dict` turns into the same normalisation."""
        return {"mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Normalisation:
        """Build it from what `to_dict` returns."""
        return cls(tuple(map(float, values["mean"])), tuple(map(float, values["std"])))

    def __call__(self, frames: Any) -> Any:
        """Return ``(B, C, …, H, W)`` frames or clips in 0…1, array or tensor, normalised.

        The result's kind, dtype and device are those of the frames.
        """
        mean, std = self._shaped(frames, self.mean), self._shaped(frames, self.std)
        return (frames - mean) / std

    def _shaped(self, frames: Any, values: tuple[float, ...]) -> Any:
        if len(values) == 1:
            return values[0]
        if len(values) != frames.shape[1]:
            raise ParameterError(
                f"Expected {len(values)} channels for this normalisation, got {frames.shape[1]}."
            )
        shape = (1, -1, *(1,) * (frames.ndim - 2))
        if hasattr(frames, "new_tensor"):
            return frames.new_tensor(values).view(shape)
        return np.asarray(values, frames.dtype).reshape(shape)


IMAGENET = Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""What DNANet and MSHNet were trained with."""
