"""How strong pasted targets of a batch must be to have a wanted contrast."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from sirst5k.contrast import MARGIN
from sirst5k.negatives.paste import _LEAST_KEPT
from sirst5k.transforms.torch.patches import grown, integral, take_patches, within
from sirst5k.transforms.torch.stamps import Stamps


class Scene(NamedTuple):
    """What targets are pasted into.

    Attributes
    ----------
    planes : (B, H, W) float32
        Grey levels.
    sums : three (B, H + 1, W + 1) float64
        `integral` of the background: pixels, grey levels about `centre`, their squares.
    centre : (B, 1) float64
        Mean grey level.
    """

    planes: Tensor
    sums: tuple[Tensor, Tensor, Tensor]
    centre: Tensor


def describe(planes: Tensor, masks: Tensor) -> Scene:
    """Return a scene of ``(B, H, W)`` grey levels and bool masks."""
    free = ~masks
    values = planes.to(torch.float64).nan_to_num(0.0)
    centre = values.mean((-2, -1), keepdim=True)
    around = (values - centre) * free
    sums = (integral(free.to(torch.float64)), integral(around), integral(around * around))
    return Scene(planes, sums, centre[..., 0])


def matching_gain(
    scene: Scene, stamps: Stamps, place: Tensor, scr: Tensor, white: float | None
) -> tuple[Tensor, Tensor]:
    """Return the factors that give pasted targets a wanted SCR.

    The equation of `sirst5k.negatives.matching_gain`, for several places of one target each.

    Parameters
    ----------
    scene : Scene
    stamps : Stamps
        ``(B, 1, …)``: one for each image.
    place : (B, T, 2) int64
        Rows and columns of first pixels, at which the stamp is clear of targets.
    scr : (B, 1) float64
    white : float, optional
        Full scale, at which grey levels are clipped; None if they are not.

    Returns
    -------
    gain : (B, T) float64
    found : (B, T) bool
        Whether there is such a factor.
    """
    top, left = place.unbind(-1)
    tall, wide = stamps.height.expand_as(top), stamps.width.expand_as(top)
    side = stamps.mask.shape[-1]
    levels, inside = take_patches(scene.planes, top, left, tall, wide, side)
    values = (levels.to(torch.float64) - scene.centre[..., None, None]) * inside
    values = values.nan_to_num(0.0)
    own = stamps.mask.to(torch.float64)
    added = stamps.contribution.to(torch.float64)
    halo = added * ~stamps.mask

    def total(part: Tensor) -> Tensor:
        return part.sum((-2, -1))

    shape = (scene.planes.shape[1], scene.planes.shape[2])
    corners = grown(top, left, tall, wide, MARGIN - stamps.halo, shape)
    pixels = total(own)
    count, below, squares = (within(part, corners) for part in scene.sums)
    count = count - pixels
    mean = (below - total(values * own)) / count
    variance = (squares - total(values * values * own)) / count - mean * mean
    mean_added = total(halo) / count
    variance_added = total(halo * halo) / count - mean_added * mean_added
    together = total(values * halo) / count - mean * mean_added
    contrast = total(values * own) / pixels - mean
    contrast_added = total(added * own) / pixels - mean_added
    gain, found = _solve((contrast, contrast_added), (variance, together, variance_added), scr)
    if white is None:
        return gain, found
    wanted = gain[..., None, None] * added * own
    kept = (levels + wanted).clamp(0, white) - levels
    enough = total(kept * own).abs() >= _LEAST_KEPT * total(wanted).abs()
    return gain, found & enough


def _solve(
    contrasts: tuple[Tensor, Tensor], spread: tuple[Tensor, Tensor, Tensor], scr: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the least factors above 0 that solve the equation, and where there are any."""
    (c0, c1), (v0, k, v1) = contrasts, spread
    square = c1 * c1 - scr**2 * v1
    linear = c0 * c1 - scr**2 * k
    constant = c0 * c0 - scr**2 * v0
    discriminant = linear * linear - square * constant
    # The form that does not cancel; a vanishing square leaves the second root alone.
    stable = -(linear + torch.copysign(discriminant.clamp(min=0).sqrt(), linear))
    roots = torch.stack([stable / square, constant / stable])
    # The target must come out as it was, bright or dark.
    right = (roots > 0) & roots.isfinite() & ((c0 + roots * c1) * c1 > 0)
    least = torch.where(right, roots, torch.inf).amin(0)
    found = right.any(0) & (v0 > 1e-9) & (discriminant >= 0)
    return torch.where(found, least, 0.0), found
