"""Flips and quarter turns of whole clips: the same for every frame, exact for boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError
from sirst5k.training.augmentation import Augmentation
from sirst5k.training.frames.batch import send

if TYPE_CHECKING:
    from torch import Tensor

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Turns:
    """What happens to each of B clips.

    Attributes
    ----------
    horizontal, vertical : (B,) bool
        Left and right, top and bottom swapped.
    turned : (B,) bool
        By 90° counter-clockwise, after that.
    """

    horizontal: Flags
    vertical: Flags
    turned: Flags


def check(augmentation: Augmentation) -> None:
    """Raise `ParameterError` unless an augmentation asks for flips and turns alone.

    Rescaling and blurring would change what a detector of moving targets looks for from one
    clip to the next; frames are letterboxed to `Augmentation.crop` instead.
    """
    plain = Augmentation(scale_range=(1.0, 1.0), blur=0.0)
    for key in ("base", "scale_range", "pad", "blur", "on_target"):
        if tuple_of(getattr(augmentation, key)) != tuple_of(getattr(plain, key)):
            raise ParameterError(
                f"augmentation.{key}: clips are letterboxed, flipped and turned, and nothing "
                f"else. Expected {getattr(plain, key)}, got {getattr(augmentation, key)}."
            )


def tuple_of(value: Any) -> Any:
    """Return a list as a tuple, anything else as it is."""
    return tuple(value) if isinstance(value, list) else value


def draw(augmentation: Augmentation, clips: int, rng: np.random.Generator) -> Turns:
    """Draw what happens to so many clips; as many random numbers whatever is switched on."""
    lots = rng.random((clips, 3))
    chances = (
        augmentation.flip_horizontal,
        augmentation.flip_vertical,
        augmentation.quarter_turn,
    )
    return Turns(*np.ascontiguousarray((lots < np.array(chances)).T))


def turn_clips(clips: Tensor, turns: Turns) -> Tensor:
    """Flip and turn (B, T, S, S) clips, on their device."""
    if turns.horizontal.any():
        clips = _chosen(turns.horizontal, clips.flip(-1), clips)
    if turns.vertical.any():
        clips = _chosen(turns.vertical, clips.flip(-2), clips)
    if turns.turned.any():
        clips = _chosen(turns.turned, clips.rot90(1, (-2, -1)), clips)
    return clips


def _chosen(flags: Flags, changed: Tensor, clips: Tensor) -> Tensor:
    import torch

    return torch.where(send(flags, clips.device)[:, None, None, None], changed, clips)


def turn_boxes(boxes: NDArray[np.float32], turns: Turns, side: int) -> NDArray[np.float32]:
    """Flip and turn (B, M, 4) boxes: x1, y1, x2, y2 of clips whose frames have that side."""
    x1, y1, x2, y2 = np.moveaxis(boxes, -1, 0)
    across = turns.horizontal[:, None]
    x1, x2 = np.where(across, side - x2, x1), np.where(across, side - x1, x2)
    over = turns.vertical[:, None]
    y1, y2 = np.where(over, side - y2, y1), np.where(over, side - y1, y2)
    turned = turns.turned[:, None]  # the right edge becomes the top
    x1, y1, x2, y2 = (
        np.where(turned, y1, x1),
        np.where(turned, side - x2, y1),
        np.where(turned, y2, x2),
        np.where(turned, side - x1, y2),
    )
    return np.stack([x1, y1, x2, y2], axis=-1).astype(np.float32)
