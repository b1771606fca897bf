"""The augmentation of training frames: flips, turn, rescaling, padding, crop and blur."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sirst5k.errors import ParameterError, suggest
from sirst5k.training.augmentation_drawing import AugmentationParameters, draw_parameters
from sirst5k.training.frames.batch import FrameBatch, Indices
from sirst5k.training.frames.store import FrameTable

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["PUBLISHED", "Augmentation", "AugmentationParameters", "apply", "draw"]

PADS = ("end", "both")


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How a frame becomes a training crop; the steps happen in the order of the parameters.

    Parameters
    ----------
    crop : int
        Side of the square that comes out, in pixels.
    base : int, optional
        What `scale_range` is relative to, in pixels; None means the frame's own long side.
    scale_range : (low, high)
        The long side becomes a whole number of pixels, uniform in ``[int(low * base),
        int(high * base)]``; the short side follows, rounded half up. Images bilinearly,
        masks to nearest.
    flip_horizontal, flip_vertical : float
        Probability of swapping left and right, or top and bottom.
    quarter_turn : float
        Probability of a turn by 90° counter-clockwise, after the flips and before rescaling.
    pad : str
        Where zeros are added to sides shorter than the crop: at the ``end`` (right and
        bottom), or on ``both`` sides alike, one pixel too many where the gap is odd.
    blur : float
        Probability of a Gaussian blur of the crop's image.
    blur_radius_range : (low, high)
        Its standard deviation in pixels, uniform.
    on_target : float
        Probability that the crop, where the frame has targets, is placed so that a randomly
        chosen one lies inside, as far as it fits; else its place is uniform.

    Raises
    ------
    ParameterError
        If a value is out of range.
    """

    crop: int = 256
    base: int | None = None
    scale_range: tuple[float, float] = (0.5, 2.0)
    flip_horizontal: float = 0.5
    flip_vertical: float = 0.0
    quarter_turn: float = 0.0
    pad: str = "end"
    blur: float = 0.5
    blur_radius_range: tuple[float, float] = (0.0, 1.0)
    on_target: float = 0.0

    def __post_init__(self) -> None:
        for key in ("crop", "base"):
            value = getattr(self, key)
            if value is not None and value < 1:
                raise ParameterError(f"augmentation.{key}: expected at least 1, got {value}.")
        for key in ("flip_horizontal", "flip_vertical", "quarter_turn", "blur", "on_target"):
            value = getattr(self, key)
            if not 0 <= value <= 1:
                raise ParameterError(
                    f"augmentation.{key}: expected a probability in [0, 1], got {value}."
                )
        self._check_range("scale_range", positive=True)
        self._check_range("blur_radius_range", positive=False)
        if self.pad not in PADS:
            raise ParameterError(
                f"augmentation.pad: no such choice {self.pad!r}.{suggest(str(self.pad), PADS)}"
            )

    def _check_range(self, key: str, positive: bool) -> None:
        value = getattr(self, key)
        fits = len(value) == 2 and 0 <= value[0] <= value[1] < np.inf
        if not fits or (positive and value[0] == 0):
            least = "0 <" if positive else "0 <="
            raise ParameterError(
                f"augmentation.{key}: expected [low, high] with {least} low <= high, "
                f"got {list(value)}."
            )


# Sources: ../shared/protocol/training.md section 1 and ../shared/networks/single-frame.md
# section 6. DSTransNet takes base and crop 512 for SIRST and IRSTD-1k.
PUBLISHED = {
    "dnanet": Augmentation(base=256),
    "mshnet": Augmentation(base=256),
    "dstransnet": Augmentation(
        base=256,
        scale_range=(1.0, 1.1),
        flip_vertical=0.5,
        quarter_turn=0.5,
        pad="both",
        blur=0.0,
    ),
}


def draw(
    augmentation: Augmentation, table: FrameTable, indices: Indices, rng: np.random.Generator
) -> AugmentationParameters:
    """Draw the concrete parameters of every frame of a batch.

    A fixed count of random numbers is used up for each frame, whatever is switched on.

    Parameters
    ----------
    augmentation : Augmentation
    table : FrameTable
        The frames, or a `FrameStore`; only shapes and boxes are looked at.
    indices : sequence of int
        Which of them are in the batch.
    rng : numpy.random.Generator
    """
    return draw_parameters(augmentation, table, indices, rng)


def apply(
    batch: FrameBatch, augmentation: Augmentation, parameters: AugmentationParameters
) -> tuple[Tensor, Tensor]:
    """Make the training crops of a batch, on the device that its frames are on.

    All steps of a frame are one pair of matrices, all frames of a batch one product; see
    `sirst5k.training.resampling`.

    Parameters
    ----------
    batch : FrameBatch
    augmentation : Augmentation
        Only its `crop` is looked at.
    parameters : AugmentationParameters
        From `draw` with the same frames.

    Returns
    -------
    images : (B, 1, crop, crop) float32
        Fractions of full scale, whether or not autocast is on.
    masks : (B, 1, crop, crop) float32
        0 and 1.
    """
    from sirst5k.training.resampling import resample

    return resample(batch.images, batch.masks, parameters, augmentation.crop)
