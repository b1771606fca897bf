"""Of boxes that lie on one another, only the best."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def suppress(
    boxes: NDArray[Any],
    scores: NDArray[Any],
    classes: NDArray[Any],
    nms_iou: float,
    limit: int | None = None,
) -> NDArray[np.int64]:
    """Return which boxes stay, by falling score.

    Greedy, class by class: a box goes if its IoU with a better one that stays is above
    `nms_iou`. Of boxes with equal scores the earlier one is the better.

    Parameters
    ----------
    boxes : (N, 4) floating
        x1, y1, x2, y2.
    scores, classes : (N,)
    nms_iou : float
    limit : int, optional
        Stop at so many.

    Returns
    -------
    (M,) int64

    Examples
    --------
    >>> boxes = np.array([[0, 0, 8, 8], [1, 0, 9, 8], [20, 0, 28, 8]], float)
    >>> suppress(boxes, np.array([0.5, 0.9, 0.1]), np.zeros(3), 0.65)
    array([1, 2])
    """
    order = np.argsort(-scores, kind="stable")
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    while len(order) and len(kept) != limit:
        best, order = order[0], order[1:]
        kept.append(int(best))
        low = np.maximum(boxes[order, :2], boxes[best, :2])
        high = np.minimum(boxes[order, 2:], boxes[best, 2:])
        shared = (high - low).clip(min=0).prod(1)
        # A product instead of a quotient: empty boxes overlap nothing.
        over = shared > nms_iou * (areas[order] + areas[best] - shared)
        order = order[~(over & (classes[order] == classes[best]))]
    return np.array(kept, np.int64)
