"""How far two datasets' measures lie apart."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.noise.spectrum import log_spectral_distance
from sirst5k.quality.measuring import Quality


@dataclass(frozen=True, slots=True)
class Difference:
    """Two datasets beside each other.

    Attributes
    ----------
    distances : dict of str to float
        For each measure, the largest distance of the two cumulative distributions (the
        Kolmogorov-Smirnov statistic): 0 for the same distribution, 1 for no overlap.
    spectrum_db : float
        Log-spectral distance of the images' radial power spectra in dB.
    """

    distances: dict[str, float]
    spectrum_db: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def compare_quality(one: Quality, two: Quality) -> Difference:
    """Compare the measures that both datasets have a value of.

    The distances do not tell which of the two has more of something; `Quality.quantiles` does.
    """
    shared = [
        name for name in one.values if len(one.values[name]) and len(two.values.get(name, ()))
    ]
    return Difference(
        {name: distribution_distance(one.values[name], two.values[name]) for name in shared},
        log_spectral_distance(one.spectrum, two.spectrum),
    )


def distribution_distance(one: NDArray[np.float64], two: NDArray[np.float64]) -> float:
    """Return the largest distance of two samples' cumulative distributions, 0 to 1.

    N. Smirnov, "Table for Estimating the Goodness of Fit of Empirical Distributions", 1948.

    Parameters
    ----------
    one, two : (N,) float64
        Values in one unit, none of them NaN; N may differ, and is at least 1.

    Examples
    --------
    >>> distribution_distance(np.array([1.0, 2.0]), np.array([1.5, 2.5, 3.0]))
    0.6666666666666667
    """
    one, two = np.sort(one), np.sort(two)
    points = np.concatenate([one, two])
    shares = (np.searchsorted(part, points, "right") / len(part) for part in (one, two))
    return float(np.abs(np.subtract(*shares)).max())
