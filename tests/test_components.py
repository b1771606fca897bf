"""Counting targets is the same as finding them, for any mask and any view of one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from sirst5k.components import count_targets, find_targets


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.4, 0.9, 1.0])
def test_counts_are_those_of_scipy_and_of_the_targets_found(share: float) -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        mask = rng.random(rng.integers(1, 40, 2)) < share
        for view in (mask, mask[::-1], mask.T, mask[::2, ::3]):
            expected = ndimage.label(view, np.ones((3, 3)))[1]
            assert count_targets(view) == len(find_targets(view)) == expected
