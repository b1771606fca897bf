"""Which thresholds an evaluator works at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sirst5k.errors import ParameterError
from sirst5k.metrics.profile import Grid, Profile

THRESHOLDS = (0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99)
"""Probabilities of the corrected Pd-Fa curve, unless others are asked for."""


def choose_grid(
    profile: Profile, threshold: float | None, thresholds: int | Sequence[float] | None
) -> tuple[Profile, float, tuple[float, ...]]:
    """Return the profile, its headline threshold and its grid, as asked for."""
    if isinstance(thresholds, (int, np.integer)) and thresholds < 1:
        raise ParameterError(f"Expected at least 1 step of thresholds, got {thresholds}.")
    if profile.kind != "corrected":
        if threshold is not None:
            raise ParameterError(
                f"Profile {profile.name!r} fixes its threshold, got {threshold}. "
                "Profile 'corrected' takes any."
            )
        return _with_bins(profile, thresholds), 0.5, ()
    level = 0.5 if threshold is None else float(threshold)
    if thresholds is None:
        wanted: Sequence[float] = THRESHOLDS
    elif isinstance(thresholds, (int, np.integer)):
        wanted = [k / int(thresholds) for k in range(int(thresholds) + 1)]
    else:
        wanted = [float(value) for value in thresholds]
    outside = [value for value in (level, *wanted) if not 0 <= value <= 1]
    if outside:
        raise ParameterError(f"Expected thresholds as probabilities in 0…1, got {outside[0]}.")
    return profile, level, tuple(sorted({level, *wanted}))


def _with_bins(profile: Profile, bins: int | Sequence[float] | None) -> Profile:
    if bins is None:
        return profile
    if not isinstance(bins, (int, np.integer)) or not isinstance(profile.detection, Grid):
        raise ParameterError(
            f"Profile {profile.name!r} has thresholds of its own, got {bins!r}. Give a number of "
            "steps where it has a grid, or use profile 'corrected'."
        )
    bins = int(bins)
    return replace(
        profile,
        detection=replace(profile.detection, bins=bins),
        roc=replace(profile.roc, bins=bins) if profile.roc else None,
    )
