"""Boxes from a map of probabilities, so that detectors of pixels stand beside those of boxes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.components import label_targets
from sirst5k.detectors.boxes import Detections
from sirst5k.errors import ParameterError
from sirst5k.evaluation.clips.found import best, found_boxes

LEVELS = (0.5, 0.4, 0.3, 0.2, 0.1)
"""Probabilities at which components are taken."""

MOST = 100
"""Boxes of a frame, as many as COCO's evaluation takes."""


def boxes_of_map(
    probability: NDArray[np.floating[Any]],
    levels: Sequence[float] = LEVELS,
    most: int | None = MOST,
) -> Detections:
    """Return the components of a map as boxes with scores.

    At the first level, every 8-connected component of ``probability > level`` is a detection:
    its bounding box, and the largest probability in it for a score. These are the components
    of the mask by which such detectors are usually judged. At each further, lower level the
    components that contain none found before are added: so the surer detections keep their
    extent, every detection has one box, and the curve over scores goes on below the first
    level, where the mask alone has nothing.

    Parameters
    ----------
    probability : (H, W) floating
        In 0…1.
    levels : sequence of float
        Falling, in [0, 1).
    most : int, optional
        Boxes at most, the surest; None for all.

    Examples
    --------
    >>> import numpy as np
    >>> probability = np.zeros((6, 9), np.float32)
    >>> probability[1:3, 1:4], probability[2, 2], probability[4, 6:8] = 0.6, 0.9, 0.3
    >>> found = boxes_of_map(probability)
    >>> found.boxes.tolist()
    [[1.0, 1.0, 4.0, 3.0], [6.0, 4.0, 8.0, 5.0]]
    """
    check_levels(levels)
    values = np.asarray(probability, np.float64)
    taken = np.zeros(values.shape, np.bool_)
    boxes: list[tuple[int, int, int, int]] = []
    scores: list[float] = []
    for level in levels:
        labels, targets = label_targets(values > level)
        for target in targets:
            part = np.s_[target.top : target.bottom, target.left : target.right]
            inside = labels[part] == target.label
            if not (taken[part] & inside).any():
                boxes.append((target.left, target.top, target.right, target.bottom))
                scores.append(float(values[part][inside].max()))
                taken[part] |= inside
    return best(found_boxes(boxes, scores), most)


def check_levels(levels: Sequence[float]) -> None:
    """Raise `ParameterError` unless levels fall and lie in [0, 1)."""
    if not levels or any(not 0 <= level < 1 for level in levels):
        raise ParameterError(f"Expected levels of probability in [0, 1), got {list(levels)}.")
    if any(low >= high for high, low in pairwise(levels)):
        raise ParameterError(f"Expected levels that fall, got {list(levels)}.")
