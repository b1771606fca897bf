"""Scores of a single image: a row of a table, and what a bootstrap resamples."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sirst5k.metrics.ratios import ratio


@dataclass(frozen=True, slots=True)
class ImageScores:
    """One image under one profile, at the profile's headline threshold.

    Sums of these over images, divided, give the figures of the set; see `pool`.

    Attributes
    ----------
    name : str
        Given with `Evaluator.update`; else the image's place in the stream.
    height, width : int
        Pixels.
    iou : float
        The image's part of nIoU, by the profile's rule; NaN if the image does not count.
    intersection, union : int
        Pixels, for mIoU.
    predicted_pixels, target_pixels : int
        For precision and recall.
    hits, targets, regions : int
        Targets found, targets there are, predicted regions.
    false_targets, false_area, false_pixels : int
        Regions without a target, the pixels counted for Fa, predicted pixels off target.
    found : tuple of bool
        For each target, in the order of `sirst5k.components.find_targets`, whether it was.
    scr_gain, background_suppression : float
        NaN unless the image was given.
    """

    name: str
    height: int
    width: int
    iou: float
    intersection: int
    union: int
    predicted_pixels: int
    target_pixels: int
    hits: int
    targets: int
    regions: int
    false_targets: int
    false_area: int
    false_pixels: int
    found: tuple[bool, ...]
    scr_gain: float = math.nan
    background_suppression: float = math.nan

    @property
    def pixels(self) -> int:
        """Pixels of the frame."""
        return self.height * self.width

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers for a table; `found` as a string of 0 and 1."""
        row = asdict(self)
        row["found"] = "".join("01"[found] for found in self.found)
        return row


def pool(rows: Iterable[ImageScores]) -> dict[str, float]:
    """Return the figures of a set of images from their rows.

    Returns
    -------
    dict
        ``miou, niou, pd, fa, precision, recall, f1, target_precision,
        false_targets_per_image``; fractions, NaN where undefined. Those of the corrected
        profile equal `Evaluator.compute`'s but for the last digit of nIoU; for published
        profiles the small constants in their formulas are left out.
    """
    rows = list(rows)

    def total(name: str) -> float:
        return float(sum(getattr(row, name) for row in rows))

    ious = [row.iou for row in rows if not math.isnan(row.iou)]
    inter, predicted, target = (
        total(name) for name in ("intersection", "predicted_pixels", "target_pixels")
    )
    return {
        "miou": ratio(inter, total("union")),
        "niou": ratio(math.fsum(ious), len(ious)),
        "pd": ratio(total("hits"), total("targets")),
        "fa": ratio(total("false_area"), total("pixels")),
        "precision": ratio(inter, predicted),
        "recall": ratio(inter, target),
        "f1": ratio(2 * inter, predicted + target),
        "target_precision": ratio(total("hits"), total("regions")),
        "false_targets_per_image": ratio(total("false_targets"), len(rows)),
    }
