"""Targets found and false alarms raised: Pd, Fa, and who matched whom."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sirst5k.components import Target, label_targets
from sirst5k.errors import ParameterError
from sirst5k.metrics.arrays import as_binary, check_same
from sirst5k.metrics.optimal_matching import match_optimal
from sirst5k.metrics.ratios import f1_score, ratio
from sirst5k.metrics.regions import find_regions
from sirst5k.metrics.target_table import tabulate

DISTANCE = 3.0
"""Pixels; a region detects a target if their centroids are strictly nearer."""


@dataclass(frozen=True, slots=True)
class DetectionRates:
    """How many targets were found, and what else was reported.

    Attributes
    ----------
    hits, targets : int
        Targets found, and targets there are.
    regions : int
        Predicted regions.
    false_area : int
        Pixels of regions that match no target.
    false_pixels : int
        Predicted pixels that lie on no target.
    pixels, images : int
        What the rates refer to.
    """

    hits: int
    targets: int
    regions: int
    false_area: int
    false_pixels: int
    pixels: int
    images: int

    @property
    def pd(self) -> float:
        """Probability of detection ``hits / targets``; NaN without targets."""
        return ratio(self.hits, self.targets)

    @property
    def fa(self) -> float:
        """False-alarm rate: area of unmatched regions over pixels, a fraction (not 1e-6)."""
        return ratio(self.false_area, self.pixels)

    @property
    def fa_pixel(self) -> float:
        """False-positive pixels over pixels, whatever region they belong to."""
        return ratio(self.false_pixels, self.pixels)

    @property
    def false_targets(self) -> int:
        """Regions that match no target."""
        return self.regions - self.hits

    @property
    def false_targets_per_image(self) -> float:
        """Unmatched regions per image."""
        return ratio(self.false_targets, self.images)

    @property
    def precision(self) -> float:
        """Share of the predicted regions that match a target; NaN without regions."""
        return ratio(self.hits, self.regions)

    @property
    def f1(self) -> float:
        """Harmonic mean of `precision` and `pd`."""
        return f1_score(self.precision, self.pd)

    def __str__(self) -> str:
        return (
            f"Pd {self.pd:.4f} ({self.hits} of {self.targets}), Fa {1e6 * self.fa:.2f}e-6, "
            f"{self.false_targets_per_image:.2f} false targets per image"
        )

    def to_dict(self) -> dict[str, float]:
        """Return counts and rates as plain numbers."""
        names = ("pd", "fa", "fa_pixel", "false_targets", "false_targets_per_image")
        rates = {name: getattr(self, name) for name in (*names, "precision", "f1")}
        return asdict(self) | rates


@dataclass(frozen=True, slots=True)
class Matching:
    """Who matched whom on one image.

    Attributes
    ----------
    targets, regions : tuple of Target
        Of the mask and of the prediction, each in raster order.
    pairs : tuple of (int, int)
        Places in `targets` and `regions` that belong together, by target.
    """

    targets: tuple[Target, ...]
    regions: tuple[Target, ...]
    pairs: tuple[tuple[int, int], ...]

    @property
    def hits(self) -> list[Target]:
        """Targets that were found."""
        return [self.targets[target] for target, _ in self.pairs]

    @property
    def misses(self) -> list[Target]:
        """Targets that were not."""
        found = {target for target, _ in self.pairs}
        return [target for place, target in enumerate(self.targets) if place not in found]

    @property
    def detections(self) -> list[Target]:
        """Predicted regions that found a target, in the order of `hits`."""
        return [self.regions[region] for _, region in self.pairs]

    @property
    def false_alarms(self) -> list[Target]:
        """Predicted regions that found none."""
        used = {region for _, region in self.pairs}
        return [region for place, region in enumerate(self.regions) if place not in used]


def detection_rates(predictions: Any, masks: Any, distance: float = DISTANCE) -> DetectionRates:
    """Return Pd and false alarms of binary predictions.

    Targets and predicted regions are 8-connected components. They are matched one to one,
    as many as possible and then as near as possible, where centroids are strictly nearer than
    `distance`.

    Parameters
    ----------
    predictions, masks : (B, 1, H, W), (B, H, W) or (H, W) array or tensor
        Binary: bool, 0/1 or 0/255.
    distance : float
        Pixels, above 0.

    Raises
    ------
    ShapeError
        If the shapes differ or a map is not binary.
    ParameterError
        If `distance` is not above 0.

    Examples
    --------
    >>> mask = np.zeros((32, 32), bool)
    >>> mask[4:7, 4:7] = mask[20:23, 20:23] = True
    >>> prediction = np.zeros((32, 32), bool)
    >>> prediction[5:8, 5:8] = prediction[10, 25:29] = True
    >>> print(detection_rates(prediction, mask))
    Pd 0.5000 (1 of 2), Fa 3906.25e-6, 1.00 false targets per image
    """
    check_distance(distance)
    predicted, true = as_binary(predictions, "predictions"), as_binary(masks, "masks")
    check_same(predicted, true, ("predictions", "masks"))
    hits = targets = regions = false_area = false_pixels = 0
    for prediction, mask in zip(predicted, true, strict=True):
        table, found = tabulate(mask), find_regions(prediction)
        _, matched = match_optimal(table, found, distance)
        hits += len(matched)
        targets += len(table)
        regions += len(found)
        false_area += found.pixels - int(found.areas[matched].sum())
        false_pixels += int(np.count_nonzero(prediction & ~mask))
    return DetectionRates(hits, targets, regions, false_area, false_pixels, true.size, len(true))


def match_targets(prediction: Any, mask: Any, distance: float = DISTANCE) -> Matching:
    """Match the targets of one mask with the regions of one prediction.

    Parameters
    ----------
    prediction, mask : (H, W) array or tensor, or a batch of one
        Binary: bool, 0/1 or 0/255.
    distance : float
        Pixels, above 0.

    Raises
    ------
    ShapeError
        If it is not one image, the shapes differ, or a map is not binary.
    """
    check_distance(distance)
    predicted, true = as_binary(prediction, "prediction"), as_binary(mask, "mask")
    check_same(predicted, true, ("prediction", "mask"))
    check_same(predicted[:1], predicted, ("one image", "prediction"))
    table, found = tabulate(true[0]), find_regions(predicted[0])
    matched = match_optimal(table, found, distance)
    targets = label_targets(true[0])[1]
    regions = label_targets(predicted[0])[1]
    target_at = {int(index): place for place, index in enumerate(table.order)}
    region_at = {found.first_pixel(index): index for index in range(len(found))}
    order = {index: place for place, (_, index) in enumerate(sorted(region_at.items()))}
    pairs = [(target_at[int(t)], order[int(r)]) for t, r in zip(*matched, strict=True)]
    return Matching(tuple(targets), tuple(regions), tuple(sorted(pairs)))


def check_distance(distance: float) -> float:
    """Return the distance if it is above 0, else raise `ParameterError`."""
    if not distance > 0:
        raise ParameterError(f"Expected a matching distance above 0 pixels, got {distance}.")
    return float(distance)
