"""Confidence intervals of set-level figures, by resampling images."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError
from sirst5k.metrics.image_scores import ImageScores
from sirst5k.seeds import rng_for

Interval = tuple[float, float]
_AT_ONCE = 2_000_000  # counts drawn at once: images times resamples


def _counted(row: ImageScores) -> float:
    return 0.0 if math.isnan(row.iou) else 1.0


def _iou(row: ImageScores) -> float:
    return 0.0 if math.isnan(row.iou) else row.iou


# Every figure is a sum over images divided by a sum over images.
_FIGURES: dict[str, tuple[Callable[[ImageScores], float], Callable[[ImageScores], float]]] = {
    "miou": (lambda r: r.intersection, lambda r: r.union),
    "niou": (_iou, _counted),
    "pd": (lambda r: r.hits, lambda r: r.targets),
    "fa": (lambda r: r.false_area, lambda r: r.pixels),
    "precision": (lambda r: r.intersection, lambda r: r.predicted_pixels),
    "recall": (lambda r: r.intersection, lambda r: r.target_pixels),
    "f1": (lambda r: 2 * r.intersection, lambda r: r.predicted_pixels + r.target_pixels),
    "target_precision": (lambda r: r.hits, lambda r: r.regions),
    "false_targets_per_image": (lambda r: r.false_targets, lambda _: 1),
}


FIGURE_NAMES = tuple(_FIGURES)
"""Figures of a set of images that are ratios of sums over them."""


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How intervals are made.

    Attributes
    ----------
    resamples : int
        How many sets of images are drawn.
    seed : int
        The same seed draws the same images for every profile and detector, so that
        differences between them are paired.
    level : float
        Of confidence.
    """

    resamples: int = 1000
    seed: int = 0
    level: float = 0.95

    def __post_init__(self) -> None:
        if self.resamples < 1:
            raise ParameterError(f"Expected at least one resample, got {self.resamples}.")
        if self.seed < 0:
            raise ParameterError(f"Expected a seed of at least 0, got {self.seed}.")
        if not 0 < self.level < 1:
            raise ParameterError(f"Expected a level of confidence in (0, 1), got {self.level}.")


def bootstrap_intervals(rows: Sequence[ImageScores], rule: Bootstrap) -> dict[str, Interval]:
    """Return percentile intervals of the figures of a set of images.

    Images are drawn with replacement, as many as there are (Efron, "Bootstrap Methods:
    Another Look at the Jackknife", Annals of Statistics 7(1), 1979). Of each resample the
    sums over its images are divided, so that ratios over the set, like mIoU, Pd and Fa, are
    exactly what they would be on those images; means of ratios are not taken.

    Parameters
    ----------
    rows : sequence of ImageScores
        In an order that does not change, for the same seed to draw the same images.
    rule : Bootstrap

    Returns
    -------
    dict of str to (float, float)
        Low and high end of ``miou, niou, pd, fa, precision, recall, f1, target_precision,
        false_targets_per_image``; NaN where no resample defines the figure.
    """
    if not rows:
        raise ParameterError("Expected at least one image to resample, got none.")
    parts, wholes = figure_sums(rows)
    samples = np.concatenate(
        [ratios(counts @ parts, counts @ wholes) for counts in draw_counts(len(rows), rule)]
    )
    return {name: interval(samples[:, place], rule) for place, name in enumerate(_FIGURES)}


def figure_sums(rows: Sequence[ImageScores]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what each image adds to both sides of every figure's ratio.

    Returns
    -------
    parts, wholes : (images, figures) float64
        In the order of `FIGURE_NAMES`.
    """
    parts = np.array([[part(row) for part, _ in _FIGURES.values()] for row in rows], np.float64)
    wholes = np.array([[whole(row) for _, whole in _FIGURES.values()] for row in rows], np.float64)
    return parts, wholes


def figures(rows: Sequence[ImageScores]) -> Mapping[str, float]:
    """Return the figures of a set itself, by the same sums."""
    return {
        name: part / whole if whole else math.nan
        for name, (part, whole) in (
            (name, (sum(map(p, rows)), sum(map(w, rows)))) for name, (p, w) in _FIGURES.items()
        )
    }


def draw_counts(images: int, rule: Bootstrap) -> list[NDArray[np.float64]]:
    """Return how often each image is drawn, ``(resamples, images)``, in a few parts."""
    rng = rng_for(rule.seed, "bootstrap", 0)
    even = np.full(images, 1 / images)
    step = max(1, _AT_ONCE // images)
    return [
        rng.multinomial(images, even, size=min(step, rule.resamples - start)).astype(np.float64)
        for start in range(0, rule.resamples, step)
    ]


def ratios(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return one array over another, NaN where that is 0."""
    result = np.full(part.shape, np.nan)
    np.divide(part, whole, out=result, where=whole != 0)
    return result


def interval(samples: NDArray[np.float64], rule: Bootstrap) -> Interval:
    """Return the percentile interval of a figure's resamples; NaN where none is defined."""
    tail = (1 - rule.level) / 2
    defined = samples[~np.isnan(samples)]
    if not len(defined):
        return math.nan, math.nan
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)
