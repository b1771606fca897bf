"""SimOTA: which cells of the grid answer for which target."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from sirst5k.losses.box_overlap import pairwise_iou

_REACH = 2.5  # cells from a target's centre that a candidate's may be
_PENALTY = 100_000.0  # on candidates that are not both inside and near
_MOST = 10  # cells a target gets at most
_IOU_WEIGHT = 3.0


class Targets(NamedTuple):
    """The targets of a batch, padded to one number.

    Attributes
    ----------
    boxes : (B, G, 4) floating
        Centre x and y, width and height in pixels.
    classes : (B, G) int64
    real : (B, G) bool
        False for padding.
    """

    boxes: Tensor
    classes: Tensor
    real: Tensor


class Assignment(NamedTuple):
    """Which target each of A cells answers for.

    Attributes
    ----------
    foreground : (B, A) bool
    target : (B, A) int64
        Index of the target, 0 where there is none.
    iou : (B, A) floating
        Of the cell's box with its target, 0 where there is none.
    candidates : (B, A) bool
    wanted : (B, G) int64
        How many cells each target asked for; 0 for padding.
    cost : (B, G, A) floating
        Infinite where a cell is no candidate.
    overlap : (B, G, A) floating
        IoU of all boxes, 0 where a cell is no candidate.
    """

    foreground: Tensor
    target: Tensor
    iou: Tensor
    candidates: Tensor
    wanted: Tensor
    cost: Tensor
    overlap: Tensor


def assign(
    boxes: Tensor, scores: Tensor, centres: Tensor, targets: Targets, stride: int
) -> Assignment:
    """Assign cells to targets by the cost of the predictions, as YOLOX does.

    Ge et al., "YOLOX: Exceeding YOLO Series in 2021". A cell whose centre is inside a target,
    or within 2.5 cells of one's centre, is a candidate. A target asks for as many cells as
    the IoUs of its ten best add up to, at least one, and takes the cheapest; a cell that
    several take goes to the target for which it is cheapest. All images of a batch are
    computed at once.

    Parameters
    ----------
    boxes : (B, A, 4) floating
        Predicted, in pixels.
    scores : (B, A, 1 + classes) floating
        Logits of objectness and classes.
    centres : (A, 2) floating
        Of the cells, in pixels.
    targets : Targets
    stride : int
        Side of a cell in pixels.
    """
    inside, near = _where(centres, targets.boxes, stride)
    real = targets.real[..., None]
    candidates = ((inside | near) & real).any(1)  # of any target of the image
    usable = candidates[:, None] & real
    overlap = torch.where(usable, pairwise_iou(targets.boxes, boxes), 0)
    # Left to right as published: in float32 the penalty rounds what was added before it.
    cost = _class_cost(scores, targets.classes) - _IOU_WEIGHT * torch.log(overlap + 1e-8)
    cost = cost + _PENALTY * ~(inside & near)
    cost = torch.where(usable, cost, torch.inf)

    most = min(_MOST, cost.shape[-1])
    wanted = overlap.topk(most, dim=-1).values.sum(-1).int().clamp(min=1)
    cheapest = cost.topk(most, dim=-1, largest=False)
    granted = torch.arange(most, device=cost.device) < wanted[..., None]
    granted &= cheapest.values.isfinite()
    taken = torch.zeros_like(usable).scatter_(2, cheapest.indices, granted)

    foreground = taken.any(1)
    target = torch.where(taken.sum(1) > 1, cost.argmin(1), taken.int().argmax(1))
    iou = overlap.gather(1, target[:, None]).squeeze(1)
    wanted = wanted.long() * targets.real
    return Assignment(foreground, target, iou * foreground, candidates, wanted, cost, overlap)


def _where(centres: Tensor, boxes: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """Return whether cells ``(A, 2)`` are inside boxes, and near them, each ``(B, G, A)``."""
    apart = (centres - boxes[:, :, None, :2]).abs()
    inside = (apart < boxes[:, :, None, 2:] / 2).all(-1)
    return inside, (apart < _REACH * stride).all(-1)


def _class_cost(scores: Tensor, classes: Tensor) -> Tensor:
    """Return the cross-entropy of each cell ``A`` with each target's class, ``(B, G, A)``."""
    joint = (scores[..., 1:].sigmoid() * scores[..., :1].sigmoid()).sqrt()
    hit = -joint.log().clamp(min=-100)
    miss = -torch.log1p(-joint).clamp(min=-100)
    ours = classes[:, :, None].expand(-1, -1, joint.shape[1])  # (B, G, A)
    hit, own_miss = (x.transpose(1, 2).gather(1, ours) for x in (hit, miss))
    return hit + (miss.sum(-1)[:, None] - own_miss)
