"""Hits, misses and false alarms of one prediction, each with its place."""

from __future__ import annotations

from dataclasses import dataclass

from sirst5k.components import Target, find_targets
from sirst5k.errors import ShapeError
from sirst5k.evaluation.prediction import Prediction
from sirst5k.metrics import match_targets
from sirst5k.sample import Mask

HIT, MISS, FALSE_ALARM, FOUND = "hit", "miss", "false alarm", "found"
"""What a mark says; `FOUND` is a detection where no label is known."""

DISTANCE = 3.0
"""Pixels between centroids below which a detection is a hit, strictly."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A target or a detection.

    Attributes
    ----------
    kind : str
        `HIT`, `MISS`, `FALSE_ALARM` or `FOUND`.
    y, x : float
        Centroid in pixels; of the target, or of the detection where there is none.
    top, left, height, width : int
        Its bounding box in pixels.
    area : int
        Pixels.
    """

    kind: str
    y: float
    x: float
    top: int
    left: int
    height: int
    width: int
    area: int


def verdicts(mask: Mask, label: Mask, distance: float = DISTANCE) -> list[Mark]:
    """Match detections to targets one to one, as the profile ``corrected`` does.

    Parameters
    ----------
    mask : (H, W) bool
        What was predicted.
    label : (H, W) bool
        What is true.
    distance : float
        In pixels.

    Returns
    -------
    list of Mark
        The targets in raster order, as `sirst5k.components.find_targets` has them, each a hit
        or a miss; then the false alarms, the largest first.
    """
    if mask.shape != label.shape:
        raise ShapeError(
            f"Expected a prediction of the label's shape {label.shape}, got {mask.shape}."
        )
    found = match_targets(mask, label, distance)
    hit, used = {target for target, _ in found.pairs}, {region for _, region in found.pairs}
    marks = [
        _mark(HIT if place in hit else MISS, target) for place, target in enumerate(found.targets)
    ]
    alarms = [region for place, region in enumerate(found.regions) if place not in used]
    return marks + [_mark(FALSE_ALARM, region) for region in _by_area(alarms)]


def marks_of(prediction: Prediction) -> list[Mark]:
    """Return the verdicts on a prediction, or its detections where there is no label."""
    if prediction.label is not None:
        return verdicts(prediction.mask, prediction.label)
    return [_mark(FOUND, region) for region in _by_area(find_targets(prediction.mask))]


def _by_area(regions: list[Target]) -> list[Target]:
    """Return regions by area, the largest first; in raster order where areas are equal."""
    return sorted(regions, key=lambda region: -region.area)


def _mark(kind: str, region: Target) -> Mark:
    return Mark(
        kind, region.y, region.x, region.top, region.left, region.height, region.width, region.area
    )
