"""Turning targets that move: one symmetry for a track, a window of its own in every frame.

A patch around the target is turned in each frame, about the point of the pixel grid that is
nearest to the middle of its box. Where two tracks come too near to each other, or the border
cuts one off, its window does not allow the symmetry: the target then *rests*, it is left as it
was recorded in that frame. A symmetry is open to a track if it can be done in at least half of
its frames.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from sirst5k.clip import Boxes
from sirst5k.components import Target, find_targets
from sirst5k.negatives.patch import PatchWindow
from sirst5k.negatives.symmetries import ALL
from sirst5k.negatives.target_window import TargetWindow, target_windows
from sirst5k.sample import Mask


def box_windows(
    boxes: Boxes,
    shape: tuple[int, int],
    margin: int = 3,
    margin_ratio: float = 0.5,
    mask: Mask | None = None,
) -> list[TargetWindow]:
    """Find the window of each boxed target of a frame; see `target_windows`.

    Parameters
    ----------
    boxes : (N, 4) float32
        x1, y1, x2, y2 in pixels, ends exclusive.
    shape : (int, int)
        Height and width of the frame.
    margin, margin_ratio
        As in `target_windows`.
    mask : (H, W) bool, optional
        Target pixels. Those that lie in no box are kept clear of too.

    Returns
    -------
    list of TargetWindow
        One a box, in their order. A box outside of the frame has none that can be turned.
    """
    targets = [_rectangle(box, shape, label) for label, box in enumerate(boxes.tolist())]
    inside = [target for target in targets if target.area]
    strays = [] if mask is None else _strays(mask, inside)
    windows = target_windows([*inside, *strays], shape, margin, margin_ratio, even=True)
    found = {target.label: window for target, window in zip(inside, windows, strict=False)}
    nowhere = TargetWindow(PatchWindow(0, 0, 0, 0), 0, (0,))
    return [found.get(label, nowhere) for label in range(len(targets))]


def open_symmetries(
    tracks: Sequence[Sequence[int]], windows: Sequence[Sequence[TargetWindow]]
) -> dict[int, tuple[int, ...]]:
    """Return the symmetries that are open to each track.

    Parameters
    ----------
    tracks : sequence of sequence of int
        Of each frame, the identity of each of its targets.
    windows : sequence of sequence of TargetWindow
        Of each frame, their windows.

    Returns
    -------
    dict of int to tuple of int
        In the order in which the tracks appear; 0, to leave it, is always among them.
    """
    lengths: Counter[int] = Counter()
    possible: Counter[tuple[int, int]] = Counter()
    for names, places in zip(tracks, windows, strict=True):
        for track, place in zip(names, places, strict=True):
            lengths[track] += 1
            possible.update((track, symmetry) for symmetry in place.symmetries)
    return {
        track: tuple(s for s in ALL if s == 0 or 2 * possible[track, s] >= length)
        for track, length in lengths.items()
    }


def frame_symmetries(
    tracks: Sequence[int], windows: Sequence[TargetWindow], symmetries: Mapping[int, int]
) -> list[int]:
    """Return what is done to each target of a frame: its track's symmetry, or 0 where it rests."""
    return [
        symmetries[track] if symmetries[track] in place.symmetries else 0
        for track, place in zip(tracks, windows, strict=True)
    ]


def turn_box(
    box: Sequence[float], window: PatchWindow, symmetry: int
) -> tuple[float, float, float, float]:
    """Return where a box lies after its window was turned.

    Parameters
    ----------
    box : (x1, y1, x2, y2)
        In pixels, ends exclusive; fractions are kept.
    window : PatchWindow
    symmetry : int
        0 to 7; see `sirst5k.negatives.apply_symmetry`.

    Examples
    --------
    >>> turn_box((2, 1, 3, 4), PatchWindow(0, 0, 5, 5), 1)
    (1.0, 2.0, 4.0, 3.0)
    """
    x1, y1, x2, y2 = (float(edge) for edge in box)
    x1, y1, x2, y2 = x1 - window.left, y1 - window.top, x2 - window.left, y2 - window.top
    width, height = window.width, window.height
    if symmetry >= 4:
        x1, x2 = width - x2, width - x1
    for _ in range(symmetry % 4):
        x1, y1, x2, y2 = y1, width - x2, y2, width - x1
        width, height = height, width
    return x1 + window.left, y1 + window.top, x2 + window.left, y2 + window.top


def _rectangle(box: Sequence[float], shape: tuple[int, int], label: int) -> Target:
    """Return the pixels that a box touches, as a target; of no area if it touches none."""
    height, width = shape
    left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    right, bottom = min(width, math.ceil(box[2])), min(height, math.ceil(box[3]))
    area = max(0, right - left) * max(0, bottom - top)
    return Target(
        top, left, bottom, right, area, (left + right - 1) / 2, (top + bottom - 1) / 2, label
    )


def _strays(mask: Mask, targets: Sequence[Target]) -> list[Target]:
    """Return the components of what the boxes do not hold of a mask."""
    rest: Mask = np.array(mask)
    for target in targets:
        rest[target.top : target.bottom, target.left : target.right] = False
    return find_targets(rest)
