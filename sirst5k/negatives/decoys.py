"""Decoys: clutter that draws a detector's eye, and is no target.

Each kind differs from a point-like warm object in one plain way: too long, too wide, with
straight edges, not blurred by any optics, or darker than its surroundings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError, suggest
from sirst5k.negatives import decoy_shapes as shapes
from sirst5k.negatives.adding import add_into, check_inside
from sirst5k.negatives.decoy_shapes import Grid
from sirst5k.sample import Image

Profile = NDArray[np.float32]

_STEPS = 1024  # levels of a profile between 0 and 1


@dataclass(frozen=True, slots=True)
class DecoyKind:
    """One kind of decoy.

    Attributes
    ----------
    sizes : (int, int)
        Least and greatest size in pixels that are drawn.
    sign : int
        1 for brighter than the background, -1 for darker.
    reach : callable
        Size -> pixels from the profile's centre to its edge.
    shape : callable
        (along, across, size) -> profile, of coordinates in pixels, turned by the angle.
    """

    sizes: tuple[int, int]
    sign: int
    reach: Callable[[int], int]
    shape: Callable[[Grid, Grid, int], Grid]


def decoy_profile(kind: str, size: int, angle: float) -> Profile:
    """Return the form of a decoy, to be multiplied by its strength.

    Parameters
    ----------
    kind : str
        ``streak``: a line, `size` long. ``edge``: a straight edge, `size` long, one side of
        it bright and fading. ``corner``: two edges at a right angle, `size` from end to end.
        ``blob``: a soft ellipse, `size` long. ``hot_pixel``: `size` neighbouring pixels
        without any blur. ``dark_spot``: a point, `size` wide, darker than its surroundings.
    size : int
        Pixels, at least 1.
    angle : float
        Degrees, counter-clockwise.

    Returns
    -------
    (n, n) float32
        Odd side; 0 to 1, or to -1 for a dark one, fading to 0 at its edge. Read-only.

    Examples
    --------
    >>> decoy_profile("hot_pixel", 2, 0)
    array([[0., 0., 0.],
           [0., 1., 1.],
           [0., 0., 0.]], dtype=float32)
    """
    if kind not in DECOYS:
        raise ParameterError(f"No such kind of decoy: {kind!r}.{suggest(kind, DECOYS)}")
    if size < 1:
        raise ParameterError(f"Expected a decoy of at least 1 pixel, got {size}.")
    return _profile(kind, size, angle)


def add_decoy(image: Image, profile: Profile, place: tuple[int, int], strength: float) -> Image:
    """Add a decoy to an image; its mask stays as it is.

    Grey levels are rounded, and clipped at full scale; those of float images are neither.
    Nothing outside the profile changes.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    profile : (n, n) float32
        From `decoy_profile`.
    place : (int, int)
        Row and column of the profile's first pixel; from `free_places`.
    strength : float
        Grey levels where the profile is 1.

    Returns
    -------
    (H, W) array
        A copy.
    """
    check_inside(image, profile.shape, place)
    result = image.copy()
    add_into(result, place, np.float32(strength) * profile)
    return result


@lru_cache(maxsize=256)
def _profile(kind: str, size: int, angle: float) -> Profile:
    chosen = DECOYS[kind]
    reach = chosen.reach(size)
    down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)
    cosine, sine = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    along, across = right * cosine - down * sine, right * sine + down * cosine
    values = chosen.shape(along, across, size)
    values *= chosen.sign / values.max()
    # In steps, so that no two processors' exponentials make different pixels of it.
    profile: Profile = (np.rint(values * _STEPS) / _STEPS).astype(np.float32)
    profile.flags.writeable = False
    return profile


DECOYS = {
    "streak": DecoyKind((9, 25), 1, lambda size: size // 2 + 3, shapes.streak),
    "edge": DecoyKind((12, 24), 1, lambda size: int(0.71 * size) + 1, shapes.edge),
    "corner": DecoyKind((12, 24), 1, lambda size: max(size, 5), shapes.corner),
    "blob": DecoyKind((20, 44), 1, lambda size: size // 2 + 1, shapes.blob),
    "hot_pixel": DecoyKind((1, 2), 1, lambda size: max(1, size - 1), shapes.hot_pixel),
    "dark_spot": DecoyKind((3, 7), -1, lambda size: size // 2 + 2, shapes.spot),
}
"""The kinds of decoys by name."""
