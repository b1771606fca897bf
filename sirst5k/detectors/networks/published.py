"""Helpers to read published weights: names translated, options read off shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sirst5k.errors import WeightsError

Shapes = Mapping[str, tuple[int, ...]]

Renaming = Sequence[tuple[str, str]]
"""Pairs of a regular expression and what replaces it, as of `re.sub`."""


def renamed(key: str, renaming: Renaming) -> str:
    r"""Return a key with every replacement made, in order.

    Examples
    --------
    >>> renamed("merge.0.norm1.bias", [(r"^merge", "conv0_4_final"), (r"norm(\d)", r"bn\1")])
    'conv0_4_final.0.bn1.bias'
    """
    for pattern, replacement in renaming:
        key = re.sub(pattern, replacement, key)
    return key


def kernel_shape(shapes: Shapes, key: str, network: str) -> tuple[int, int, int, int]:
    """Return outputs, inputs, height and width of a convolution's kernel.

    Raises
    ------
    WeightsError
        If there is no such kernel.
    """
    shape = tuple(shapes.get(key, ()))
    if len(shape) != 4 or 0 in shape:
        came = f"one of shape {shape}" if key in shapes else "none"
        raise WeightsError(
            f"Expected the kernel {key} of {network}, got {came}. Check that the "
            f"weights are of {network}."
        )
    return shape[0], shape[1], shape[2], shape[3]


def count_numbered(shapes: Shapes, pattern: str) -> int:
    """Return for how many numbers from 0 on, without a gap, the key exists.

    Parameters
    ----------
    shapes : mapping of str to shape
    pattern : str
        Holds ``{}`` in place of the number.
    """
    count = 0
    while pattern.format(count) in shapes:
        count += 1
    return count
