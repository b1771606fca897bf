"""Moving targets to a wanted signal-to-clutter ratio."""

from __future__ import annotations

import math

import numpy as np

from sirst5k.components import label_targets
from sirst5k.contrast import contrasts
from sirst5k.errors import ParameterError
from sirst5k.sample import Image, Mask, full_scale


def move_scr(image: Image, mask: Mask, scr: float) -> Image:
    """Stretch each target's contrast so that it has a wanted local SCR.

    Every pixel of a target goes to ``mean_b + a·(I - mean_b)`` with one factor ``a`` a
    target, its background and its sign as they are; see `sirst5k.contrast.measure_targets`
    for the background. A target that cannot be judged (no contrast, no background, or one
    without any variation) stays as it is, and grey levels are clipped at full scale, which
    may leave a very strong wish unfulfilled.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    mask : (H, W) bool
    scr : float
        Wanted ``|mean_t - mean_b| / std_b``, not negative.

    Returns
    -------
    (H, W) array
        A copy of the image's dtype.
    """
    if not scr >= 0:
        raise ParameterError(f"Expected an SCR that is not negative, got {scr}.")
    moved = image.copy()
    labels, targets = label_targets(mask)
    for measured in contrasts(image, mask, labels, targets):
        if not 0 < measured.scr < math.inf:
            continue
        pixels = labels == measured.target.label
        levels = image[pixels].astype(np.float64) - measured.background_mean
        levels = measured.background_mean + levels * (scr / measured.scr)
        if image.dtype.kind == "u":
            levels = np.clip(np.rint(levels), 0, full_scale(image.dtype))
        moved[pixels] = levels.astype(image.dtype)
    return moved
