"""Batches of images and masks: what is accepted, and how they look to the operations.

Every operation sees planes: a frame of an image batch is one plane, a clip has one for each
channel and frame. What is done to a sample is done to all of its planes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sirst5k.errors import ShapeError

_WHOLE = {torch.uint8: 255.0, torch.uint16: 65535.0}
_FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)


def check_images(images: Tensor) -> None:
    """Raise `ShapeError` unless it is a batch of images or clips."""
    if not isinstance(images, Tensor):
        raise ShapeError(f"Expected images as a tensor, got {type(images).__name__}.")
    if images.ndim not in (4, 5) or 0 in images.shape[1:]:
        raise ShapeError(
            f"Expected images (B, 1, H, W) or clips (B, C, T, H, W), got {tuple(images.shape)}. "
            f"A single image (H, W) becomes a batch with image[None, None]."
        )
    if images.dtype not in _WHOLE and images.dtype not in _FLOATS:
        raise ShapeError(
            f"Expected images of uint8, uint16 or a float dtype, got {images.dtype}. Cast them: "
            f"grey levels with .to(torch.uint8), others with .float()."
        )


def check_pair(images: Tensor, masks: Tensor | None) -> None:
    """Raise `ShapeError` unless the masks, if there are any, belong to the images."""
    check_images(images)
    if masks is None:
        return
    if not isinstance(masks, Tensor):
        raise ShapeError(f"Expected masks as a tensor, got {type(masks).__name__}.")
    wanted = (images.shape[0], 1, *images.shape[2:])
    if masks.shape != wanted:
        raise ShapeError(
            f"Expected masks {wanted} for images {tuple(images.shape)}, got {tuple(masks.shape)}."
        )
    if masks.device != images.device:
        raise ShapeError(
            f"Expected masks on the images' device {images.device}, got {masks.device}. Move "
            f"both with .to(device)."
        )
    if masks.dtype.is_complex:
        raise ShapeError(f"Expected masks of bool, integers or floats, got {masks.dtype}.")


def full_scale(dtype: torch.dtype, floats: float = 1.0) -> float:
    """Return the grey level that is white: 255, 65535, or `floats` for float dtypes."""
    return _WHOLE.get(dtype, floats)


def is_whole(dtype: torch.dtype) -> bool:
    """Return whether images of a dtype hold whole grey levels, to be rounded and clipped."""
    return dtype in _WHOLE


def image_planes(images: Tensor) -> Tensor:
    """Return images as ``(B, C or C·T, H, W)``."""
    return images.flatten(1, -3)


def target_masks(masks: Tensor) -> Tensor:
    """Return where any frame of each sample shows a target: ``(B, H, W)`` bool, of its own."""
    targets = (masks > 0) if masks.dtype != torch.bool else masks.clone()
    return targets.flatten(1, -3).any(dim=1) if masks.ndim == 5 else targets[:, 0]


def as_levels(images: Tensor) -> Tensor:
    """Return grey levels as float32, a new tensor."""
    return images.to(torch.float32, copy=True)


def from_levels(levels: Tensor, dtype: torch.dtype, white: float) -> Tensor:
    """Return float32 grey levels, which are used up, in another dtype.

    Whole ones are rounded half to even and clipped at full scale, as the array version does.
    """
    if not is_whole(dtype):
        return levels.to(dtype)
    levels = levels.clamp_(0, white).round_()
    # Over an integer: floats become uint8 one by one, four times as slow.
    return levels.to(torch.int16 if dtype == torch.uint8 else torch.int32).to(dtype)
