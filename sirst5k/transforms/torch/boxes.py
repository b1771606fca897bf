"""Boxes of targets that come with a batch: reading them, and moving them with their windows."""

from __future__ import annotations

import torch
from torch import Tensor

from sirst5k.errors import ShapeError


def check_boxes(images: Tensor, boxes: Tensor) -> None:
    """Raise `ShapeError` unless the boxes belong to the images."""
    per_frame = images.ndim == 5 and boxes.ndim == 4
    wanted = (images.shape[0], *((images.shape[2],) if per_frame else ()))
    if boxes.ndim != len(wanted) + 2 or boxes.shape[:-2] != wanted or boxes.shape[-1] != 4:
        frames = " or (B, T, K, 4)" if images.ndim == 5 else ""
        raise ShapeError(
            f"Expected boxes (B, K, 4){frames} for images {tuple(images.shape)}, got "
            f"{tuple(boxes.shape)}. Fill shorter lists up with zeros."
        )
    if boxes.device != images.device or boxes.dtype.is_complex or boxes.dtype == torch.bool:
        raise ShapeError(
            f"Expected boxes of numbers on the images' device {images.device}, got "
            f"{boxes.dtype} on {boxes.device}."
        )


def read_boxes(boxes: Tensor, shape: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Return the pixels that each target covers, over all frames.

    Parameters
    ----------
    boxes : (B, K, 4) or (B, T, K, 4) tensor
        x1, y1, x2, y2, half-open, in pixels; a row of a clip is one target's track.
    shape : (int, int)
        Height and width of the images.

    Returns
    -------
    box : (B, K, 4) int64
        Top, left, bottom, right: whole pixels, cut off at the image's border.
    valid : (B, K) bool
    """
    edges = boxes if boxes.dtype.is_floating_point else boxes.to(torch.int64)
    low = torch.stack([edges[..., 1], edges[..., 0]], dim=-1)
    high = torch.stack([edges[..., 3], edges[..., 2]], dim=-1)
    there = (high > low).all(-1)
    if edges.dtype.is_floating_point:
        there = there & edges.isfinite().all(-1)
        limit = 2.0**30
        low, high = low.clamp(-limit, limit).floor(), high.clamp(-limit, limit).ceil()
    tall, wide = shape
    low, high = (
        torch.where(there[..., None], edge, fill).to(torch.int64)
        for edge, fill in ((low, 2**30), (high, -(2**30)))
    )
    if boxes.ndim == 4:
        low, high, there = low.amin(1), high.amax(1), there.any(1)
    low = low.clamp(min=0)
    high = torch.stack([high[..., 0].clamp(max=tall), high[..., 1].clamp(max=wide)], dim=-1)
    valid = there & (high > low).all(-1)
    return torch.where(valid[..., None], torch.cat([low, high], dim=-1), 0), valid


def move_boxes(boxes: Tensor, window: Tensor, symmetry: Tensor) -> Tensor:
    """Return boxes after their windows have been turned.

    Parameters
    ----------
    boxes : (B, K, 4) or (B, T, K, 4) tensor
        x1, y1, x2, y2.
    window : (B, K, 4) int64
        Top, left, height, width.
    symmetry : (B, K) int64
        0 for boxes that stay.

    Returns
    -------
    tensor
        Of the boxes' shape and dtype.
    """
    if boxes.ndim == 4:
        window, symmetry = window[:, None], symmetry[:, None]
    top, left, tall, wide = window.to(boxes.dtype).unbind(-1)
    x1, y1, x2, y2 = boxes.unbind(-1)
    x1, y1, x2, y2 = x1 - left, y1 - top, x2 - left, y2 - top
    flipped = symmetry >= 4
    x1, x2 = torch.where(flipped, wide - x2, x1), torch.where(flipped, wide - x1, x2)
    turns = symmetry % 4
    # Of the four edges: which becomes the left one, and so on, after so many quarter turns.
    lefts = (x1, y1, wide - x2, tall - y2)
    tops = (y1, wide - x2, tall - y2, x1)
    rights = (x2, y2, wide - x1, tall - y1)
    bottoms = (y2, wide - x1, tall - y1, x2)
    moved = torch.stack(
        [
            pick(turns, lefts) + left,
            pick(turns, tops) + top,
            pick(turns, rights) + left,
            pick(turns, bottoms) + top,
        ],
        dim=-1,
    )
    return torch.where((symmetry != 0)[..., None], moved, boxes)


def pick(which: Tensor, choices: tuple[Tensor, ...]) -> Tensor:
    """Return the choice that a number from 0 names, for each of them."""
    chosen = choices[0]
    for number, choice in enumerate(choices):
        chosen = torch.where(which == number, choice, chosen)
    return chosen
