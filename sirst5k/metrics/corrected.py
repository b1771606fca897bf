"""The corrected definitions: integer counts, optimal matching, exact curves."""

from __future__ import annotations

from typing import Self

import numpy as np

from sirst5k.metrics.cuts import as_probable, exact_cuts
from sirst5k.metrics.detection import DetectionRates
from sirst5k.metrics.detection_tally import COLUMNS, Detections, curve_from, detect
from sirst5k.metrics.exact_curves import pr_from, roc_from
from sirst5k.metrics.image_scores import ImageScores
from sirst5k.metrics.overlap import PixelCounts, SampleIou
from sirst5k.metrics.ratios import ratio
from sirst5k.metrics.score_histogram import ScoreHistogram
from sirst5k.metrics.scores import Scores
from sirst5k.metrics.state import Frame, Settings


class CorrectedState:
    """Running sums of the corrected definitions.

    All sums are of integers, or exact; so neither the order of the images nor how they were
    split over processes can change a figure.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.cuts = exact_cuts(settings.thresholds, settings.inputs)
        self.headline = settings.thresholds.index(settings.threshold)
        self.counts = np.zeros((len(COLUMNS), len(self.cuts)), np.int64)
        self.targets = self.target_pixels = 0
        self.merged = self.split = 0
        self.sample_iou = SampleIou(settings.empty)
        self.histogram = ScoreHistogram() if settings.curves else None

    def add(self, frame: Frame) -> ImageScores:
        """Add one image and return its row."""
        mask, settings = frame.mask.target, self.settings
        found = detect(frame.scores, mask, self.cuts, settings.distance, self.headline)
        self.counts += found.counts
        self.targets += len(found.table)
        target_pixels = len(found.table.rows)
        self.target_pixels += target_pixels
        if self.histogram is not None:
            logits = settings.inputs == "logits"
            ranked = as_probable(frame.scores) if logits else frame.scores
            self.histogram.update(ranked, mask)
        self._diagnose(found)
        row = self._row(frame, found, target_pixels)
        self.sample_iou.add(row.iou)
        return row

    def end_update(self) -> None:
        """Do nothing: batches do not matter here."""

    def merge(self, other: Self) -> None:
        """Add the images of another one."""
        self.counts += other.counts
        self.targets += other.targets
        self.target_pixels += other.target_pixels
        self.merged += other.merged
        self.split += other.split
        self.sample_iou.merge(other.sample_iou)
        if self.histogram is not None and other.histogram is not None:
            self.histogram.merge(other.histogram)

    def restart(self) -> Self:
        """Return an empty one."""
        return type(self)(self.settings)

    def compute(self, images: int, pixels: int) -> Scores:
        """Return the figures of all images so far."""
        settings = self.settings
        hits, regions, false_area, predicted, tp = self.counts[:, self.headline].tolist()
        fp, fn = predicted - tp, self.target_pixels - tp
        counts = PixelCounts(tp, fp, fn, pixels - tp - fp - fn)
        rates = DetectionRates(hits, self.targets, regions, false_area, fp, pixels, images)
        tally = self.histogram.tally() if self.histogram is not None else None
        roc, pr = (roc_from(tally), pr_from(tally)) if tally is not None else (None, None)
        thresholds = np.array(settings.thresholds)
        return Scores(
            profile=settings.profile.name,
            images=images,
            pixels=pixels,
            threshold=f"probability > {settings.threshold:g}",
            miou=counts.iou,
            niou=self.sample_iou.value,
            pd=rates.pd,
            fa=rates.fa,
            precision=counts.precision,
            recall=counts.recall,
            f1=counts.f1,
            auc=roc.auc if roc else np.nan,
            ap=pr.ap if pr else np.nan,
            target_precision=rates.precision,
            target_f1=rates.f1,
            fa_pixel=rates.fa_pixel,
            false_targets_per_image=rates.false_targets_per_image,
            false_targets_per_mpx=1e6 * ratio(rates.false_targets, pixels),
            partial_auc=roc.partial_auc if roc else np.nan,
            auc_error=roc.auc_error if roc else 0.0,
            pixel_accuracy=counts.recall,
            tp=counts.tp,
            fp=counts.fp,
            fn=counts.fn,
            tn=counts.tn,
            hits=hits,
            targets=self.targets,
            regions=regions,
            false_targets=rates.false_targets,
            false_area=false_area,
            merged_regions=self.merged,
            split_targets=self.split,
            roc=roc,
            pr=pr,
            pd_fa=curve_from(thresholds, self.counts, self.targets, images, pixels),
        )

    def _diagnose(self, found: Detections) -> None:
        target, region, _ = found.table.overlaps(found.regions)
        if len(target) > 1:
            self.merged += int((np.bincount(region) > 1).sum())
            self.split += int((np.bincount(target) > 1).sum())

    def _row(self, frame: Frame, found: Detections, target_pixels: int) -> ImageScores:
        hits, regions, false_area, predicted, tp = found.counts[:, self.headline].tolist()
        union = predicted + target_pixels - tp
        height, width = frame.scores.shape
        hit = set(found.matched.tolist())
        return ImageScores(
            name=frame.name,
            height=height,
            width=width,
            iou=ratio(tp, union),
            intersection=tp,
            union=union,
            predicted_pixels=predicted,
            target_pixels=target_pixels,
            hits=hits,
            targets=len(found.table),
            regions=regions,
            false_targets=regions - hits,
            false_area=false_area,
            false_pixels=predicted - tp,
            found=tuple(index in hit for index in found.table.order.tolist()),
        )
