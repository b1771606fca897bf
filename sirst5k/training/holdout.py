"""Which images are held out for validation: a function of their names alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError, SplitError
from sirst5k.seeds import stable_hash

Indices = NDArray[np.int64]


def hold_out(
    ids: Sequence[str], fraction: float, salt: str = "sirst5k-validation"
) -> tuple[Indices, Indices]:
    """Divide images into those to train on and those held out.

    All names stand in one fixed order, that of their hashes, and the first of them are held
    out. So the choice depends neither on the order of `ids` nor on anything random. A larger
    fraction holds out the same images and further ones. When images are added, none that
    stays is brought into the held-out part while another goes from there back to training:
    either some join it, or some leave it for added ones. The count is exact, so that no
    image's own place can be promised.

    Parameters
    ----------
    ids : sequence of str
        Names of the images; of variants, that of the image they were made of. Items of one
        name stay together, and count once.
    fraction : float
        Share of the names that is held out; at least one name is, and at least one is not.
    salt : str
        Another one gives another choice.

    Returns
    -------
    training, held_out : (n,) int64
        Places in `ids`, ascending.

    Raises
    ------
    ParameterError
        If the fraction is not between 0 and 1.
    SplitError
        If there are fewer than two names.

    Examples
    --------
    >>> training, held_out = hold_out([f"Misc_{number}" for number in range(1, 11)], 0.2)
    >>> held_out
    array([1, 2])
    """
    if not 0 < fraction < 1:
        raise ParameterError(
            f"Expected a fraction between 0 and 1 of the images to be held out, got {fraction}."
        )
    names = set(ids)
    if len(names) < 2:
        raise SplitError(
            f"Expected at least two images, one to train on and one to hold out, got "
            f"{len(names)}. Add images, or validate on another dataset."
        )
    count = min(max(round(fraction * len(names)), 1), len(names) - 1)
    ordered = sorted(names, key=lambda name: (stable_hash(f"{salt}\0{name}"), name))
    held = set(ordered[:count])
    flags = np.array([name in held for name in ids])
    return np.flatnonzero(~flags), np.flatnonzero(flags)
