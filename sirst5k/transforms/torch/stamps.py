"""Targets of a batch lifted off their background, to be put down elsewhere."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from sirst5k.negatives.stamp import _LEAST_RING, _RING
from sirst5k.transforms.torch.boxes import pick
from sirst5k.transforms.torch.patches import fit_plane, take_patches

_FAR = 2**20  # squared pixels


class Stamps(NamedTuple):
    """What targets add to their background: ``(B, N, …)``, N of them for each image.

    Attributes
    ----------
    contribution : (B, N, S, S) float32
        Grey levels above the background, in the upper left corner.
    mask : (B, N, S, S) bool
        The targets' own pixels.
    height, width : (B, N) int64
        How much of the square is meant.
    halo : (B, N) int64
        Pixels on each side between a target's box and its stamp's edge.
    lifted : (B, N) bool
        False for a target that the border cuts off, one without a background around it, and
        one that is too large.
    """

    contribution: Tensor
    mask: Tensor
    height: Tensor
    width: Tensor
    halo: Tensor
    lifted: Tensor

    def pick(self, number: int) -> Stamps:
        """Return one stamp of each image, ``(B, 1, …)``."""
        return Stamps(*(part[:, number : number + 1] for part in self))


def lift_targets(
    planes: Tensor, labels: Tensor, boxes: Tensor, numbers: Tensor, halo: int, most: int
) -> Stamps:
    """Estimate what targets add to their background, as `sirst5k.negatives.lift_target` does.

    Parameters
    ----------
    planes : (B, H, W) float32
        Grey levels.
    labels : (B, H, W) int32
        From `label_map`.
    boxes : (B, N, 4) int64
        Top, left, bottom, right of the targets.
    numbers : (B, N) int64
        Their labels; 0 for none.
    halo : int
        Pixels, where the border leaves room.
    most : int
        Longest side of a target in pixels.
    """
    shape = planes.shape[-2:]
    top, left, bottom, right = boxes.unbind(-1)
    tall, wide = bottom - top, right - left
    room = torch.minimum(
        torch.minimum(top, left), torch.minimum(shape[0] - bottom, shape[1] - right)
    )
    own_halo = room.clamp(0, halo)
    reach = own_halo + _RING
    side = most + 2 * (halo + _RING)
    box = (top - reach, left - reach, tall + 2 * reach, wide + 2 * reach)
    levels, inside = take_patches(planes, *box, side)
    near, _ = take_patches(labels, *box, side)
    own = (near == numbers[..., None, None]) & inside
    furthest = halo + _RING
    to_own = _squared_distance(own, furthest)
    to_others = _squared_distance((near > 0) & ~own & inside, furthest)
    limit, far = own_halo[..., None, None] ** 2, reach[..., None, None] ** 2
    ring = (to_own > limit) & (to_others > limit) & (to_own <= far) & inside
    distance = to_own.to(torch.float32).sqrt() / (own_halo + 1)[..., None, None]
    weight = 0.5 + 0.5 * torch.cos(torch.pi * distance.clamp(max=1))
    weight = torch.where(to_others <= to_own, 0.0, weight)
    low = torch.where(ring, levels, torch.inf).amin((-2, -1), keepdim=True)
    high = torch.where(ring, levels, -torch.inf).amax((-2, -1), keepdim=True)
    # A ring on one side only, as in a corner of the image, must not be extrapolated far.
    background = torch.minimum(torch.maximum(fit_plane(levels, ring), low), high)
    contribution = torch.where(weight > 0, (levels - background) * weight, 0.0)
    lifted = (numbers > 0) & (room >= 1) & (tall <= most) & (wide <= most)
    lifted = lifted & (ring.sum((-2, -1)) >= _LEAST_RING)
    size = (tall + 2 * own_halo, wide + 2 * own_halo)
    added, mask = (_cut(part, *size, most + 2 * halo) for part in (contribution, own))
    return Stamps(added, mask, *size, own_halo, lifted)


def _cut(patches: Tensor, height: Tensor, width: Tensor, side: int) -> Tensor:
    """Cut the rings off patches ``(B, N, S, S)``."""
    start = torch.full_like(height, _RING).view(-1, 1)
    size = (height.view(-1, 1), width.view(-1, 1))
    inner, _ = take_patches(patches.flatten(0, 1), start, start, *size, side)
    return inner[:, 0].unflatten(0, height.shape)


def turn_stamps(stamps: Stamps, symmetry: Tensor) -> Stamps:
    """Return stamps under symmetries ``(B, N)`` of the square."""
    side = stamps.mask.shape[-1]
    steps = torch.arange(side, device=symmetry.device)
    y, x = steps[:, None], steps
    turns = (symmetry % 4)[..., None, None]
    tall, wide = stamps.height[..., None, None], stamps.width[..., None, None]
    rows = (y.expand(side, side), x.expand(side, side), tall - 1 - y, tall - 1 - x)
    columns = (x.expand(side, side), wide - 1 - y, wide - 1 - x, y.expand(side, side))
    row, column = pick(turns, rows), pick(turns, columns)
    column = torch.where((symmetry >= 4)[..., None, None], wide - 1 - column, column)
    there = (row >= 0) & (row < tall) & (column >= 0) & (column < wide)
    index = (row.clamp(0, side - 1) * side + column.clamp(0, side - 1)).flatten(2)
    lying = symmetry % 2 == 1
    return stamps._replace(
        contribution=stamps.contribution.flatten(2).gather(2, index).view(there.shape) * there,
        mask=stamps.mask.flatten(2).gather(2, index).view(there.shape) & there,
        height=torch.where(lying, stamps.width, stamps.height),
        width=torch.where(lying, stamps.height, stamps.width),
    )


def _squared_distance(pixels: Tensor, reach: int) -> Tensor:
    """Return how far each pixel is from the nearest of some, squared: ``(..., S, S)`` int64.

    Only up to a reach; beyond it, far.
    """
    side = pixels.shape[-1]
    steps = torch.arange(side, device=pixels.device)
    before = torch.where(pixels, steps, -_FAR).cummax(-1).values
    after = torch.where(pixels, steps, _FAR).flip(-1).cummin(-1).values.flip(-1)
    across = torch.minimum(steps - before, after - steps).clamp(max=reach + 1)
    squared = torch.where(across > reach, _FAR, across * across)
    nearest = squared
    for down in range(1, reach + 1):
        shifted = F.pad(squared, (0, 0, down, down), value=_FAR)
        either = torch.minimum(shifted[..., :side, :], shifted[..., 2 * down :, :])
        nearest = torch.minimum(nearest, either + down * down)
    return nearest.clamp(max=_FAR)
