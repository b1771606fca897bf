"""Turning a target in its window with a seam that does not show, its mask staying exact."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError
from sirst5k.negatives.patch import PatchWindow, turned_window
from sirst5k.sample import Image, Mask

SEAMS = ("hard", "feather")
"""Names of the ways to paste a turned window back."""


def turn_target(
    image: Image,
    mask: Mask,
    window: PatchWindow,
    symmetry: int,
    margin: int,
    seam: str = "feather",
) -> tuple[Image, Mask]:
    """Apply a symmetry to a window of an image and of its mask.

    With the feathered seam the turned window is blended into the original one over the
    outer `margin` pixels. The part inside, where the target is before and after, is never
    blended: target pixels keep their values, and the mask is turned as it is.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    mask : (H, W) bool
    window : PatchWindow
        From `target_windows`; square unless the symmetry keeps a rectangle.
    symmetry : int
        0 to 7.
    margin : int
        Width of the seam in pixels; 0 makes it hard.
    seam : str
        ``hard`` or ``feather``.

    Returns
    -------
    image, mask
        Copies.
    """
    new_image, new_mask = image.copy(), mask.copy()
    turn_target_into(new_image, new_mask, window, symmetry, margin, seam)
    return new_image, new_mask


def turn_target_into(
    image: Image, mask: Mask, window: PatchWindow, symmetry: int, margin: int, seam: str
) -> None:
    """Do what `turn_target` does, in the arrays themselves."""
    if seam not in SEAMS:
        raise ParameterError(f"Expected a seam of {' or '.join(SEAMS)}, got {seam!r}.")
    if symmetry == 0:
        return
    own_mask, own = mask[window.slices], image[window.slices]
    own_mask[...] = turned_window(mask, window, symmetry)
    turned = turned_window(image, window, symmetry)
    if seam == "hard" or margin == 0:
        own[...] = turned
        return
    weight, inside = _feather(window.height, window.width, margin)
    before = own.astype(np.float32)
    blended = turned.astype(np.float32)
    blended -= before
    blended *= weight
    blended += before
    if image.dtype.kind == "u":
        np.rint(blended, out=blended)
    own[...] = blended
    # Float arithmetic need not give back an exact grey level at weight one.
    np.copyto(own, turned, where=inside)


@lru_cache(maxsize=256)
def _feather(height: int, width: int, margin: int) -> tuple[NDArray[np.float32], Mask]:
    """Return weights of one inside, falling as a raised cosine over the margin to zero.

    Beside them, where they are one.
    """

    def fall(length: int) -> NDArray[np.float64]:
        depth = np.minimum(np.arange(length), np.arange(length)[::-1]) + 1
        return 0.5 - 0.5 * np.cos(np.pi * np.clip(depth / (margin + 1), 0, 1))

    weight = np.outer(fall(height), fall(width)).astype(np.float32)
    weight.flags.writeable = False
    return weight, weight == 1
