"""Windows of a batch turned one after the other, pixel by pixel, in the planes themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from sirst5k.transforms.torch.processor.compiled.decorating import compiled


@compiled
def turn(
    planes: Any, window: Any, symmetry: Any, margin: Any, layer: Any, falls: Any, rounds: bool
) -> None:
    """Turn the windows of all layers, the least first.

    Parameters
    ----------
    planes : (B, Q, H, W) array
        Changed.
    window, symmetry, margin, layer
        As `lay_out` takes them; a margin of 0 makes a seam hard.
    falls : (M + 1, M + 2) float64
        From `fall_table`, for margins up to the widest there is.
    rounds : bool
        Whether grey levels are whole ones.
    """
    for sample in range(len(window)):
        for number in range(layer[sample].max() + 1):
            for place in range(window.shape[1]):
                if layer[sample, place] != number:
                    continue
                top, left, tall, wide = window[sample, place]
                for plane in range(planes.shape[1]):
                    own = planes[sample, plane, top : top + tall, left : left + wide]
                    _turn_one(own, symmetry[sample, place], falls[margin[sample, place]], rounds)


@compiled
def _turn_one(own: Any, symmetry: int, fall: Any, rounds: bool) -> None:
    """Turn one window of a plane."""
    tall, wide = own.shape
    before = own.copy()
    last = len(fall) - 1
    for y in range(tall):
        down = fall[min(y + 1, tall - y, last)]
        for x in range(wide):
            turned = before[_source(y, x, tall, wide, symmetry)]
            weight = np.float32(down * fall[min(x + 1, wide - x, last)])
            if weight == 1:
                own[y, x] = turned
                continue
            # In 32 bits and in this order, as everywhere.
            old = np.float32(before[y, x])
            blended = old + weight * (np.float32(turned) - old)
            own[y, x] = np.rint(blended) if rounds else blended


@compiled
def _source(y: int, x: int, tall: int, wide: int, symmetry: int) -> Any:
    """Return from where a symmetry, as `apply_symmetry` numbers them, takes a window's pixel."""
    turns = symmetry % 4
    if turns == 1:
        y, x = x, wide - 1 - y
    elif turns == 2:
        y, x = tall - 1 - y, wide - 1 - x
    elif turns == 3:
        y, x = tall - 1 - x, y
    return y, (wide - 1 - x if symmetry >= 4 else x)
