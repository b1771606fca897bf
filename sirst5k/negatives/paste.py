"""Pasting a target elsewhere, as strong there as its new surroundings ask for."""

from __future__ import annotations

import math

import numpy as np

from sirst5k.contrast import MARGIN
from sirst5k.errors import ParameterError
from sirst5k.negatives.adding import add_into, check_inside
from sirst5k.negatives.stamp import TargetStamp
from sirst5k.sample import Image, Mask, full_scale

_LEAST_KEPT = 0.9  # of what a target adds; the rest may be cut off at full scale


def matching_gain(
    image: Image, mask: Mask, stamp: TargetStamp, place: tuple[int, int], scr: float
) -> float | None:
    """Return the factor that gives a pasted target a wanted local SCR.

    With the target's contribution ``D`` times ``a`` added to the image ``I``, its contrast
    becomes ``c0 + a·c1`` and the variance of its neighbourhood ``v0 + 2a·k + a²·v1``, since
    the halo is part of the neighbourhood: ``c`` are differences of the means of target and
    neighbourhood, ``v`` variances and ``k`` the covariance over the neighbourhood, of ``I``
    and of ``D``. The factor solves ``(c0 + a·c1)² = SCR²·(v0 + 2a·k + a²·v1)``. SCR and
    neighbourhood are those of `sirst5k.contrast.measure_targets`.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    mask : (H, W) bool
        The targets that are there already.
    stamp : TargetStamp
    place : (int, int)
        Row and column of the stamp's first pixel; the stamp lies inside the image.
    scr : float
        Wanted ``|mean_t - mean_b| / std_b``, above 0.

    Returns
    -------
    float, optional
        Above 0, to six digits. None where no factor would do: on a constant background, or
        one that by itself stands out more than the target should, or that is so near to
        full scale that the target would lose more than a tenth of what it adds.
    """
    if not scr > 0:
        raise ParameterError(f"Expected an SCR above 0, got {scr}.")
    check_inside(image, stamp.mask.shape, place)
    top, left = place
    height, width = stamp.mask.shape
    grow = MARGIN - stamp.halo
    first_row, first_column = max(0, top - grow), max(0, left - grow)
    around = np.s_[first_row : top + height + grow, first_column : left + width + grow]
    inner = np.s_[
        top - first_row : top - first_row + height,
        left - first_column : left - first_column + width,
    ]
    levels = image[around].astype(np.float64)
    added = np.zeros_like(levels)
    added[inner] = stamp.contribution
    background = ~mask[around]
    background[inner] &= ~stamp.mask
    below, above = levels[background], added[background]
    if not below.size:
        return None
    target, target_added = levels[inner][stamp.mask], added[inner][stamp.mask]
    contrast = float(target.mean() - below.mean())
    contrast_added = float(target_added.mean() - above.mean())
    below -= below.mean()
    above -= above.mean()
    gain = _solve(
        (contrast, contrast_added),
        (float(np.mean(below**2)), float(np.mean(below * above)), float(np.mean(above**2))),
        scr,
    )
    if gain is None or image.dtype.kind == "f":
        return gain
    wanted = gain * target_added
    kept = np.clip(target + wanted, 0, full_scale(image.dtype)) - target
    return gain if abs(kept.mean()) >= _LEAST_KEPT * abs(wanted.mean()) else None


def paste_target(
    image: Image, mask: Mask, stamp: TargetStamp, place: tuple[int, int], gain: float
) -> tuple[Image, Mask]:
    """Add a target to an image, and its pixels to the mask.

    Grey levels are rounded, and clipped at full scale; those of float images are neither.
    Nothing outside the stamp changes.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    mask : (H, W) bool
    stamp : TargetStamp
        From `lift_target`, turned as wished.
    place : (int, int)
        Row and column of the stamp's first pixel; from `free_places`.
    gain : float
        Factor on the stamp's contribution; see `matching_gain`.

    Returns
    -------
    image, mask
        Copies.

    Examples
    --------
    >>> from sirst5k.components import count_targets, label_targets
    >>> from sirst5k.negatives import lift_target
    >>> image, mask = np.full((32, 32), 60, np.uint8), np.zeros((32, 32), dtype=bool)
    >>> image[5:7, 5:8], mask[5:7, 5:8] = 90, True
    >>> labels, targets = label_targets(mask)
    >>> stamp = lift_target(image, labels, targets[0]).turned(1)
    >>> pasted, pasted_mask = paste_target(image, mask, stamp, (20, 18), gain=0.5)
    >>> count_targets(pasted_mask), sorted(set(pasted[20:, 18:].ravel().tolist()))
    (2, [60, 75])
    """
    check_inside(image, stamp.mask.shape, place)
    new_image, new_mask = image.copy(), mask.copy()
    paste_into(new_image, new_mask, stamp, place, gain)
    return new_image, new_mask


def paste_into(
    image: Image, mask: Mask, stamp: TargetStamp, place: tuple[int, int], gain: float
) -> None:
    """Do what `paste_target` does, in the arrays themselves."""
    height, width = stamp.mask.shape
    window = np.s_[place[0] : place[0] + height, place[1] : place[1] + width]
    add_into(image, place, np.float32(gain) * stamp.contribution)
    mask[window] |= stamp.mask


def _solve(
    contrasts: tuple[float, float], spread: tuple[float, float, float], scr: float
) -> float | None:
    """Return the least factor above 0 that solves the equation of `matching_gain`."""
    (c0, c1), (v0, k, v1) = contrasts, spread
    if not v0 > 0 or c1 == 0:
        return None
    square, linear, constant = c1 * c1 - scr**2 * v1, c0 * c1 - scr**2 * k, c0 * c0 - scr**2 * v0
    discriminant = linear * linear - square * constant
    if not discriminant >= 0:
        return None
    # The form that does not cancel; a vanishing square leaves the second root alone.
    stable = -(linear + math.copysign(math.sqrt(discriminant), linear))
    roots = [stable / square] if square else []
    roots += [constant / stable] if stable else []
    # The target must come out as it was, bright or dark.
    right = [root for root in roots if 0 < root < math.inf and (c0 + root * c1) * c1 > 0]
    # Six digits: enough for any grey level, and the same on every processor.
    return float(f"{min(right):.6g}") if right else None
