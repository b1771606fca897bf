"""Losses on logits: the published ones to the last digit, and made safe. Needs torch.

A loss takes logits and a mask of the same shape ``(B, 1, H, W)`` and returns a scalar.
"""

from __future__ import annotations

from sirst5k.optional import require

require("torch", "a loss")  # before the first file of this room fails for want of it

from sirst5k.losses.bce import BCELoss, probability_cross_entropy  # noqa: E402
from sirst5k.losses.deep_supervision import DeepSupervision  # noqa: E402
from sirst5k.losses.dice import DiceLoss  # noqa: E402
from sirst5k.losses.focal import FocalLoss  # noqa: E402
from sirst5k.losses.location import location_term  # noqa: E402
from sirst5k.losses.loss import Loss  # noqa: E402
from sirst5k.losses.registry import create, for_detector, names  # noqa: E402
from sirst5k.losses.sls_iou import SLSIoULoss  # noqa: E402
from sirst5k.losses.soft_iou import SoftIoULoss  # noqa: E402
from sirst5k.losses.tversky import TverskyLoss  # noqa: E402
from sirst5k.losses.yolox import LossParts, YOLOXLoss  # noqa: E402

__all__ = [
    "BCELoss",
    "DeepSupervision",
    "DiceLoss",
    "FocalLoss",
    "Loss",
    "LossParts",
    "SLSIoULoss",
    "SoftIoULoss",
    "TverskyLoss",
    "YOLOXLoss",
    "create",
    "for_detector",
    "location_term",
    "names",
    "probability_cross_entropy",
]
