"""Turning windows of a whole batch: every pixel of every window looks its source up at once.

All windows of an image share a fixed number of slots, one for each pixel that changes. A slot
knows its window, its place in it, and through the window's symmetry where its grey level comes
from; image and mask are gathered with the same index.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from sirst5k.transforms.torch.batch import from_levels, full_scale, is_whole
from sirst5k.transforms.torch.processor import on_processor
from sirst5k.transforms.torch.processor.namespaces import Array, count_up, namespace, whole


class Slots(NamedTuple):
    """Pixels to be turned, ``(B, S)`` each; those of no window have layer -1.

    Attributes
    ----------
    target, source : int32
        Where in its plane a pixel is, and where its new grey level comes from.
    weight : float32
        How much of it is new.
    layer : int32
        In which pass it is its turn.
    """

    target: Tensor
    source: Tensor
    weight: Tensor
    layer: Tensor


def feather_table(area: int) -> NDArray[np.float32]:
    """Return the weights of a feathered seam by margin and by depth along both axes.

    Parameters
    ----------
    area : int
        Pixels of the largest window.

    Returns
    -------
    (M + 1, M + 2, M + 2) float32
        As `sirst5k.negatives.turn_target` blends with, bit for bit, up to the widest margin M
        that such a window has; ones for margin 0, a hard seam.
    """
    widest = (math.isqrt(area) - 1) // 2
    table: NDArray[np.float32] = np.empty((widest + 1, widest + 2, widest + 2), np.float32)
    for one, fall in zip(table, fall_table(widest), strict=True):
        one[...] = np.outer(fall, fall)
    return table


def fall_table(widest: int) -> NDArray[np.float64]:
    """Return what a feathered seam's weights are products of, by margin and by depth.

    Parameters
    ----------
    widest : int
        The greatest margin M.

    Returns
    -------
    (M + 1, M + 2) float64
        Ones for margin 0, a hard seam, and from depth ``margin + 1`` on.
    """
    table = np.ones((widest + 1, widest + 2))
    for margin in range(1, widest + 1):
        depth = np.clip(np.arange(widest + 2) / (margin + 1), 0, 1)
        table[margin] = 0.5 - 0.5 * np.cos(np.pi * depth)
    return table


def schedule(window: Tensor, symmetry: Tensor, slots: int, passes: int) -> Tensor:
    """Return in which pass each window is turned, -1 for those that are left alone.

    Windows of one pass do not overlap; of two that do, the earlier target's comes first, as
    when they are turned one by one. Left alone are windows whose symmetry is 0, those larger
    than all slots, those that come after `passes` others which overlap in a chain, and, in
    the order of their targets, those from which on the slots do not suffice.

    Parameters
    ----------
    window : (B, K, 4) int64
        Top, left, height, width.
    symmetry : (B, K) int64
    slots : int
        Pixels of each image that can be turned.
    passes : int

    Returns
    -------
    (B, K) int64
    """
    if on_processor(window, symmetry):
        return torch.from_numpy(_schedule(window.numpy(), symmetry.numpy(), slots, passes))
    layer: Tensor = _schedule(window, symmetry, slots, passes).to(window.dtype)
    return layer


def _schedule(window: Array, symmetry: Array, slots: int, passes: int) -> Array:
    xp = namespace(window)
    area = window[..., 2] * window[..., 3]
    active = (symmetry != 0) & (area > 0) & (area <= slots)
    low = whole(window[..., :2])
    high = low + whole(window[..., 2:])
    order = count_up(window.shape[1], window)
    earlier = (order[:, None] > order) & active[:, :, None] & active[:, None, :]
    for axis in (0, 1):
        near, far = low[..., axis], high[..., axis]
        earlier = earlier & (near[:, :, None] < far[:, None]) & (near[:, None] < far[:, :, None])
    after = whole(earlier)
    layer = xp.zeros_like(near)
    for _ in range(passes):
        layer = xp.amax(after * (layer[:, None, :] + 1), -1)
    active = active & (layer < passes)
    active = active & ((area * active).cumsum(-1) <= slots)
    return xp.where(active, layer, -1)


def make_slots(
    window: Tensor,
    symmetry: Tensor,
    margin: Tensor,
    layer: Tensor,
    width: int,
    table: Tensor,
    slots: int,
) -> Slots:
    """Lay all windows of each image out in slots.

    Parameters
    ----------
    window : (B, K, 4) int64
    symmetry, margin : (B, K) int64
        A margin of 0 makes the seam hard.
    layer : (B, K) int64
        From `schedule`.
    width : int
        Of the images, in pixels.
    table : (M + 1, M + 2, M + 2) float32
        From `feather_table`.
    slots : int
        How many there are for each image.
    """
    batch, count = symmetry.shape
    area = torch.where(layer >= 0, window[..., 2] * window[..., 3], 0)
    ends = area.cumsum(-1)
    # How many windows end before a slot is the number of the one that it belongs to.
    marks = torch.zeros(batch, slots + 1, device=window.device, dtype=torch.int32)
    marks.scatter_add_(1, ends, torch.ones_like(ends, dtype=torch.int32))
    mine = marks[:, :slots].cumsum(1, dtype=torch.int32)
    first = torch.arange(batch, device=window.device, dtype=torch.int32)[:, None] * (count + 1)
    index = (mine + first).flatten()
    rows = _describe(window, symmetry, margin, layer, ends - area, width)
    tall, wide, corner, source, down, across, seam, turn, start = (
        row.flatten().index_select(0, index).view(batch, slots) for row in rows
    )
    local = torch.arange(slots, device=window.device, dtype=torch.int32) - start
    # Half a pixel keeps the quotient off the whole numbers, where it might be rounded down.
    y = ((local + 0.5) / wide).to(torch.int32)
    x = local - y * wide
    depth_y = torch.minimum(torch.minimum(y, tall - 1 - y), seam) + 1
    depth_x = torch.minimum(torch.minimum(x, wide - 1 - x), seam) + 1
    side = table.shape[1]
    place = ((seam * side + depth_y) * side + depth_x).clamp_(0, table.numel() - 1)
    return Slots(
        corner + y * width + x,
        source + y * down + x * across,
        table.flatten().index_select(0, place.flatten()).view(batch, slots),
        turn,
    )


def turn_planes(planes: Tensor, slots: Slots, passes: int, blend: bool) -> Tensor:
    """Turn windows in all planes of each sample.

    Parameters
    ----------
    planes : (B, Q, H, W) tensor
        Of images or masks.
    slots : Slots
    passes : int
    blend : bool
        Whether seams are feathered; masks are turned as they are.

    Returns
    -------
    (B, Q, H, W) tensor
        New, of the same dtype.
    """
    dtype, shape = planes.dtype, planes.shape
    # Few operations know uint16; what is only moved may have any name.
    moved = planes.view(torch.int16) if dtype == torch.uint16 else planes
    size = moved.numel()
    # One place more, which takes what is not to be written.
    flat = torch.cat([moved.reshape(-1), moved.new_zeros(1)])
    number = torch.int32 if size < 2**31 - 1 else torch.int64
    first = torch.arange(shape[0] * shape[1], device=planes.device, dtype=number)
    # Addresses are counted from that place, so that times 0 they are just it.
    first = first.view(*shape[:2], 1) * (shape[2] * shape[3]) - size
    target, source = first + slots.target[:, None], first + slots.source[:, None]
    weight = slots.weight[:, None].expand_as(target).reshape(-1)
    for layer in range(passes):
        turning = (slots.layer == layer)[:, None].to(number)
        place = (target * turning + size).view(-1)
        turned = flat.index_select(0, (source * turning + size).view(-1))
        if blend:
            turned = mix_levels(flat.index_select(0, place), turned, weight, dtype)
        flat.scatter_(0, place.to(torch.int64), turned)
    result = flat[:size].view(shape)
    return result.view(dtype) if dtype == torch.uint16 else result


def mix_levels(before: Tensor, turned: Tensor, weight: Tensor, dtype: torch.dtype) -> Tensor:
    """Return moved grey levels, of which `weight` is new, in an image's dtype.

    ``uint16`` goes in and comes out under the name of ``int16``, under which it is moved.
    """
    old, new = _levels(before, dtype), _levels(turned, dtype)
    blended = from_levels(old + weight * (new - old), dtype, full_scale(dtype))
    if dtype == torch.uint16:
        blended = blended.view(torch.int16)
    if is_whole(dtype):
        return blended
    # Float arithmetic need not give back an exact grey level at weight one.
    return torch.where(weight == 1, turned, blended)


def _levels(moved: Tensor, dtype: torch.dtype) -> Tensor:
    if dtype == torch.uint16:
        return (moved.to(torch.int32) & 0xFFFF).to(torch.float32)
    return moved.to(torch.float32)


def _describe(
    window: Tensor, symmetry: Tensor, margin: Tensor, layer: Tensor, start: Tensor, width: int
) -> Tensor:
    """Return what a slot must know of its window, ``(9, B, K + 1)`` int32.

    A symmetry takes the pixel (y, x) of a window from a place that is linear in y and x: in
    the plane, from ``source + down·y + across·x``. Slots that are left over have a window of
    their own, which is in no layer.
    """
    top, left, tall, wide = window.unbind(-1)
    turns, last_row, last_column = symmetry % 4, tall - 1, wide - 1
    cosine = (turns == 0).to(torch.int64) - (turns == 2).to(torch.int64)
    sine = (turns == 1).to(torch.int64) - (turns == 3).to(torch.int64)
    first_y = last_row * (turns >= 2)
    first_x = last_column * ((turns == 1) | (turns == 2))
    # Flipped left and right before it is turned.
    flipped = symmetry >= 4
    first_x = torch.where(flipped, last_column - first_x, first_x)
    hand = 1 - 2 * flipped.to(torch.int64)
    corner = top * width + left
    source = corner + first_y * width + first_x
    down, across = cosine * width - hand * sine, sine * width + hand * cosine
    rows = [tall, wide, corner, source, down, across, margin, layer, start]
    return F.pad(torch.stack(rows), (0, 1), value=-1).to(torch.int32)
