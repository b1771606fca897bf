"""A Gaussian blur along one axis, as three box filters with fractional ends."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.training.frames.batch import send

if TYPE_CHECKING:
    from torch import Tensor

_PASSES = 3


class Blur:
    """Blurs of B frames, each of its own radius.

    A Gaussian of standard deviation σ is taken for three passes of a box of half width ``l``
    whose two further pixels weigh ``a < 1``, both chosen so that the box's variance is
    σ² / 3. Beyond its ends an image goes on with its outermost pixels, before each pass.
    That is the extended box filter of Gwosdek, Grewenig, Bruhn and Weickert ("Theoretical
    foundations of Gaussian convolution by extended box filtering", SSVM 2011), and what
    Pillow calls ``GaussianBlur``.

    Parameters
    ----------
    radius : (B,) float64
        σ in pixels; 0 leaves a frame as it is.

    Attributes
    ----------
    reach : int
        How many pixels away a pixel may have an influence.
    """

    def __init__(self, radius: NDArray[np.float64]) -> None:
        self.radius = radius
        self.reach = _PASSES * (self.box.shape[1] // 2) if radius.any() else 0

    @cached_property
    def box(self) -> NDArray[np.float64]:
        """The weights of one pass: (B, 2 m + 1)."""
        variance = self.radius**2 / _PASSES
        # The widest box without fractional ends whose variance, l (l + 1) / 3, is not above.
        half = np.floor((np.sqrt(1 + 12 * variance) - 1) / 2)
        rest = 3 * variance - half * (half + 1)
        end = (2 * half + 1) * rest / (6 * ((half + 1) ** 2 - variance))
        offsets = np.abs(np.arange(-half.max() - 1, half.max() + 2))
        weights = np.where(offsets <= half[:, None], 1.0, 0.0)
        weights += np.where(offsets == half[:, None] + 1, end[:, None], 0.0)
        box: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
        return box

    def shares(self, crop: int, device: Any) -> Tensor:
        """Return what every pixel of a crop takes from its neighbours.

        Returns
        -------
        shares : (2 reach + 1, B, crop) float64
            Of the neighbours from `reach` pixels before to `reach` after; 0 for those beyond
            the crop.
        """
        import torch

        reach = self.reach
        shares = torch.zeros(2 * reach + 1, len(self.radius), crop, device=device).double()
        shares[reach] = 1
        if reach == 0:
            return shares
        places = torch.arange(crop, device=device)
        offsets = torch.arange(2 * reach + 1, device=device)[:, None]
        box = send(self.box, device)
        half = self.box.shape[1] // 2
        for _ in range(_PASSES):
            spread = torch.zeros_like(shares)
            for shift in range(-half, half + 1):
                # What pixel `from` takes from its neighbour at some offset, this pixel takes
                # from the same one, which lies at another offset from here.
                source = (places + shift).clamp(0, crop - 1)
                there = offsets - (source - places)
                known = (there >= 0) & (there <= 2 * reach)
                taken = shares[there.clamp(0, 2 * reach), :, source].movedim(-1, 1)
                spread += taken * known[:, None] * box[None, :, shift + half, None]
            shares = spread
        return shares
