"""Means over seeds, and how sure a difference between two arms is."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError
from sirst5k.evaluation.bootstrap import (
    FIGURE_NAMES,
    Bootstrap,
    Interval,
    draw_counts,
    figure_sums,
    interval,
    ratios,
)
from sirst5k.metrics import ImageScores
from sirst5k.seeds import rng_for

Rows = Sequence[ImageScores]


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over seeds.

    Attributes
    ----------
    mean : float
    sd : float
        Sample standard deviation; NaN for one seed, or where a seed has no such figure.
    values : tuple of float
        One a seed.
    """

    mean: float
    sd: float
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of one arm minus that of another.

    Attributes
    ----------
    value : float
        Difference of the means over seeds.
    low, high : float
        Ends of the interval.
    """

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def spread(values: Sequence[float]) -> Spread:
    """Return mean and sample standard deviation of a figure over seeds."""
    if not values:
        raise ParameterError("Expected a figure of at least one seed, got none.")
    numbers = tuple(float(value) for value in values)
    if len(numbers) < 2 or not all(map(math.isfinite, numbers)):
        return Spread(sum(numbers) / len(numbers), math.nan, numbers)
    return Spread(math.fsum(numbers) / len(numbers), statistics.stdev(numbers), numbers)


def spreads(runs: Sequence[Rows]) -> dict[str, Spread]:
    """Return every figure of a detector's runs, one list of rows a seed."""
    table = _figures(runs, np.ones((1, len(runs[0])), np.float64))[:, 0]
    return {name: spread(list(table[:, place])) for place, name in enumerate(FIGURE_NAMES)}


def paired_differences(
    runs: Sequence[Rows], others: Sequence[Rows], rule: Bootstrap
) -> dict[str, Difference]:
    """Return how much better (or worse) one arm is than another, with intervals.

    A two-level bootstrap: each resample draws the test images with replacement, the same
    ones for both arms and all seeds, and the seeds with replacement, the same ones for both
    arms. What images and what seeds add to the uncertainty is both in the interval.

    Parameters
    ----------
    runs, others : sequence of sequence of ImageScores
        One list a seed, in the same order of seeds; every list has the same images in the
        same order.
    rule : Bootstrap

    Returns
    -------
    dict of str to Difference
        By the names of `FIGURE_NAMES`.

    Raises
    ------
    ParameterError
        If seeds or images do not pair.
    """
    _check_pairs(runs, others)
    images, seeds = len(runs[0]), len(runs)
    whole = np.ones((1, images), np.float64)
    values = (_figures(runs, whole) - _figures(others, whole)).mean(axis=0)[0]
    rng = rng_for(rule.seed, "seeds", 0)
    samples = []
    for counts in draw_counts(images, rule):
        gap = _figures(runs, counts) - _figures(others, counts)
        chosen = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=len(counts)) / seeds
        samples.append(np.einsum("rs,srf->rf", chosen, gap))
    drawn = np.concatenate(samples)
    ends: Mapping[str, Interval] = {
        name: interval(drawn[:, place], rule) for place, name in enumerate(FIGURE_NAMES)
    }
    return {
        name: Difference(float(values[place]), *ends[name])
        for place, name in enumerate(FIGURE_NAMES)
    }


def steps_to_reach(steps: Sequence[int], values: Sequence[float], level: float) -> float:
    """Return after how many steps a curve first reaches a level; infinity if it never does.

    Between two validations the curve is taken for straight.
    """
    before: tuple[float, float] | None = None
    for step, value in zip(steps, values, strict=True):
        if value >= level:
            if before is None or value == before[1]:
                return float(step)
            share = (level - before[1]) / (value - before[1])
            return before[0] + share * (step - before[0])
        before = (float(step), value)
    return math.inf


def _figures(runs: Sequence[Rows], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``(seeds, resamples, figures)`` for images drawn so often."""
    tables = []
    for rows in runs:
        parts, wholes = figure_sums(rows)
        tables.append(ratios(counts @ parts, counts @ wholes))
    return np.stack(tables)


def _check_pairs(runs: Sequence[Rows], others: Sequence[Rows]) -> None:
    if not runs or len(runs) != len(others):
        raise ParameterError(
            f"Expected the same seeds for both arms, got {len(runs)} and {len(others)} runs."
        )
    names = [row.name for row in runs[0]]
    for rows in (*runs, *others):
        if [row.name for row in rows] != names:
            raise ParameterError("Expected the same test images in the same order for every run.")
