"""Where targets go in a scene, and how bright they are there.

Contrast is the mean over the mask minus the mean of the surroundings; the local
signal-to-clutter ratio (SCR) divides it by the standard deviation of the surroundings (clutter
and noise). Contrasts and SCRs are drawn from the quantiles of SIRST-v1; the contrast is kept, and
a place is looked for where it comes near that SCR and does not saturate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sirst5k.datasets.demo.canvas import Field
from sirst5k.datasets.demo.targets import Stamp

GAP = 3
"""Least distance of two masks, and of a mask from the border, in pixels of background."""

_SURROUND = 20
_CANDIDATES = 10

# Quantiles of SIRST-v1, contrasts in grey levels of 255.
_QUANTILE_SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_CONTRASTS = (12, 19.5, 36, 52, 74, 113, 142)
_SCRS = (1.5, 2.0, 5.5, 12.8, 24.5, 51.0, 85.0)


@dataclass(frozen=True, slots=True)
class Placed:
    """A target in its frame.

    Attributes
    ----------
    top, left : int
        Where the stamp's window lies in the frame; it may reach beyond.
    stamp : Stamp
    contrast : float
        Mean over the mask above the surroundings, in fractions of full scale.
    scr : float
        Contrast over the standard deviation of the surroundings.
    """

    top: int
    left: int
    stamp: Stamp
    contrast: float
    scr: float

    @property
    def amplitude(self) -> float:
        """Largest value that the target adds."""
        return self.contrast / float(self.stamp.profile[self.stamp.mask].mean())

    def describe(self) -> dict[str, float | int]:
        """Return the target's centroid, area and contrast as JSON-like values."""
        rows, columns = np.nonzero(self.stamp.mask)
        return {
            "x": round(self.left + float(columns.mean()), 3),
            "y": round(self.top + float(rows.mean()), 3),
            "area": self.stamp.area,
            "contrast": round(self.contrast, 5),
            "scr": round(self.scr, 3),
        }


def draw_contrast(rng: np.random.Generator) -> float:
    """Draw a contrast in fractions of full scale, as in SIRST-v1."""
    return _draw(rng, _CONTRASTS) / 255


def _draw(rng: np.random.Generator, quantiles: tuple[float, ...]) -> float:
    return float(np.exp(np.interp(rng.random(), _QUANTILE_SHARES, np.log(quantiles))))


def place(
    rng: np.random.Generator,
    background: Field,
    noise: float,
    stamp: Stamp,
    taken: NDArray[np.bool_],
    near: tuple[float, float] | None = None,
    first_row: int = 0,
) -> Placed | None:
    """Find a place for a target.

    Parameters
    ----------
    rng : numpy.random.Generator
    background : (H, W) float64
        Blurred and noise-free.
    noise : float
        Standard deviation of the sensor's noise.
    stamp : Stamp
    taken : (H, W) bool
        The masks of the targets that stand already.
    near : (float, float), optional
        Row and column that the place should be close to.
    first_row : int
        Its mask should not reach above this row, if there is room below.

    Returns
    -------
    Placed or None
        None where the target finds no free place.
    """
    rows, columns = np.nonzero(stamp.mask)
    height, width = background.shape
    low = np.array([GAP - rows.min(), GAP - columns.min()])
    high = np.array([height - GAP - rows.max(), width - GAP - columns.max()])
    if (high <= low).any():
        return None
    low[0] = max(low[0], min(first_row - int(rows.min()), high[0] - 1))
    contrast, wanted = draw_contrast(rng), _draw(rng, _SCRS)
    best: Placed | None = None
    best_score = -np.inf
    for _ in range(_CANDIDATES):
        spot = rng.integers(low, high)
        if near is not None:
            middle = np.array(near) - np.array(stamp.mask.shape) / 2
            spot = np.clip(np.rint(middle + rng.normal(0, 18, 2)).astype(int), low, high - 1)
        top, left = int(spot[0]), int(spot[1])
        y0, y1 = top + int(rows.min()), top + int(rows.max()) + 1
        x0, x1 = left + int(columns.min()), left + int(columns.max()) + 1
        if taken[max(y0 - GAP, 0) : y1 + GAP, max(x0 - GAP, 0) : x1 + GAP].any():
            continue
        around = background[
            max(y0 - _SURROUND, 0) : y1 + _SURROUND, max(x0 - _SURROUND, 0) : x1 + _SURROUND
        ]
        clutter = float(np.sqrt(around.var() + noise**2))
        found = Placed(top, left, stamp, contrast, contrast / clutter)
        headroom = 1.0 - float(background[y0:y1, x0:x1].max()) - 0.8 * found.amplitude
        score = min(float(np.log(found.scr / (0.7 * wanted))), 0.0) + min(6 * headroom, 0.0)
        if score > best_score:
            best, best_score = found, score
        if score >= 0:
            break
    return best if best is None else _lifted(best)


def _lifted(placed: Placed) -> Placed:
    """Return a target that would drown with the contrast at which it just does not."""
    lift = max(_SCRS[0] / placed.scr, 1.0)
    return replace(placed, contrast=placed.contrast * lift, scr=placed.scr * lift)


def add(frame: Field, mask: NDArray[np.bool_], placed: Placed) -> None:
    """Add a target to a frame and its pixels to a mask, in place."""
    height, width = frame.shape
    side = placed.stamp.mask.shape[0]
    y0, y1 = max(placed.top, 0), min(placed.top + side, height)
    x0, x1 = max(placed.left, 0), min(placed.left + side, width)
    window = np.s_[y0 - placed.top : y1 - placed.top, x0 - placed.left : x1 - placed.left]
    frame[y0:y1, x0:x1] += placed.amplitude * placed.stamp.profile[window]
    mask[y0:y1, x0:x1] |= placed.stamp.mask[window]
