"""Figures of boxes over seeds, and how sure a difference between two arms is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sirst5k.comparison.clips.found import evaluator_of
from sirst5k.comparison.statistics import Difference, Spread, spread
from sirst5k.errors import ParameterError
from sirst5k.evaluation.bootstrap import Bootstrap, draw_counts, interval
from sirst5k.metrics.boxes.frame import BoxFrame
from sirst5k.metrics.boxes.pool import Pool
from sirst5k.seeds import rng_for

HONEST = ("ap50", "precision", "recall", "f1", "best_f1", "false_alarms_per_frame")
PUBLISHED = ("precision", "recall", "f1")
FIGURES = (*HONEST, *(f"published_{name}" for name in PUBLISHED))
"""AP50 and the figures at one confidence, and those that the published codes derive."""

RESAMPLES = 1000
"""Most resamples: each scores all detections anew, as AP is no ratio of sums over frames."""


@dataclass(frozen=True, eq=False)
class Run:
    """The detections of one run, pooled for one resample after the other.

    Attributes
    ----------
    honest, published : Pool
        By the profiles ``corrected`` and ``published``; they may have other sequences, as the
        latter leaves out frames without targets.
    confidence : float
        Least score behind the honest precision and recall.
    """

    honest: Pool
    published: Pool
    confidence: float

    @classmethod
    def of(cls, frames: Sequence[BoxFrame]) -> Run:
        """Match and pool what a run found."""
        honest, published = (evaluator_of(frames, name) for name in ("corrected", "published"))
        return cls(_at_half(honest.pool()), _at_half(published.pool()), honest.confidence)

    def figures(self, weights: NDArray[np.float64] | None = None) -> list[float]:
        """Return the values of `FIGURES`.

        Parameters
        ----------
        weights : (S,) float64, optional
            How often each sequence of `honest` counts; once by default.
        """
        one = self.honest.figures(self.confidence, False, weights)
        times = None if weights is None else self._shared(weights)
        two = self.published.figures(0.0, True, times)
        return [*(one[name] for name in HONEST), *(two[name] for name in PUBLISHED)]

    def _shared(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        place = {name: number for number, name in enumerate(self.honest.sequences)}
        return weights[[place[name] for name in self.published.sequences]]


def _at_half(pool: Pool) -> Pool:
    """Return a pool that knows hits at IoU 0.5 alone, which is all that is asked for."""
    return replace(pool, hits=pool.hits[:2])


def spreads(runs: Sequence[Run]) -> dict[str, Spread]:
    """Return every figure of a detector's runs, one a seed."""
    table = np.array([run.figures() for run in runs])
    return {name: spread(list(table[:, place])) for place, name in enumerate(FIGURES)}


def paired_differences(
    runs: Sequence[Run], others: Sequence[Run], rule: Bootstrap
) -> dict[str, Difference]:
    """Return how much better (or worse) one arm is than another, with intervals.

    The two-level bootstrap of `sirst5k.comparison.statistics.paired_differences`, but that
    whole sequences are drawn: the same ones for both arms and all seeds. At most `RESAMPLES`
    resamples are made. With one sequence no interval is possible, and its ends are NaN.

    Parameters
    ----------
    runs, others : sequence of Run
        One a seed, in the same order of seeds.
    rule : Bootstrap

    Raises
    ------
    ParameterError
        If seeds or sequences do not pair.
    """
    if not runs or len(runs) != len(others):
        raise ParameterError(
            f"Expected the same seeds for both arms, got {len(runs)} and {len(others)} runs."
        )
    names = runs[0].honest.sequences
    if any(run.honest.sequences != names for run in (*runs, *others)):
        raise ParameterError("Expected the same test sequences in the same order for every run.")
    values = _gaps(runs, others, None).mean(axis=0)
    if len(names) < 2:
        nothing = float("nan")
        return {
            name: Difference(float(value), nothing, nothing)
            for name, value in zip(FIGURES, values, strict=True)
        }
    rule = replace(rule, resamples=min(rule.resamples, RESAMPLES))
    rng, seeds = rng_for(rule.seed, "seeds", 0), len(runs)
    samples = []
    for counts in draw_counts(len(names), rule):
        for weights in counts:
            chosen = rng.multinomial(seeds, np.full(seeds, 1 / seeds)) / seeds
            samples.append(chosen @ _gaps(runs, others, weights))
    drawn = np.array(samples)
    return {
        name: Difference(float(values[place]), *interval(drawn[:, place], rule))
        for place, name in enumerate(FIGURES)
    }


def _gaps(
    runs: Sequence[Run], others: Sequence[Run], weights: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return ``(seeds, figures)``: one arm's minus the other's."""
    return np.array(
        [
            np.subtract(one.figures(weights), two.figures(weights))
            for one, two in zip(runs, others, strict=True)
        ]
    )
