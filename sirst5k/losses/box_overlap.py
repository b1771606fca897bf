"""The overlap of boxes given by centre and sides, and losses made of it."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor


def pairwise_iou(boxes: Tensor, others: Tensor) -> Tensor:
    """Return the IoU of every box with every other; 0 where they do not overlap.

    Parameters
    ----------
    boxes : (B, N, 4) floating
    others : (B, M, 4) floating
        Centre x and y, width and height.

    Returns
    -------
    (B, N, M) floating
        0 also where both boxes are empty.
    """
    one, other = boxes[:, :, None], others[:, None]
    shared = _shared(one, other)
    union = one[..., 2] * one[..., 3] + other[..., 2] * other[..., 3] - shared
    return torch.where(shared > 0, shared / torch.where(union > 0, union, 1), 0)


def iou_loss(boxes: Tensor, others: Tensor) -> Tensor:
    """Return ``1 - IoU²`` of each box with its other, ``(…, 4)`` to ``(…)``."""
    iou, _ = _iou(boxes, others)
    return 1 - iou.square()


def giou_loss(boxes: Tensor, others: Tensor) -> Tensor:
    """Return ``1 - GIoU`` of each box with its other, ``(…, 4)`` to ``(…)``.

    Rezatofighi et al., "Generalized Intersection over Union", CVPR 2019.
    """
    iou, union = _iou(boxes, others)
    width, height = _around(boxes, others)
    hull = width * height
    return 1 - (iou - (hull - union) / hull.clamp(min=1e-16)).clamp(-1, 1)


def ciou_loss(boxes: Tensor, others: Tensor) -> Tensor:
    """Return ``1 - CIoU`` of each box with its other, ``(…, 4)`` to ``(…)``.

    Zheng et al., "Distance-IoU Loss", AAAI 2020; the weight of the aspect ratio has a
    gradient here, as in the published code.
    """
    iou, _ = _iou(boxes, others)
    width, height = _around(boxes, others)
    apart = (boxes[..., :2] - others[..., :2]).square().sum(-1)
    reach = (width.square() + height.square()).clamp(min=1e-6)
    tilt = _angle(boxes) - _angle(others)
    aspect = (4 / math.pi**2) * tilt.square()
    weight = aspect / (1 - iou + aspect).clamp(min=1e-6)
    return 1 - (iou - apart / reach - weight * aspect).clamp(-1, 1)


BOX_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "iou": iou_loss,
    "giou": giou_loss,
    "ciou": ciou_loss,
}


def _iou(boxes: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Return the IoU and the union of each box with its other."""
    shared = _shared(boxes, others)
    union = boxes[..., 2] * boxes[..., 3] + others[..., 2] * others[..., 3] - shared
    return shared / (union + 1e-16), union


def _shared(boxes: Tensor, others: Tensor) -> Tensor:
    """Return the area that boxes share."""
    (low, high), (other_low, other_high) = _corners(boxes), _corners(others)
    sides = torch.minimum(high, other_high) - torch.maximum(low, other_low)
    touching = (sides > 0).all(-1)
    return torch.where(touching, sides[..., 0] * sides[..., 1], 0)


def _around(boxes: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Return width and height of the smallest box around both."""
    (low, high), (other_low, other_high) = _corners(boxes), _corners(others)
    sides = (torch.maximum(high, other_high) - torch.minimum(low, other_low)).clamp(min=0)
    return sides[..., 0], sides[..., 1]


def _corners(boxes: Tensor) -> tuple[Tensor, Tensor]:
    half = boxes[..., 2:] / 2
    return boxes[..., :2] - half, boxes[..., :2] + half


def _angle(boxes: Tensor) -> Tensor:
    return torch.atan(boxes[..., 2] / boxes[..., 3].clamp(min=1e-6))
