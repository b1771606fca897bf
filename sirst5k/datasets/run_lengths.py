"""Masks as run lengths, column by column, as COCO codes them: a list of numbers, or a text.

The text packs each number into groups of five bits, lowest first, a sixth bit saying that more
follow, each group as the character of 48 + its value; from the fourth number on, what is packed
is the difference to the number before the last.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import DatasetError
from sirst5k.sample import Mask


def encode_runs(mask: Mask) -> list[int]:
    """Return the run lengths of an ``(H, W)`` mask, down its columns, background first."""
    pixels = mask.ravel(order="F")
    turns = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
    edges = np.concatenate([[0], turns, [pixels.size]])
    runs: list[int] = np.diff(edges).tolist()
    return [0, *runs] if pixels[0] else runs


def runs_of(counts: Any, shape: tuple[int, int]) -> NDArray[np.int64]:
    """Return where target runs begin and end in the columns of an image, one after the other.

    Parameters
    ----------
    counts : list of int, or str
        The two forms that COCO's ``counts`` take.
    shape : (int, int)
        Height and width of the image.

    Returns
    -------
    (N, 2) int64
        First pixel and one beyond the last, counted down the columns.

    Raises
    ------
    DatasetError
        If the numbers are none, or do not add up to the image.
    """
    found: Any = _unpacked(counts) if isinstance(counts, str) else counts
    lengths: list[int] = found if isinstance(found, list) else [-1]
    fits = all(type(n) is int and 0 <= n < 1 << 40 for n in lengths)
    if not fits or sum(lengths) != shape[0] * shape[1]:
        raise DatasetError(
            f"Expected run lengths that add up to {shape[1]}×{shape[0]} pixels, but they do not. "
            "Correct the annotation."
        )
    ends = np.cumsum(np.asarray(lengths, dtype=np.int64))
    return ends[: len(ends) // 2 * 2].reshape(-1, 2)  # background after the last target


def _unpacked(text: str) -> list[int] | None:
    """Return the numbers of a text, or None if it is damaged."""
    numbers: list[int] = []
    value = shift = 0
    for sign in text:
        group = ord(sign) - 48
        if not 0 <= group < 64 or shift > 40:
            return None
        value |= (group & 31) << shift
        shift += 5
        if not group & 32:
            if group & 16:
                value -= 1 << shift  # the highest bit is the sign
            numbers.append(value + (numbers[-2] if len(numbers) > 2 else 0))
            value = shift = 0
    return None if shift else numbers
