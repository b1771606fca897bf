"""The result of an evaluation."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np

from sirst5k.metrics.curves import PdFaCurve, PrCurve, RocCurve

NAN = math.nan


@dataclass(frozen=True, eq=False, kw_only=True)
class Scores:
    """Every figure of one profile over a set of images.

    All rates are fractions: `fa` is per pixel, not 1e-6. NaN stands for a figure that is
    undefined on this set (Pd without targets) or that the profile's code does not have.

    Attributes
    ----------
    profile : str
        Whose definitions.
    images, pixels : int
        How many were scored.
    threshold : str
        Where a pixel counts as predicted, in words.
    miou, niou : float
        IoU of target pixels over the set; mean over images of each one's IoU.
    pd, fa : float
        Targets found over targets; false-alarm area over pixels.
    precision, recall, f1 : float
        Of pixels.
    auc, ap : float
        Area under the ROC; average precision.
    target_precision, target_f1 : float
        Share of predicted regions that are targets; its harmonic mean with Pd.
    fa_pixel : float
        False-positive pixels over pixels.
    false_targets_per_image, false_targets_per_mpx : float
        Unmatched regions per image and per 1e6 pixels.
    partial_auc, auc_error : float
        Area up to a false-positive rate of 1e-4 as a share; bound on the error of `auc`.
    pixel_accuracy : float
        The published codes' pixAcc: recall of pixels by their mask rule.
    scr_gain, background_suppression : float
        Means; NaN unless images were given.
    scr_gain_infinite : int
        Targets left out of `scr_gain`, because the map is flat around them.
    tp, fp, fn, tn : int
        Pixels.
    hits, targets, regions, false_targets, false_area : int
        Targets found, targets, predicted regions, unmatched ones, and the pixels behind `fa`.
    merged_regions, split_targets : int
        Regions that overlap several targets; targets that several regions overlap.
    empty_masks, grey_pixels : int
        Masks without target; mask pixels that are neither off nor on.
    roc, pr, pd_fa : curves or None
        Over thresholds.
    variants : mapping of str to float
        Further figures that a published code prints.
    notes : tuple of str
        What to know before comparing these figures with others.
    """

    profile: str
    images: int
    pixels: int
    threshold: str
    miou: float = NAN
    niou: float = NAN
    pd: float = NAN
    fa: float = NAN
    precision: float = NAN
    recall: float = NAN
    f1: float = NAN
    auc: float = NAN
    ap: float = NAN
    target_precision: float = NAN
    target_f1: float = NAN
    fa_pixel: float = NAN
    false_targets_per_image: float = NAN
    false_targets_per_mpx: float = NAN
    partial_auc: float = NAN
    auc_error: float = 0.0
    pixel_accuracy: float = NAN
    scr_gain: float = NAN
    background_suppression: float = NAN
    scr_gain_infinite: int = 0
    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0
    hits: int = 0
    targets: int = 0
    regions: int = 0
    false_targets: int = 0
    false_area: int = 0
    merged_regions: int = 0
    split_targets: int = 0
    empty_masks: int = 0
    grey_pixels: int = 0
    roc: RocCurve | None = field(default=None, repr=False)
    pr: PrCurve | None = field(default=None, repr=False)
    pd_fa: PdFaCurve | None = field(default=None, repr=False)
    variants: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_dict(self, *, curves: bool = False, points: int = 1000) -> dict[str, Any]:
        """Return plain numbers, NaN where undefined.

        Parameters
        ----------
        curves : bool
            Whether the curves come along, as lists.
        points : int
            About how many points of each curve at most.
        """
        result: dict[str, Any] = {}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if entry.name not in ("roc", "pr", "pd_fa"):
                result[entry.name] = _plain(value)
            elif curves and value is not None:
                thin = value if isinstance(value, PdFaCurve) else value.thinned(points)
                result[entry.name] = _plain(thin)
        return result

    def to_json(self, *, curves: bool = False, points: int = 1000) -> str:
        """Return `to_dict` as JSON, with null for what is undefined or infinite."""
        document = _finite(self.to_dict(curves=curves, points=points))
        return json.dumps(document, indent=2, allow_nan=False)

    def __str__(self) -> str:
        lines = [
            f"{self.profile}: {self.images} images, {self.pixels / 1e6:.2f} Mpx, {self.threshold}",
            _row(mIoU=self.miou, nIoU=self.niou, AUC=self.auc, AP=self.ap),
            _row(precision=self.precision, recall=self.recall, F1=self.f1),
            _row(Pd=self.pd) + f"   ({self.hits} of {self.targets} targets)",
            f"  {'Fa':<9} {1e6 * self.fa:8.3f} × 1e-6   {self.false_targets} false targets, "
            f"{self.false_targets_per_image:.3f} per image",
        ]
        if not math.isnan(self.background_suppression) or self.scr_gain_infinite:
            lines.append(_row(SCRG=self.scr_gain, BSF=self.background_suppression))
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


def _row(**figures: float) -> str:
    cells = (
        f"{name:<9} {'–' if math.isnan(x) else format(x, '.4f'):>8}" for name, x in figures.items()
    )
    return "  " + "   ".join(cells)


def _plain(value: Any) -> Any:
    """Return numbers, strings, lists and dicts only."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if is_dataclass(value):
        return {entry.name: _plain(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _finite(value: Any) -> Any:
    """Return the same with None for what JSON cannot say."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value
