"""The eight symmetries of the square, numbered once for the whole library."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError

Pixel = TypeVar("Pixel", bound=np.generic)

ALL = tuple(range(8))
"""0-3: quarter turns counter-clockwise; 4-7: a left-right flip, then 0-3 quarter turns."""
KEEP_BOX = (0, 2, 4, 6)
"""Those that map a rectangle onto itself: identity, half turn, left-right, up-down."""
KEEP_ROWS = (0, 4)
"""Those that keep every pixel in its row: identity and left-right flip."""
KEEP_COLUMNS = (0, 6)
"""Those that keep every pixel in its column: identity and up-down flip."""


def apply_symmetry(patch: NDArray[Pixel], symmetry: int) -> NDArray[Pixel]:
    """Return a patch under one of the eight symmetries of the square.

    Parameters
    ----------
    patch : (h, w) array
    symmetry : int
        0 to 7: ``symmetry % 4`` quarter turns counter-clockwise, after a left-right flip
        where ``symmetry >= 4``.

    Returns
    -------
    (h, w) or (w, h) array
        A view.
    """
    if not 0 <= symmetry < 8:
        raise ParameterError(f"Expected a symmetry of 0 to 7, got {symmetry}.")
    flipped = patch[:, ::-1] if symmetry >= 4 else patch
    # As np.rot90, which takes longer to check its axes than to turn a small patch.
    turns = symmetry % 4
    if turns == 0:
        return flipped
    if turns == 1:
        return flipped.T[::-1]
    return flipped[::-1, ::-1] if turns == 2 else flipped[::-1].T
