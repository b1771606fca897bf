"""Figures as the published codes print them, from entries of the profile table."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sirst5k.metrics.cuts import cuts_for
from sirst5k.metrics.exact_sum import ExactSum
from sirst5k.metrics.image_scores import ImageScores
from sirst5k.metrics.profile import SingleThreshold
from sirst5k.metrics.published_detection import PublishedDetection
from sirst5k.metrics.published_roc import PublishedRoc
from sirst5k.metrics.ratios import f1_score, ratio
from sirst5k.metrics.scores import Scores
from sirst5k.metrics.state import Frame, Settings

_EPSILON = 2.0**-52
_MOST_SINGLE = 2**24


class PublishedState:
    """Running sums of one published code."""

    def __init__(self, settings: Settings) -> None:
        profile = settings.profile
        self.settings = settings
        self.intersection = self.predicted = self.labelled = self.lit = 0
        self.iou_sum, self.samples = ExactSum(), 0
        self.roc = PublishedRoc(profile.roc, settings.inputs) if profile.roc else None
        self.detection = PublishedDetection(profile, settings.inputs, settings.distance)
        self.frames: set[tuple[int, int]] = set()

    def add(self, frame: Frame) -> ImageScores:
        """Add one image and return its row."""
        profile, mask = self.settings.profile, frame.mask
        frame = Frame(frame.name, frame.scores.astype(np.float32, copy=False), mask)
        intersection, predicted = self._overlap(frame, profile.iou)
        labelled = int(np.count_nonzero(mask.half if profile.iou_label == "half" else mask.full))
        self.intersection += intersection
        self.predicted += predicted
        self.labelled += labelled
        self.lit += int(np.count_nonzero(mask.lit))
        union = predicted + labelled - intersection
        iou = intersection / (_EPSILON + union)
        if profile.sample_iou:
            shared, marked = self._overlap(frame, profile.sample_iou)
            full = int(np.count_nonzero(mask.full))
            iou = shared / (_EPSILON + marked + full - shared)
            self.iou_sum.add(iou)
            self.samples += 1
        if self.roc:
            self.roc.add(frame)
        counts, found = self.detection.add(frame.scores, mask.full)
        hits, regions, false_area = counts[:3, profile.detection.place].tolist()
        height, width = frame.scores.shape
        if len(self.frames) < 2:
            self.frames.add((height, width))
        return ImageScores(
            name=frame.name,
            height=height,
            width=width,
            iou=iou,
            intersection=intersection,
            union=union,
            predicted_pixels=predicted,
            target_pixels=labelled,
            hits=hits,
            targets=len(found),
            regions=regions,
            false_targets=regions - hits,
            false_area=false_area,
            false_pixels=predicted - intersection,
            found=found,
        )

    def end_update(self) -> None:
        """Let the ROC round its sums, as after each call of the published code."""
        if self.roc:
            self.roc.end_update()

    def merge(self, other: Self) -> None:
        """Add the images of another one."""
        self.intersection += other.intersection
        self.predicted += other.predicted
        self.labelled += other.labelled
        self.lit += other.lit
        self.iou_sum.merge(other.iou_sum)
        self.samples += other.samples
        self.frames |= set(list(other.frames)[:2])
        self.detection.merge(other.detection)
        if self.roc and other.roc:
            self.roc.merge(other.roc)

    def restart(self) -> Self:
        """Return an empty one, but for the targets that one published reset forgets."""
        fresh = type(self)(self.settings)
        if self.settings.profile.keeps_targets:
            fresh.detection.targets = self.detection.targets
        return fresh

    def compute(self, images: int, pixels: int) -> Scores:
        """Return the figures of all images so far."""
        profile = self.settings.profile
        curve = self.detection.curve(images, pixels)
        place = profile.detection.place
        hits, regions, false_area = (int(count) for count in self.detection.counts[:3, place])
        union = self.predicted + self.labelled - self.intersection
        roc, pr = None, None
        precision = recall = f1 = math.nan
        if self.roc and profile.roc:
            roc, pr = self.roc.curves(with_auc=profile.roc_auc)
            middle = profile.roc.place
            precision, recall = float(pr.precision[middle]), float(pr.recall[middle])
            f1 = float(pr.f1[middle]) if profile.roc_f1 else math.nan
        target_precision, pd = ratio(hits, regions), float(curve.pd[place])
        return Scores(
            profile=profile.name,
            images=images,
            pixels=pixels,
            threshold=_words(profile.iou),
            miou=self.intersection / (_EPSILON + union),
            niou=ratio(self.iou_sum.value, self.samples),
            pd=pd,
            fa=float(curve.fa[place]),
            precision=precision,
            recall=recall,
            f1=f1,
            auc=roc.auc if roc else math.nan,
            target_precision=target_precision,
            target_f1=f1_score(target_precision, pd),
            fa_pixel=float(curve.fa_pixel[place]),
            false_targets_per_image=float(curve.false_targets_per_image[place]),
            false_targets_per_mpx=1e6 * ratio(regions - hits, pixels),
            pixel_accuracy=self.intersection / (_EPSILON + self.lit),
            tp=self.intersection,
            fp=self.predicted - self.intersection,
            fn=self.labelled - self.intersection,
            tn=pixels - union,
            hits=hits,
            targets=self.detection.targets,
            regions=regions,
            false_targets=regions - hits,
            false_area=false_area,
            roc=roc,
            pr=pr,
            pd_fa=curve,
            variants={name: float(values[place]) for name, values in curve.variants.items()},
            notes=self._notes(pixels),
        )

    def _overlap(self, frame: Frame, at: SingleThreshold) -> tuple[int, int]:
        """Return the pixels predicted on fully set mask pixels, and those predicted at all."""
        cut: NDArray[np.floating[Any]] = cuts_for(frame.scores, at.cuts(self.settings.inputs))
        lit = frame.scores > cut[0]
        return int(np.count_nonzero(lit & frame.mask.full)), int(np.count_nonzero(lit))

    def _notes(self, pixels: int) -> tuple[str, ...]:
        profile, notes = self.settings.profile, []
        if profile.size and self.frames - {(profile.size, profile.size)}:
            notes.append(f"The published code only takes {profile.size}×{profile.size} frames.")
        if self.settings.inputs != profile.inputs:
            notes.append(f"The published code is fed {profile.inputs}; here they were converted.")
        if self.roc and pixels > _MOST_SINGLE:
            notes.append("Counts of the published ROC above 2^24 are rounded, as there.")
        if not self.detection.targets:
            notes.append("Pd is undefined: there is no target.")
        return tuple(notes)


def _words(threshold: SingleThreshold) -> str:
    name = "logit" if threshold.scale == "logit" else "probability"
    return f"{name} > {threshold.level:g}"
