"""Small rectangles of each image of a batch: taking them out, and finding room for them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def integral(values: Tensor) -> Tensor:
    """Return sums over all pixels above and left of each corner, ``(N, H + 1, W + 1)``."""
    dtype = torch.int32 if values.dtype == torch.bool else values.dtype
    return F.pad(values.cumsum(1, dtype=dtype).cumsum(2, dtype=dtype), (1, 0, 1, 0))


def within(sums: Tensor, corners: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
    """Return sums over rectangles of each image.

    Parameters
    ----------
    sums : (N, H + 1, W + 1) tensor
        From `integral`.
    corners : four (N, ...) int64
        Top, left, bottom, right, half-open, inside the image.

    Returns
    -------
    (N, ...) tensor
    """
    top, left, bottom, right = corners
    flat, stride = sums.flatten(1), sums.shape[2]

    def at(row: Tensor, column: Tensor) -> Tensor:
        return flat.gather(1, (row * stride + column).flatten(1)).view(row.shape)

    return at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left)


def grown(
    top: Tensor,
    left: Tensor,
    height: Tensor,
    width: Tensor,
    by: Tensor | int,
    shape: tuple[int, int],
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return rectangles grown on each side, cut at the border: top, left, bottom, right."""
    return (
        (top - by).clamp(min=0),
        (left - by).clamp(min=0),
        torch.clamp(top + height + by, 0, shape[0]),
        torch.clamp(left + width + by, 0, shape[1]),
    )


def first_free(
    occupied: Tensor, uniforms: Tensor, height: Tensor, width: Tensor, guard: Tensor | int
) -> tuple[Tensor, Tensor]:
    """Draw a place for each rectangle, inside the image and clear of targets.

    Every free place is as likely as any other; a rectangle for which all tries fail has none.

    Parameters
    ----------
    occupied : (B, H + 1, W + 1) int32
        `integral` of the masks.
    uniforms : (B, N, tries, 2) float32
    height, width : (B, N) int64
    guard : int or (B, N) int64
        Free pixels between a rectangle and any target.

    Returns
    -------
    place : (B, N, 2) int64
        Row and column of the first pixel.
    found : (B, N) bool
    """
    place, free = free_places(occupied, uniforms, height, width, guard)
    # The first of equal ones, on every device.
    order = torch.arange(free.shape[-1], 0, -1, device=free.device)
    first = (free * order).argmax(-1)
    index = first[..., None, None].expand(*first.shape, 1, 2)
    return place.gather(2, index)[:, :, 0], free.any(-1)


def free_places(
    occupied: Tensor, uniforms: Tensor, height: Tensor, width: Tensor, guard: Tensor | int
) -> tuple[Tensor, Tensor]:
    """Draw places for rectangles, and tell which are clear of targets; see `first_free`.

    Returns
    -------
    place : (B, N, tries, 2) int64
    free : (B, N, tries) bool
    """
    shape = (occupied.shape[1] - 1, occupied.shape[2] - 1)
    height, width = height[..., None], width[..., None]
    room = torch.stack([shape[0] - height, shape[1] - width], dim=-1) + 1
    fits = (room > 0).all(-1)
    room = room.clamp(min=1)
    place = torch.minimum((uniforms * room).to(torch.int64), room - 1)
    guard = guard[..., None] if isinstance(guard, Tensor) else guard
    corners = grown(place[..., 0], place[..., 1], height, width, guard, shape)
    return place, (within(occupied, corners) == 0) & fits


def take_patches(
    planes: Tensor,
    top: Tensor,
    left: Tensor,
    height: Tensor,
    width: Tensor,
    side: int,
) -> tuple[Tensor, Tensor]:
    """Take rectangles out of each image.

    Parameters
    ----------
    planes : (B, H, W) tensor
    top, left, height, width : (B, N) int64
        What of them lies outside the image is left out.
    side : int
        Pixels of the squares in whose upper left corners they are laid.

    Returns
    -------
    values : (B, N, side, side) tensor
        0 where nothing is.
    inside : (B, N, side, side) bool
        Where something is.
    """
    batch, tall, wide = planes.shape
    steps = torch.arange(side, device=planes.device)
    rows, columns = top[..., None] + steps, left[..., None] + steps
    in_rows = (rows >= 0) & (rows < tall) & (steps < height[..., None])
    in_columns = (columns >= 0) & (columns < wide) & (steps < width[..., None])
    inside = in_rows[..., :, None] & in_columns[..., None, :]
    index = rows.clamp(0, tall - 1)[..., :, None] * wide + columns.clamp(0, wide - 1)[..., None, :]
    values = planes.flatten(1).gather(1, index.view(batch, -1)).view(index.shape)
    return values * inside, inside


