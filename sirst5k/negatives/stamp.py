"""A target lifted off its background, to be put down elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirst5k.components import Target
from sirst5k.errors import ParameterError
from sirst5k.negatives.surroundings import fit_plane
from sirst5k.negatives.symmetries import apply_symmetry
from sirst5k.sample import Image, Mask

MAX_HALO = 16
"""Widest halo in pixels: it stays inside the neighbourhood that contrast is measured in."""
_RING = 4  # width in pixels of what the background is estimated from
_LEAST_RING = 8  # pixels, or a plane says nothing


@dataclass(frozen=True, eq=False, slots=True)
class TargetStamp:
    """What a target adds to its background, and which pixels are its own.

    Attributes
    ----------
    contribution : (h, w) float32
        Grey levels above the background, signed; whole on the target, fading to nothing
        over the halo.
    mask : (h, w) bool
        The target's pixels.
    halo : int
        Pixels on each side between the target's box and the stamp's edge.
    """

    contribution: NDArray[np.float32]
    mask: Mask
    halo: int

    def turned(self, symmetry: int) -> TargetStamp:
        """Return the stamp under one of the eight symmetries of the square."""
        return TargetStamp(
            apply_symmetry(self.contribution, symmetry),
            apply_symmetry(self.mask, symmetry),
            self.halo,
        )


def lift_target(
    image: Image, labels: NDArray[np.int32], target: Target, halo: int = 3
) -> TargetStamp | None:
    """Estimate what one target adds to its background.

    The background is a plane fitted to a ring 4 pixels wide beyond the halo, kept within
    the ring's grey levels. What stands above it is taken whole on the target's pixels, and
    with a weight that falls over the halo as a raised cosine of the distance: optics
    spread a target beyond its mask. Of two targets with a common halo each has the part
    nearer to it. At the image's border the halo is as wide as there is room.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    labels : (H, W) int32
        From `sirst5k.components.label_targets`.
    target : Target
        From the same call.
    halo : int
        Pixels, 0 to 16.

    Returns
    -------
    TargetStamp, optional
        None for a target that the border cuts off, or one without a background around it.
    """
    if not 0 <= halo <= MAX_HALO:
        raise ParameterError(f"Expected a halo of 0 to {MAX_HALO} pixels, got {halo}.")
    height, width = labels.shape
    room = min(target.top, target.left, height - target.bottom, width - target.right)
    if room < 1:
        return None
    halo = min(halo, room)
    reach = halo + _RING
    top, left = max(0, target.top - reach), max(0, target.left - reach)
    around = np.s_[top : target.bottom + reach, left : target.right + reach]
    near = labels[around]
    own = near == target.label
    to_own, to_others = _distance(own), _distance((near != 0) & ~own)
    ring = (to_own > halo) & (to_others > halo) & (to_own <= reach)
    if np.count_nonzero(ring) < _LEAST_RING:
        return None
    levels = image[around].astype(np.float64)
    weight = 0.5 + 0.5 * np.cos(np.pi * np.minimum(to_own / (halo + 1), 1))
    weight[to_others <= to_own] = 0
    # A ring on one side only, as in a corner of the image, must not be extrapolated far.
    background = np.clip(fit_plane(levels, ring), levels[ring].min(), levels[ring].max())
    contribution = (levels - background) * weight
    window = np.s_[
        target.top - halo - top : target.bottom + halo - top,
        target.left - halo - left : target.right + halo - left,
    ]
    return TargetStamp(contribution[window].astype(np.float32), own[window], halo)


def _distance(pixels: Mask) -> NDArray[np.float64]:
    """Return how far each pixel is from the nearest of some; infinite where there are none.

    Not by OpenCV: the last bits of its distances change from call to call in some versions
    (seen in 4.9), and a pixel at just the limit with them.
    """
    from scipy.ndimage import distance_transform_edt  # slow to import, and only pasting needs it

    if not pixels.any():
        return np.full(pixels.shape, np.inf)
    distance: NDArray[np.float64] = distance_transform_edt(~pixels)
    return distance
