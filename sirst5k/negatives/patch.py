"""Negative synthesis as published: a square patch of a fixed size is turned in place."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import NDArray

from sirst5k.errors import ParameterError
from sirst5k.negatives.symmetries import Pixel, apply_symmetry

# Published patch size -> (half of the side that is really cut, distance from the border
# from which on the window is pushed inwards).
_PUBLISHED = {3: (1, 1), 5: (2, 2), 7: (3, 3), 9: (4, 8), 32: (16, 32)}
PATCH_SIZES = tuple(_PUBLISHED)
"""Patch sizes of the published scripts."""


@dataclass(frozen=True, slots=True)
class PatchWindow:
    """A rectangle of pixels.

    Attributes
    ----------
    top, left : int
        First row and column.
    height, width : int
        Size in pixels.
    """

    top: int
    left: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index an array with."""
        rows = slice(self.top, self.top + self.height)
        return rows, slice(self.left, self.left + self.width)


def rotation_window(x: int, y: int, patch_size: int, shape: tuple[int, int]) -> PatchWindow:
    """Return the window that the published script turns for a target.

    Its side is ``2r`` with ``r = 1, 2, 3, 4, 16`` for patch sizes 3, 5, 7, 9, 32. Along
    each axis of length ``n`` it begins at ``0`` if ``c < t``, at ``n - 2r`` if
    ``c > n - t``, else at ``c - r``, where ``t = r`` for sizes 3, 5 and 7, 8 for 9 and 32
    for 32.

    Parameters
    ----------
    x, y : int
        The target's centre: column and row of its centroid, rounded.
    patch_size : int
        3, 5, 7, 9 or 32.
    shape : (int, int)
        Height and width of the image.

    Raises
    ------
    ParameterError
        If the patch size is none of these, or the image smaller than the window.
    """
    if patch_size not in _PUBLISHED:
        raise ParameterError(
            f"Expected a patch size of {', '.join(map(str, PATCH_SIZES))}, got {patch_size}."
        )
    radius, threshold = _PUBLISHED[patch_size]
    side = 2 * radius
    if min(shape) < side:
        raise ParameterError(
            f"Expected an image of at least {side}×{side} pixels for patch size {patch_size}, "
            f"got {shape[0]}×{shape[1]}."
        )

    def low_edge(centre: int, length: int) -> int:
        if centre < threshold:
            return 0
        if centre > length - threshold:
            return length - side
        # Images under twice the threshold, which the published script never saw.
        return min(centre - radius, length - side)

    height, width = shape
    return PatchWindow(low_edge(y, height), low_edge(x, width), side, side)


def published_symmetry(patch_size: int, quarter_turns: int) -> int:
    """Return the symmetry that the published script applies.

    Parameters
    ----------
    patch_size : int
        For 32 the patch is flipped left-right before it is turned.
    quarter_turns : int
        0 to 3, counter-clockwise.
    """
    return quarter_turns % 4 + (4 if patch_size == 32 else 0)


def turned_window(array: NDArray[Pixel], window: PatchWindow, symmetry: int) -> NDArray[Pixel]:
    """Return a window of an array under a symmetry, as a copy of the window's shape.

    Raises
    ------
    ParameterError
        If the symmetry would turn a window that is not square on its side.
    """
    turned = apply_symmetry(array[window.slices], symmetry)
    if turned.shape != (window.height, window.width):
        raise ParameterError(
            f"Symmetry {symmetry} turns a {window.height}×{window.width} window on its side; "
            f"use one of 0, 2, 4, 6, or a square window."
        )
    return turned.copy()


def rotate_patch(array: NDArray[Pixel], window: PatchWindow, symmetry: int) -> NDArray[Pixel]:
    """Cut a window, apply a symmetry and paste it back, with a hard seam.

    Parameters
    ----------
    array : (H, W) array
        An image, or its mask: both are turned alike.
    window : PatchWindow
    symmetry : int
        0 to 7; see `sirst5k.negatives.apply_symmetry`.

    Returns
    -------
    (H, W) array
        A copy.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.arange(16, dtype=np.uint8).reshape(4, 4)
    >>> rotate_patch(image, rotation_window(2, 2, 3, image.shape), 1)
    array([[ 0,  1,  2,  3],
           [ 4,  6, 10,  7],
           [ 8,  5,  9, 11],
           [12, 13, 14, 15]], dtype=uint8)
    """
    result = array.copy()
    result[window.slices] = turned_window(array, window, symmetry)
    return result
