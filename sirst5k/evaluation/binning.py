"""Pd by size and by contrast: whether a detector finds the dim ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sirst5k.errors import ParameterError

SIZE_EDGES = (1.0, 5.0, 10.0, 17.0, 26.0, 50.0, 81.0)
"""Pixels; up to 80 a target counts as small by the SPIE's 0.15 % of 256 × 256."""

SCR_EDGES = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0)
_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class TargetOutcome:
    """One target and whether it was found.

    Attributes
    ----------
    id : str
        Of its image.
    area : int
        Pixels.
    scr : float
        Signal-to-clutter ratio, see `sirst5k.contrast`; NaN where there is no background.
    found : bool
    """

    id: str
    area: int
    scr: float
    found: bool


@dataclass(frozen=True, slots=True)
class PdBin:
    """The targets of one bin.

    Attributes
    ----------
    low, high : float
        What is binned, half-open; the last bin has no upper end.
    targets, hits : int
    """

    low: float
    high: float
    targets: int
    hits: int

    @property
    def pd(self) -> float:
        """Share of targets found; NaN without targets."""
        return self.hits / self.targets if self.targets else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of Pd."""
        return wilson(self.hits, self.targets)


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """Return the 95 % score interval of a proportion (Wilson, JASA 22, 1927).

    Examples
    --------
    >>> [round(end, 3) for end in wilson(10, 10)]
    [0.722, 1.0]
    """
    if not 0 <= hits <= trials:
        raise ParameterError(f"Expected hits between 0 and {trials}, got {hits}.")
    if trials == 0:
        return 0.0, 1.0
    share, z2 = hits / trials, _Z95 * _Z95
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    spread = math.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    reach = _Z95 * spread / (1 + z2 / trials)
    low = 0.0 if hits == 0 else centre - reach
    return max(0.0, low), 1.0 if hits == trials else min(1.0, centre + reach)


def pd_by_size(
    outcomes: Sequence[TargetOutcome], edges: Sequence[float] = SIZE_EDGES
) -> list[PdBin]:
    """Return Pd in bins of target area, in pixels."""
    return _binned(outcomes, edges, lambda outcome: float(outcome.area))


def pd_by_scr(outcomes: Sequence[TargetOutcome], edges: Sequence[float] = SCR_EDGES) -> list[PdBin]:
    """Return Pd in bins of SCR; targets without one are left out."""
    return _binned(outcomes, edges, lambda outcome: outcome.scr)


def _binned(
    outcomes: Sequence[TargetOutcome],
    edges: Sequence[float],
    value: Callable[[TargetOutcome], float],
) -> list[PdBin]:
    if len(edges) < 1 or any(b <= a for a, b in pairwise(edges)):
        raise ParameterError(f"Expected bin edges that grow, got {list(edges)}.")
    bins = []
    for low, high in zip(edges, [*edges[1:], math.inf], strict=True):
        # An infinite SCR belongs to the last bin.
        inside = [o for o in outcomes if low <= value(o) < high or (high == value(o) == math.inf)]
        bins.append(PdBin(low, high, len(inside), sum(o.found for o in inside)))
    return bins
