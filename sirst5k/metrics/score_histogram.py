"""Scores of target and background pixels, counted as they stream by, for exact curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.metrics.arrays import Scores2D
from sirst5k.sample import Mask

EXACT_SCORES = 2**22
"""Up to so many scores all are kept, and every curve is exact."""

_FLUSH = 2**21
_SHIFT = 10  # of a float32's 23 bits of mantissa 13 are left: bins 0.012 % wide

Floats = NDArray[np.floating[Any]]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Tally:
    """Cumulative counts at the corners of a curve, from the highest score down.

    A distinct score that only background has is no corner: there the ROC goes straight on. So
    the corners are the scores of targets, and the next score above each.

    Attributes
    ----------
    thresholds : (n,) float
        Descending; at each, scores at or above it are positive.
    tp, fp : (n,) int64
        Target and background pixels at or above.
    exact : bool
        False if scores that share a bin were counted as ties.
    """

    thresholds: Floats
    tp: Counts
    fp: Counts
    exact: bool


class ScoreHistogram:
    """Counts of scores in bounded memory, whatever the order of the images.

    The first `EXACT_SCORES` scores are kept as they are. Beyond, they are counted in bins of
    float32 that share their leading 22 bits: 16 MB for probabilities, 34 MB for logits, 64 MB
    at most, and 8 MB of scores waiting to be counted. Which of both holds depends on how many
    scores there are in all, and a bin's count on nothing but its scores; so merging equals one
    pass, to the bit.
    """

    def __init__(self, limit: int = EXACT_SCORES) -> None:
        self.limit = limit
        self.total = 0
        self._all: list[Floats] = []
        self._targets: list[Floats] = []
        self._waiting = 0
        self._binned_all = _Bins()
        self._binned_targets = _Bins()

    def update(self, scores: Scores2D, mask: Mask) -> None:
        """Count the scores of one image."""
        self._push(scores.ravel() + 0, scores[mask] + 0)  # a copy, and -0 becomes 0

    def merge(self, other: ScoreHistogram) -> None:
        """Add what another one counted."""
        waiting = list(zip(other._all, other._targets, strict=True))
        self.total += other.total - other._waiting
        self._binned_all.merge(other._binned_all)
        self._binned_targets.merge(other._binned_targets)
        for every, targets in waiting:
            self._push(every, targets)
        self._settle()

    def tally(self) -> Tally:
        """Return cumulative counts at every distinct score."""
        if self.total > self.limit:
            self._flush()
            return _tally_bins(self._binned_all, self._binned_targets)
        return tally_scores(_join(self._all), _join(self._targets))

    def _push(self, every: Floats, targets: Floats) -> None:
        self._all.append(every)
        self._targets.append(targets)
        self.total += every.size
        self._waiting += every.size
        self._settle()

    def _settle(self) -> None:
        if self.total > self.limit and self._waiting >= min(_FLUSH, self.limit):
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._binned_all.add(_keys(_join(self._all)))
            self._binned_targets.add(_keys(_join(self._targets)))
            self._all, self._targets, self._waiting = [], [], 0


def tally_scores(every: Floats, targets: Floats) -> Tally:
    """Return the corners of all scores and of the targets' among them, exactly."""
    size = len(every)
    if not size:
        nothing = np.zeros(0, np.int64)
        return Tally(every, nothing, nothing, True)
    levels, counts = np.unique(targets, return_counts=True)
    # Below the lowest target there is one corner, the lowest score: no need to sort there.
    lowest = every.min()
    wanted = every >= levels[0] if len(levels) else np.zeros(size, np.bool_)
    below = size - int(np.count_nonzero(wanted))
    ordered = every[wanted] if 2 * below > size else every.copy()
    ordered.sort()
    # The lowest place of each corner in the ascending order: a target's score, the next
    # score above it, and the lowest score of all.
    at = np.searchsorted(ordered, levels, side="left")
    above = np.searchsorted(ordered, levels, side="right")
    corners = np.unique(np.concatenate([at, above[above < len(ordered)]]))[::-1]
    higher = np.concatenate([np.cumsum(counts[::-1])[::-1], [0]])
    tp = higher[np.searchsorted(at, corners)]
    positive = len(ordered) - corners
    thresholds = ordered[corners]
    if not len(corners) or thresholds[-1] > lowest:
        thresholds = np.append(thresholds, lowest)
        tp, positive = np.append(tp, len(targets)), np.append(positive, size)
    return Tally(thresholds, tp, positive - tp, True)


class _Bins:
    """Counts over a range of integer keys that widens as needed."""

    def __init__(self) -> None:
        self.first = 0
        self.counts: Counts = np.zeros(0, np.int64)

    def add(self, keys: NDArray[np.int32]) -> None:
        if keys.size:
            first = int(keys.min())
            self._add_counts(first, np.bincount(keys - first).astype(np.int64))

    def merge(self, other: _Bins) -> None:
        if other.counts.size:
            self._add_counts(other.first, other.counts)

    def _add_counts(self, first: int, counts: Counts) -> None:
        if not self.counts.size:
            self.first, self.counts = first, counts.copy()
            return
        low = min(first, self.first)
        high = max(first + len(counts), self.first + len(self.counts))
        if (low, high) != (self.first, self.first + len(self.counts)):
            wider = np.zeros(high - low, np.int64)
            wider[self.first - low :][: len(self.counts)] = self.counts
            self.first, self.counts = low, wider
        self.counts[first - low :][: len(counts)] += counts


def _tally_bins(every: _Bins, targets: _Bins) -> Tally:
    on_target = np.zeros_like(every.counts)
    on_target[targets.first - every.first :][: len(targets.counts)] = targets.counts
    used = np.flatnonzero(every.counts)[::-1]
    tp = on_target[used].cumsum()
    fp = (every.counts - on_target)[used].cumsum()
    corner = on_target[used] > 0
    corner[:-1] |= corner[1:]
    corner[-1:] = True
    return Tally(_scores(used[corner] + every.first), tp[corner], fp[corner], False)


def _keys(scores: Floats) -> NDArray[np.int32]:
    """Return integers in the order of the scores, float32 cut to its leading bits."""
    with np.errstate(over="ignore"):
        bits = scores.astype(np.float32).view(np.int32)
    keys: NDArray[np.int32] = (bits ^ ((bits >> 31) & 0x7FFFFFFF)) >> _SHIFT
    return keys


def _scores(keys: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the least score of each bin."""
    bits = (keys << _SHIFT).astype(np.int32)
    return (bits ^ ((bits >> 31) & 0x7FFFFFFF)).view(np.float32)


def _join(parts: list[Floats]) -> Floats:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)
