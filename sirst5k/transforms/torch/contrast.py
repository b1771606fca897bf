"""Local contrast of targets in a batch, and moving it to a wanted signal-to-clutter ratio."""

from __future__ import annotations

import torch
from torch import Tensor

from sirst5k.contrast import MARGIN
from sirst5k.transforms.torch.finding import TargetFinder, Targets, label_map
from sirst5k.transforms.torch.patches import grown, integral, within


def move_scr(
    levels: Tensor, masks: Tensor, scr: Tensor, applied: Tensor, finder: TargetFinder
) -> Tensor:
    """Stretch each target's contrast so that it has a wanted SCR.

    As `sirst5k.noise.move_scr`, but for rounding; every frame is measured by itself.

    Parameters
    ----------
    levels : (B, C, H, W) or (B, C, T, H, W) float32
        Grey levels; used up.
    masks : (B, 1, H, W) or (B, 1, T, H, W) tensor
    scr : (B,) float32
        What each sample's targets are to have.
    applied : (B,) bool
        Which samples are meant.
    finder : TargetFinder

    Returns
    -------
    tensor
        Of the levels' shape.
    """
    shape = levels.shape
    planes = levels.reshape(-1, *shape[-2:])
    owned = (masks > 0).expand(shape).reshape(planes.shape)
    repeats = len(planes) // max(shape[0], 1)
    wanted, meant = (part[:, None].expand(-1, repeats).reshape(-1) for part in (scr, applied))
    targets = finder(owned)
    mean, own_scr = measure(planes, owned, targets)
    usable = targets.valid & (own_scr > 0) & own_scr.isfinite() & meant[:, None]
    stretch = torch.where(usable, wanted[:, None] / own_scr, 1.0).to(levels.dtype)
    mean = torch.where(usable, mean, 0.0).to(levels.dtype)
    labels = label_map(targets, (shape[-2], shape[-1]))
    # Label 0 is the background's.
    stretch, mean = (torch.cat([value[:, :1] * 0, value], dim=1) for value in (stretch, mean))
    index = labels.flatten(1).to(torch.int64)
    factor = stretch.gather(1, index).view(planes.shape)
    level = mean.gather(1, index).view(planes.shape)
    moved = torch.where(factor == 1, planes, level + factor * (planes - level))
    return torch.where(labels > 0, moved, planes).view(shape)


def measure(
    planes: Tensor, owned: Tensor, targets: Targets, margin: int = MARGIN
) -> tuple[Tensor, Tensor]:
    """Measure targets as `sirst5k.contrast.measure_targets` does.

    Parameters
    ----------
    planes : (N, H, W) float32
        Grey levels.
    owned : (N, H, W) bool
        Pixels of any target.
    targets : Targets
        Of these masks.
    margin : int
        Width of the neighbourhood in pixels.

    Returns
    -------
    mean : (N, K) float64
        Mean grey level of the neighbourhood.
    scr : (N, K) float64
        0, infinite or NaN where it says nothing.
    """
    # Where a pixel is no number, its surroundings still have a level.
    values = planes.to(torch.float64).nan_to_num(0.0)
    # About the image's mean, so that squares do not cancel.
    centre = values.mean((-2, -1), keepdim=True)
    values = values - centre
    free = ~owned
    around = values * free
    top, left, bottom, right = targets.boxes.unbind(-1)
    shape = (planes.shape[-2], planes.shape[-1])
    corners = grown(top, left, bottom - top, right - left, margin, shape)
    parts = (free.to(torch.float64), around, around * around)
    count, total, squares = (within(integral(part), corners) for part in parts)
    mean = total / count
    variance = squares / count - mean * mean
    # What rounding leaves of a constant background is no variance.
    variance = torch.where(variance > 1e-12 * (mean * mean + 1e-12), variance, 0.0)
    own = _target_means(values, targets)
    return mean + centre[..., 0], (own - mean).abs() / variance.sqrt()


def _target_means(values: Tensor, targets: Targets) -> Tensor:
    row, first, last = targets.runs.unbind(2)
    there = targets.owner < targets.valid.shape[1]
    row, first, last = (torch.where(there, part, 0) for part in (row, first, last))
    sums = within(integral(values), (row, first, row + 1, last + 1))
    total = sums.new_zeros(len(sums), targets.valid.shape[1] + 1)
    return total.scatter_add(1, targets.owner, sums)[:, :-1] / targets.area
