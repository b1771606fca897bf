"""The windows in which targets are turned, for all targets of a batch at once.

The rules are those of `sirst5k.negatives.target_windows` and `rotation_window`; boxes are
``(..., 4)`` of top, left, bottom, right, half-open. On a processor they are worked out in numpy,
whose calls on a few numbers cost a fraction of torch's.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from sirst5k.negatives import PATCH_SIZES, rotation_window
from sirst5k.negatives.patch import _PUBLISHED
from sirst5k.negatives.symmetries import ALL, KEEP_BOX, KEEP_COLUMNS, KEEP_ROWS
from sirst5k.transforms.torch.processor import on_processor
from sirst5k.transforms.torch.processor.namespaces import Array, count_up, exact, namespace, whole

_FAR = 2**30
# As bits, which symmetries there are to choose from; turning nothing is always one of them.
_ALL, _KEEP_BOX, _KEEP_ROWS, _KEEP_COLUMNS, _NONE = (
    sum(1 << symmetry for symmetry in kept)
    for kept in (ALL, KEEP_BOX, KEEP_ROWS, KEEP_COLUMNS, (0,))
)


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
    if on_processor(boxes, valid):
        found = _find_windows(boxes.numpy(), valid.numpy(), shape, margin, margin_ratio)
        return Windows(*(torch.from_numpy(part) for part in found))
    found = _find_windows(boxes.to(torch.int32), valid, shape, margin, margin_ratio)
    return Windows(*(part.to(torch.int64) for part in found))


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


def _find_windows(
    boxes: Array, valid: Array, shape: tuple[int, int], margin: int, margin_ratio: float
) -> tuple[Array, Array, Array]:
    """Return windows, margins and allowed symmetries."""
    xp = namespace(boxes)
    reach = _reach(boxes)
    longer = xp.maximum(boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1])
    wanted = whole(xp.round(exact(longer) * margin_ratio)).clip(margin)
    # The square that the target can come to occupy, and its box alone.
    square, tight = _freedom(xp.stack([reach, boxes]), reach, valid, shape, wanted)
    top, left, bottom, right = (boxes[..., edge] for edge in range(4))
    cut_rows = (top <= 0) | (bottom >= shape[0])
    cut_columns = (left <= 0) | (right >= shape[1])
    free = (square >= 0) & ~(cut_rows | cut_columns)
    stuck = ~free & ((tight < 0) | (cut_rows & cut_columns))
    # A target that the border cuts off is only flipped along it.
    allowed = xp.where(cut_rows, _KEEP_ROWS, xp.where(cut_columns, _KEEP_COLUMNS, _KEEP_BOX))
    allowed = xp.where(free, _ALL, xp.where(stuck, _NONE, allowed))
    grow = xp.where(free, square, tight.clip(0) * ~stuck) * valid
    core = xp.where(free[..., None], reach, boxes)
    low, high = core[..., :2] - grow[..., None], core[..., 2:] + grow[..., None]
    window = xp.concatenate([low, high - low], -1) * valid[..., None]
    return window, grow, xp.where(valid, allowed, _NONE)


def _reach(boxes: Array) -> Array:
    """Return the odd square around a box's middle pixel in which any symmetry keeps it."""
    xp = namespace(boxes)
    middle = (boxes[..., :2] + boxes[..., 2:] - 1) // 2
    radius = boxes[..., 2:] - 1 - middle
    radius = xp.maximum(radius[..., :1], radius[..., 1:])
    return xp.concatenate([middle - radius, middle + radius + 1], -1)


def _freedom(
    cores: Array, reach: Array, valid: Array, shape: tuple[int, int], wanted: Array
) -> Array:
    """Return the margin that each core can have, or -1 where it cannot be turned at all.

    Parameters
    ----------
    cores : (N, B, K, 4)
        N boxes for each target.
    reach : (B, K, 4)
        What neighbours occupy.
    valid : (B, K) bool
    shape : (int, int)
    wanted : (B, K)
    """
    xp = namespace(cores)
    top, left, bottom, right = (cores[..., edge, None] for edge in range(4))
    over, before, below, behind = (reach[:, None, :, edge] for edge in range(4))
    rows = xp.maximum(top - below, over - bottom)
    distance = xp.maximum(rows, xp.maximum(left - behind, before - right))
    order = count_up(valid.shape[1], valid)
    others = valid[:, None, :] & (order[:, None] != order)
    distance = xp.amin(xp.where(others, distance, _FAR), -1)
    low = xp.minimum(cores[..., 0], cores[..., 1])
    border = xp.minimum(shape[0] - cores[..., 2], shape[1] - cores[..., 3])
    margin = xp.minimum(xp.minimum(low, border), xp.minimum(distance, wanted))
    # Nothing lies beyond the border, but a neighbour must stay one free pixel away.
    return xp.where(distance < 1, -1, margin).clip(-1)
