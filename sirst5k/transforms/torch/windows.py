"""The windows in which targets are turned, for all targets of a batch at once.

The rules are those of `sirst5k.negatives.target_windows` and `rotation_window`; boxes are
``(..., 4)`` of top, left, bottom, right, half-open.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from sirst5k.negatives import PATCH_SIZES, rotation_window
from sirst5k.negatives.patch import _PUBLISHED

_FAR = 2**30
_ALL, _KEEP_BOX, _KEEP_ROWS, _KEEP_COLUMNS, _NONE = 0xFF, 0b01010101, 0b00010001, 0b01000001, 1


class Windows(NamedTuple):
    """Where and how targets may be turned.

    Attributes
    ----------
    window : (B, K, 4) int64
        Top, left, height, width; zeros where there is no target.
    margin : (B, K) int64
        Pixels around the target's reach, within which the seam may be feathered.
    allowed : (B, K) int64
        Bit *s* is set if symmetry *s* may be applied; bit 0 always is.
    """

    window: Tensor
    margin: Tensor
    allowed: Tensor


def target_windows(
    boxes: Tensor,
    valid: Tensor,
    shape: tuple[int, int],
    margin: int = 3,
    margin_ratio: float = 0.5,
) -> Windows:
    """Find the window of each target, as `sirst5k.negatives.target_windows` does.

    Parameters
    ----------
    boxes : (B, K, 4) int64
        All targets of each image.
    valid : (B, K) bool
        Which of them there are.
    shape : (int, int)
        Height and width of the images.
    margin, margin_ratio
        As there.

    Returns
    -------
    Windows
    """
    boxes = boxes.to(torch.int32)
    reach = _reach(boxes)
    longer = (boxes[..., 2:] - boxes[..., :2]).amax(-1)
    wanted = (longer.to(_exact(boxes)) * margin_ratio).round().to(torch.int32).clamp(min=margin)
    # The square that the target can come to occupy, and its box alone.
    cores = torch.stack([reach, boxes])
    square, tight = _freedom(cores, reach, valid, shape, wanted).unbind(0)
    top, left, bottom, right = boxes.unbind(-1)
    cut_rows = (top <= 0) | (bottom >= shape[0])
    cut_columns = (left <= 0) | (right >= shape[1])
    free = (square >= 0) & ~(cut_rows | cut_columns)
    stuck = ~free & ((tight < 0) | (cut_rows & cut_columns))
    # A target that the border cuts off is only flipped along it.
    allowed = torch.where(cut_rows, _KEEP_ROWS, torch.where(cut_columns, _KEEP_COLUMNS, _KEEP_BOX))
    allowed = torch.where(free, _ALL, torch.where(stuck, _NONE, allowed))
    grow = torch.where(free, square, tight.clamp(min=0) * ~stuck) * valid
    core = torch.where(free[..., None], reach, boxes)
    low, high = core[..., :2] - grow[..., None], core[..., 2:] + grow[..., None]
    window = torch.cat([low, high - low], dim=-1) * valid[..., None]
    allowed = torch.where(valid, allowed, _NONE)
    return Windows(*(part.to(torch.int64) for part in (window, grow, allowed)))


def patch_windows(centres: Tensor, sizes: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return the published windows, as `sirst5k.negatives.rotation_window` does.

    Parameters
    ----------
    centres : (..., 2) int64
        Row and column of each target's centroid, rounded.
    sizes : (...) int64
        Their places in `sirst5k.negatives.PATCH_SIZES`.
    shape : (int, int)
        Height and width of the images.

    Returns
    -------
    (..., 4) int64
        Top, left, height, width.
    """
    chosen = torch.zeros_like(centres).repeat(*[1] * (centres.ndim - 1), 2)
    for place, size in enumerate(PATCH_SIZES):
        window = _patch_window(centres, size, shape)
        chosen = torch.where((sizes == place)[..., None], window, chosen)
    return chosen


def check_patch_sizes(patch_sizes: tuple[int, ...], shape: tuple[int, int]) -> None:
    """Raise `ParameterError` unless images of a shape hold windows of these sizes."""
    for size in patch_sizes:
        rotation_window(0, 0, size, shape)


def _patch_window(centres: Tensor, size: int, shape: tuple[int, int]) -> Tensor:
    radius, threshold = _PUBLISHED[size]
    edges = []
    for axis in (0, 1):
        centre, length = centres[..., axis], shape[axis]
        edge = (centre - radius).clamp(max=length - 2 * radius)
        edge = torch.where(centre > length - threshold, length - 2 * radius, edge)
        edges.append(torch.where(centre < threshold, 0, edge))
    side = torch.full_like(edges[0], 2 * radius)
    return torch.stack([*edges, side, side], dim=-1)


def _reach(boxes: Tensor) -> Tensor:
    """Return the odd square around a box's middle pixel in which any symmetry keeps it."""
    middle = (boxes[..., :2] + boxes[..., 2:] - 1) // 2
    radius = (boxes[..., 2:] - 1 - middle).amax(-1, keepdim=True)
    return torch.cat([middle - radius, middle + radius + 1], dim=-1)


def _freedom(
    cores: Tensor, reach: Tensor, valid: Tensor, shape: tuple[int, int], wanted: Tensor
) -> Tensor:
    """Return the margin that each core can have, or -1 where it cannot be turned at all.

    Parameters
    ----------
    cores : (N, B, K, 4) int32
        N boxes for each target.
    reach : (B, K, 4) int32
        What neighbours occupy.
    valid : (B, K) bool
    shape : (int, int)
    wanted : (B, K) int32
    """
    top, left, bottom, right = cores[..., None].unbind(3)
    over, before, below, behind = reach[:, None].unbind(3)
    rows = torch.maximum(top - below, over - bottom)
    distance = torch.maximum(rows, torch.maximum(left - behind, before - right))
    order = torch.arange(valid.shape[1], device=valid.device)
    others = valid[:, None, :] & (order[:, None] != order)
    distance = torch.where(others, distance, _FAR).amin(-1)
    low, high = cores[..., :2].amin(-1), cores[..., 2:]
    border = torch.minimum(shape[0] - high[..., 0], shape[1] - high[..., 1])
    margin = torch.minimum(torch.minimum(low, border), torch.minimum(distance, wanted))
    # Nothing lies beyond the border, but a neighbour must stay one free pixel away.
    return torch.where(distance < 1, -1, margin).clamp(min=-1)


def _exact(like: Tensor) -> torch.dtype:
    """Return the float dtype to round in: Apple's devices have no float64."""
    return torch.float32 if like.device.type == "mps" else torch.float64
