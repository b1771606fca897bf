"""Wild little scenes for the metrics: masks with blobs, logits that partly agree."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray

unhurried = settings(deadline=None)
"""For tests that label many regions: a busy machine is not a failure."""

Scene = tuple[NDArray[np.float32], NDArray[np.bool_]]


def make_scene(seed: int, height: int, width: int, targets: int, clutter: int) -> Scene:
    """Return logits and a mask; every tenth pixel of clutter is shifted target."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), bool)
    spots = np.zeros((height, width), np.float32)
    for place in range(targets + clutter):
        y, x = int(rng.integers(height)), int(rng.integers(width))
        h, w = rng.integers(1, 5, 2)
        shift = rng.integers(-2, 3, 2)
        if place < targets:
            mask[y : y + h, x : x + w] = True
        y, x = max(0, y + int(shift[0])), max(0, x + int(shift[1]))
        spots[y : y + h, x : x + w] = rng.uniform(0.2, 1)
    blurred = cv2.GaussianBlur(spots, (0, 0), 0.8)
    noise = rng.normal(0, rng.choice([0.1, 1.5]), mask.shape)
    return (12 * blurred - 4 + noise).astype(np.float32), mask


def scenes(targets: int = 5) -> st.SearchStrategy[Scene]:
    """Scenes of any small size, with few or no targets and clutter."""
    return st.builds(
        make_scene,
        st.integers(0, 2**31),
        st.integers(1, 50),
        st.integers(1, 50),
        st.integers(0, targets),
        st.integers(0, 6),
    )
