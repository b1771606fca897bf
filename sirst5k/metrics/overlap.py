"""Pixel overlap: the field's mIoU, its nIoU, and what goes with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np

from sirst5k.errors import ParameterError
from sirst5k.metrics.arrays import as_batch, as_binary, check_same
from sirst5k.metrics.exact_sum import ExactSum
from sirst5k.metrics.ratios import ratio
from sirst5k.sample import Mask

Empty = Literal["one", "skip", "zero"]


@dataclass(frozen=True, slots=True)
class PixelCounts:
    """Pixels of one image or many, by prediction and truth.

    Attributes
    ----------
    tp, fp, fn, tn : int
        True and false positives, false and true negatives.
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    def __add__(self, other: PixelCounts) -> PixelCounts:
        return PixelCounts(
            self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.tn + other.tn
        )

    @property
    def iou(self) -> float:
        """``TP / (TP + FP + FN)``; NaN if nothing is there and nothing was predicted."""
        return ratio(self.tp, self.tp + self.fp + self.fn)

    @property
    def precision(self) -> float:
        """``TP / (TP + FP)``; NaN if nothing was predicted."""
        return ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """``TP / (TP + FN)``; NaN without target pixels."""
        return ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """``2 TP / (2 TP + FP + FN)``; NaN where the IoU is."""
        return ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def count_pixels(prediction: Mask, mask: Mask) -> PixelCounts:
    """Count the pixels of two bool maps of one shape."""
    tp = int(np.count_nonzero(prediction & mask))
    fp = int(np.count_nonzero(prediction)) - tp
    fn = int(np.count_nonzero(mask)) - tp
    return PixelCounts(tp, fp, fn, mask.size - tp - fp - fn)


def pixel_iou(predictions: Any, masks: Any) -> float:
    """Return the IoU of target pixels over the whole set: what the field calls mIoU.

    ``sum(TP) / sum(TP + FP + FN)``, each sum over all pixels of all images. It is no mean over
    classes, nor over images: large targets weigh more.

    Parameters
    ----------
    predictions, masks : (B, 1, H, W), (B, H, W) or (H, W) array or tensor
        Binary: bool, 0/1 or 0/255.

    Returns
    -------
    float
        NaN if there is no target and no prediction.

    Raises
    ------
    ShapeError
        If the shapes differ or a map is not binary.

    Examples
    --------
    >>> pixel_iou(np.array([[1, 1, 0]]), np.array([[0, 1, 1]]))
    0.3333333333333333
    """
    total = PixelCounts()
    for counts in _per_image(predictions, masks):
        total += counts
    return total.iou


def mean_sample_iou(predictions: Any, masks: Any, empty: Empty = "one") -> float:
    """Return the mean over images of each one's IoU: nIoU (Dai et al., ACM, WACV 2021).

    Parameters
    ----------
    predictions, masks : (B, 1, H, W), (B, H, W) or (H, W) array or tensor
        Binary: bool, 0/1 or 0/255.
    empty : {"one", "skip", "zero"}
        What an image without target and without prediction counts: 1 for it is right, nothing
        at all, or 0 as in the published codes.

    Returns
    -------
    float
        NaN if no image counts.

    Raises
    ------
    ShapeError
        If the shapes differ or a map is not binary.
    ParameterError
        If `empty` is none of the three.

    Examples
    --------
    >>> target, nothing = np.eye(4, dtype=bool), np.zeros((4, 4), bool)
    >>> mean_sample_iou(np.stack([target, nothing]), np.stack([target, nothing]), empty="zero")
    0.5
    """
    mean = SampleIou(empty)
    for counts in _per_image(predictions, masks):
        mean.add(counts.iou)
    return mean.value


class SampleIou:
    """Running mean of IoUs of images, NaN standing for "nothing there, nothing found"."""

    def __init__(self, empty: Empty) -> None:
        self.empty = check_empty(empty)
        self.sum = ExactSum()
        self.images = 0

    def add(self, iou: float) -> None:
        """Add the IoU of one image."""
        if iou != iou:
            if self.empty == "skip":
                return
            iou = float(self.empty == "one")
        self.sum.add(iou)
        self.images += 1

    def merge(self, other: SampleIou) -> None:
        """Add the images of another one."""
        self.sum.merge(other.sum)
        self.images += other.images

    @property
    def value(self) -> float:
        """The mean; NaN if no image counts."""
        return ratio(self.sum.value, self.images)


def check_empty(empty: str) -> Empty:
    """Return `empty` if it is one of the three rules, else raise `ParameterError`."""
    if empty not in ("one", "skip", "zero"):
        raise ParameterError(f"Expected empty to be 'one', 'skip' or 'zero', got {empty!r}.")
    return cast(Empty, empty)


def _per_image(predictions: Any, masks: Any) -> list[PixelCounts]:
    predicted, true = as_binary(predictions, "predictions"), as_binary(masks, "masks")
    check_same(as_batch(predicted, "predictions"), true, ("predictions", "masks"))
    return [count_pixels(one, other) for one, other in zip(predicted, true, strict=True)]
