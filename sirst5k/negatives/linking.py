"""Which boxes of successive frames are one target, where nobody has written it down."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sirst5k.clip import Boxes

_REACH = 8.0  # pixels that any target may be away from where it was expected
_PATIENCE = 3  # frames for which a target may be out of sight


class _Track:
    """A target as it was last seen."""

    def __init__(self, number: int, centre: NDArray[np.float64], size: float, time: int) -> None:
        self.number, self.centre, self.size, self.time = number, centre, size, time
        self.velocity = np.zeros(2)

    def expected(self, time: int) -> NDArray[np.float64]:
        centre: NDArray[np.float64] = self.centre + self.velocity * (time - self.time)
        return centre

    def see(self, centre: NDArray[np.float64], size: float, time: int) -> None:
        self.velocity = (centre - self.centre) / (time - self.time)
        self.centre, self.size, self.time = centre, size, time


def link_boxes(frames: Sequence[Boxes]) -> list[tuple[int, ...]]:
    """Give the boxes of successive frames identities.

    Each target is expected where its last step leads to; boxes are assigned to targets so
    that the sum of the distances is least (H. W. Kuhn, Naval Research Logistics Quarterly 2,
    1955). A target that no box is near to stays expected for three frames.

    Parameters
    ----------
    frames : sequence of (N, 4) float32
        Boxes of each frame: x1, y1, x2, y2 in pixels.

    Returns
    -------
    list of tuple of int
        The identity of each box, from 0 in the order in which targets appear.

    Examples
    --------
    >>> there, back = np.float32([[0, 0, 2, 2]]), np.float32([[9, 9, 11, 11], [1, 0, 3, 2]])
    >>> link_boxes([there, back])
    [(0,), (1, 0)]
    """
    tracks: list[_Track] = []
    count, linked = 0, []
    for time, boxes in enumerate(frames):
        corners = boxes.astype(np.float64)
        centres = (corners[:, :2] + corners[:, 2:]) / 2
        sizes = (corners[:, 2:] - corners[:, :2]).max(axis=1, initial=0.0)
        tracks = [track for track in tracks if time - track.time <= _PATIENCE + 1]
        numbers: dict[int, int] = {}
        for row, box in _pairs(tracks, centres, sizes, time):
            tracks[row].see(centres[box], float(sizes[box]), time)
            numbers[box] = tracks[row].number
        for box in range(len(boxes)):
            if box not in numbers:
                numbers[box] = count
                tracks.append(_Track(count, centres[box], float(sizes[box]), time))
                count += 1
        linked.append(tuple(numbers[box] for box in range(len(boxes))))
    return linked


def _pairs(
    tracks: Sequence[_Track],
    centres: NDArray[np.float64],
    sizes: NDArray[np.float64],
    time: int,
) -> list[tuple[int, int]]:
    """Return which track goes on with which box."""
    from scipy.optimize import linear_sum_assignment  # slow to import, and stills need no tracks

    if not tracks or not len(centres):
        return []
    expected = np.stack([track.expected(time) for track in tracks])
    distance = np.linalg.norm(expected[:, None] - centres[None], axis=2)
    own = np.array([track.size for track in tracks])
    reach = np.maximum(_REACH, 2 * np.maximum(own[:, None], sizes[None]))
    # What is out of reach costs more than all else together.
    cost = np.where(distance <= reach, distance, 1e6 + distance)
    rows, columns = linear_sum_assignment(cost)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(row, box) for row, box in pairs if distance[row, box] <= reach[row, box]]