def fit_plane(values: Tensor, known: Tensor) -> Tensor:
    """Return the least-squares plane through some pixels of patches, over the whole patches.

    Parameters
    ----------
    values : (..., S, S) float32
    known : (..., S, S) bool
        Which pixels it goes by; a patch without any gets zeros.

    Returns
    -------
    (..., S, S) float32
    """
    weight = known.to(values.dtype)
    count = weight.sum((-2, -1)).clamp(min=1)
    steps = torch.arange(values.shape[-1], device=values.device, dtype=values.dtype)

    def mean(part: Tensor) -> Tensor:
        averaged: Tensor = (part * weight).sum((-2, -1)) / count
        return averaged

    middle = mean(values)
    y = steps[:, None] - mean(steps[:, None])[..., None, None]
    x = steps - mean(steps)[..., None, None]
    rest = values - middle[..., None, None]
    yy, xy, xx = mean(y * y), mean(x * y), mean(x * x)
    vy, vx = mean(rest * y), mean(rest * x)
    trace, determinant = yy + xx, yy * xx - xy * xy
    # Of all planes that fit alike, as through one row of pixels, the flattest.
    full = determinant > 1e-6 * trace * trace
    divisor = torch.where(full, determinant, trace * trace).clamp(min=1e-12)
    down = torch.where(full, xx * vy - xy * vx, yy * vy + xy * vx) / divisor
    across = torch.where(full, yy * vx - xy * vy, xy * vy + xx * vx) / divisor
    return middle[..., None, None] + down[..., None, None] * y + across[..., None, None] * x


def surroundings(
    planes: Tensor,
    masks: Tensor,
    place: Tensor,
    height: Tensor,
    width: Tensor,
    side: int,
    margin: int,
) -> tuple[Tensor, Tensor]:
    """Measure the background in and around rectangles, without its slope.

    As `sirst5k.negatives.surroundings` does.

    Parameters
    ----------
    planes : (B, H, W) float32
    masks : (B, H, W) bool
        Targets, which are left out.
    place : (B, N, 2) int64
        Row and column of each rectangle's first pixel.
    height, width : (B, N) int64
    side : int
        Pixels of the largest rectangle's longer side.
    margin : int
        Pixels around them that count too.

    Returns
    -------
    mean, std : (B, N) float32
    """
    top, left = place.unbind(-1)
    box = (top - margin, left - margin, height + 2 * margin, width + 2 * margin)
    values, inside = take_patches(planes, *box, side + 2 * margin)
    taken, _ = take_patches(masks, *box, side + 2 * margin)
    known = inside & ~taken
    count = known.sum((-2, -1)).clamp(min=1)
    rest = (values - fit_plane(values, known)) * known
    mean = (values * known).sum((-2, -1)) / count
    return mean, ((rest * rest).sum((-2, -1)) / count).sqrt()


def put_patches(
    planes: Tensor, patches: Tensor, place: Tensor, height: Tensor, width: Tensor
) -> tuple[Tensor, Tensor]:
    """Return where the pixels of patches lie in flattened planes.

    Parameters
    ----------
    planes : (B, Q, H, W) tensor
    patches : (B, S, S) tensor
    place : (B, 2) int64
    height, width : (B,) int64
        How much of each patch is meant; 0 for none.

    Returns
    -------
    index : (B, Q, S * S) int64
        Into all planes flattened; their number of pixels where nothing is meant.
    values : (B, Q, S * S) tensor
    """
    batch, count, tall, wide = planes.shape
    steps = torch.arange(patches.shape[-1], device=planes.device)
    rows, columns = place[:, :1] + steps, place[:, 1:] + steps
    meant = (steps < height[:, None])[:, :, None] & (steps < width[:, None])[:, None, :]
    index = (rows[:, :, None] * wide + columns[:, None, :]).flatten(1)
    first = torch.arange(batch * count, device=planes.device).view(batch, count, 1) * (tall * wide)
    index = torch.where(meant.flatten(1)[:, None], first + index[:, None], planes.numel())
    return index, patches.flatten(1)[:, None].expand(batch, count, -1)
