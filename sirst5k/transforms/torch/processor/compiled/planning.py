"""Windows of a batch's targets, what is done to each and in which pass, target by target."""

from __future__ import annotations

from typing import Any

import numpy as np

from sirst5k.transforms.torch.processor.compiled.decorating import compiled
from sirst5k.transforms.torch.windows import _ALL, _FAR, _KEEP_BOX, _KEEP_COLUMNS, _KEEP_ROWS


@compiled
def plan(
    boxes: Any,
    valid: Any,
    uniforms: Any,
    shape: tuple[int, int],
    least: int,
    ratio: float,
    wanted: int,
    slots: int,
    passes: int,
) -> Any:
    """Find the targets' windows, choose a symmetry for each and the pass in which it is turned.

    Parameters
    ----------
    boxes : (B, K, 4) int64
    valid : (B, K) bool
    uniforms : (B, K) float32
        In [0, 1), by which symmetries are chosen.
    shape : (int, int)
        Height and width of the images.
    least, ratio
        Margins, as `target_windows` takes them.
    wanted : int
        As bits, the symmetries to choose from.
    slots, passes : int
        As `schedule` takes them.

    Returns
    -------
    window : (B, K, 4) int64
    symmetry, margin, layer : (B, K) int64
        Symmetry 0 and layer -1 where nothing is turned.
    """
    batch, count = valid.shape
    window = np.zeros((batch, count, 4), np.int64)
    margin, symmetry = np.zeros((batch, count), np.int64), np.zeros((batch, count), np.int64)
    layer = np.empty((batch, count), np.int64)
    reach = np.empty((count, 4), np.int64)
    for sample in range(batch):
        _reach(boxes[sample], reach)
        for place in range(count):
            if valid[sample, place]:
                margin[sample, place], allowed = _find_window(
                    boxes[sample], reach, valid[sample], place, shape, least, ratio,
                    window[sample, place],
                )  # fmt: skip
                chosen = _choose_bit(allowed & wanted, uniforms[sample, place])
                symmetry[sample, place] = chosen
        _schedule(window[sample], symmetry[sample], slots, passes, layer[sample])
    return window, symmetry, margin, layer


@compiled
def _reach(boxes: Any, reach: Any) -> None:
    """Fill in the odd square around each box's middle pixel in which any symmetry keeps it."""
    for box, square in zip(boxes, reach):  # noqa: B905  (numba knows no strict)
        y, x = (box[0] + box[2] - 1) // 2, (box[1] + box[3] - 1) // 2
        radius = max(box[2] - 1 - y, box[3] - 1 - x)
        square[0], square[1] = y - radius, x - radius
        square[2], square[3] = y + radius + 1, x + radius + 1


@compiled
def _find_window(
    boxes: Any,
    reach: Any,
    valid: Any,
    place: int,
    shape: tuple[int, int],
    least: int,
    ratio: float,
    window: Any,
) -> tuple[int, int]:
    """Fill in a target's window; return its margin and the symmetries that it allows, as bits."""
    core, allowed = boxes[place], 1
    longer = max(core[2] - core[0], core[3] - core[1])
    wanted = max(least, np.int64(np.rint(longer * ratio)))
    cut_rows = core[0] <= 0 or core[2] >= shape[0]
    cut_columns = core[1] <= 0 or core[3] >= shape[1]
    grow = -1
    if not (cut_rows or cut_columns):
        grow = _freedom(reach[place], reach, valid, place, shape, wanted)
    if grow >= 0:
        core, allowed = reach[place], _ALL
    else:
        grow = _freedom(core, reach, valid, place, shape, wanted)
        if grow < 0 or (cut_rows and cut_columns):
            grow = 0
        elif cut_rows:  # only along the border that cuts it off
            allowed = _KEEP_ROWS
        else:
            allowed = _KEEP_COLUMNS if cut_columns else _KEEP_BOX
    window[0], window[1] = core[0] - grow, core[1] - grow
    window[2], window[3] = core[2] - core[0] + 2 * grow, core[3] - core[1] + 2 * grow
    return grow, allowed


@compiled
def _freedom(
    core: Any, reach: Any, valid: Any, place: int, shape: tuple[int, int], wanted: int
) -> int:
    """Return the margin that a core can have, or -1 where it cannot be turned at all."""
    distance = _FAR
    for other in range(len(valid)):
        if valid[other] and other != place:
            rows = max(core[0] - reach[other, 2], reach[other, 0] - core[2])
            columns = max(core[1] - reach[other, 3], reach[other, 1] - core[3])
            distance = min(distance, max(rows, columns))
    border = min(core[0], core[1], shape[0] - core[2], shape[1] - core[3])
    # Nothing lies beyond the border, but a neighbour must stay one free pixel away.
    return -1 if distance < 1 else max(-1, min(border, distance, wanted))


@compiled
def _choose_bit(bits: int, uniform: float) -> int:
    """Return one of the bits that are set, 0 where none is."""
    count = 0
    for bit in range(8):
        count += bits >> bit & 1
    # In 32 bits, as everywhere: a product that is rounded up to a whole number counts as that.
    number = min(int(np.floor(np.float32(uniform) * np.float32(count))), count - 1)
    for bit in range(8):
        if bits >> bit & 1:
            if number == 0:
                return bit
            number -= 1
    return 0


@compiled
def _schedule(window: Any, symmetry: Any, slots: int, passes: int, layer: Any) -> None:
    """Fill in in which pass each window of an image is turned; symmetry 0 where in none."""
    pixels = 0
    for place in range(len(window)):
        top, left, tall, wide = window[place]
        layer[place] = -1
        if symmetry[place] == 0 or not 0 < tall * wide <= slots:
            continue
        depth = 0
        for other in range(place):
            above, before, high, broad = window[other]
            rows = above < top + tall and top < above + high
            if rows and before < left + wide and left < before + broad:
                depth = max(depth, layer[other] + 1)
        layer[place] = depth
    for place in range(len(window)):
        if 0 <= layer[place] < passes:
            pixels += window[place, 2] * window[place, 3]
        if layer[place] >= passes or pixels > slots:
            layer[place] = -1
        if layer[place] < 0:
            symmetry[place] = 0
