"""Frames in overlapping tiles: where they lie, and how their seams are blended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError

_UNKNOWN_MARGIN = 32  # pixels along a cut that are distrusted where the support is not known
_RAMP = 32  # pixels over which one tile fades into the next


@dataclass(frozen=True, slots=True)
class Tiling:
    """A grid of overlapping tiles over a frame.

    Attributes
    ----------
    rows, columns : tuple of slice
        The tiles are all pairs of these.
    margin : int
        Pixels along a cut that do not count at all.
    ramp : int
        Pixels behind the margin over which the weight grows from 0 to 1.
    shape : (int, int)
        Of the frame.
    """

    rows: tuple[slice, ...]
    columns: tuple[slice, ...]
    margin: int
    ramp: int
    shape: tuple[int, int]

    def __len__(self) -> int:
        return len(self.rows) * len(self.columns)

    def __iter__(self) -> Iterator[tuple[slice, slice]]:
        return ((row, column) for row in self.rows for column in self.columns)

    def weight(self, tile: tuple[slice, slice]) -> NDArray[np.float64]:
        """Return the ``(h, w)`` weight of a tile; 1 along the frame's own border."""
        high, wide = (
            self._ramped(span, length) for span, length in zip(tile, self.shape, strict=True)
        )
        return np.outer(high, wide)

    def _ramped(self, span: slice, length: int) -> NDArray[np.float64]:
        count = span.stop - span.start
        from_start, from_stop = np.arange(count), np.arange(count)[::-1]
        weight = np.ones(count)
        for distance, cut in ((from_start, span.start > 0), (from_stop, span.stop < length)):
            if cut:
                weight = np.minimum(weight, (distance - self.margin + 1) / (self.ramp + 1))
        return np.clip(weight, 0, 1)


def plan_tiles(shape: tuple[int, int], tile: int, multiple: int, support: int | None) -> Tiling:
    """Cover a frame with overlapping tiles.

    Neighbours overlap by two margins and a ramp, so that every pixel has a tile in which it
    lies further from any cut than the margin. With the margin at the filter's support the
    blended result is that of the whole frame.

    Parameters
    ----------
    shape : (int, int)
        Height and width in pixels, multiples of `multiple`.
    tile : int
        Side of a tile in pixels; rounded up to a multiple.
    multiple : int
        Tiles begin at and measure multiples of it.
    support : int or None
        Pixels around a place that can change its response; None if not known.

    Raises
    ------
    ParameterError
        If tiles of that size would overlap by more than three quarters.
    """
    margin = _UNKNOWN_MARGIN if support is None else support
    overlap = _up(2 * margin + _RAMP, multiple)
    side = _up(tile, multiple)
    if max(shape) > side and side * 3 < overlap * 4:
        raise ParameterError(
            f"Expected tiles of at least {_up(-(-overlap * 4 // 3), multiple)} pixels, because "
            f"they overlap by {overlap}, got {tile}. Choose larger tiles."
        )
    rows, columns = (_spans(length, side, overlap, multiple) for length in shape)
    return Tiling(rows, columns, margin, _RAMP, shape)


def _spans(length: int, side: int, overlap: int, multiple: int) -> tuple[slice, ...]:
    if length <= side:
        return (slice(0, length),)
    starts = list(range(0, length - side, (side - overlap) // multiple * multiple))
    return tuple(slice(start, start + side) for start in [*starts, length - side])


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
