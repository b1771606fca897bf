"""What tells one published evaluation code from another, as a small table entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sirst5k.metrics.arrays import Inputs
from sirst5k.metrics.cuts import Cuts, float32_cuts, logit_cuts

Kind = Literal["corrected", "published", "shooting"]
Reading = Literal["full", "half"]


@dataclass(frozen=True, slots=True)
class Grid:
    """Thresholds as a published code has them: multiples of one step.

    Attributes
    ----------
    scale : {"prob", "logit"}
        What the code compares with them.
    top : float
        The last threshold; the first is 0.
    bins : int
        Steps between.
    headline : int or None
        Which threshold the printed figure belongs to; None for the middle one.
    """

    scale: Literal["prob", "logit"]
    top: float
    bins: int
    headline: int | None = None

    @property
    def thresholds(self) -> tuple[float, ...]:
        """All of them, ascending."""
        return tuple(k * self.top / self.bins for k in range(self.bins + 1))

    @property
    def place(self) -> int:
        """Index of the headline threshold."""
        return self.bins // 2 if self.headline is None else self.headline

    def cuts(self, inputs: Inputs) -> Cuts:
        """Return the thresholds on the scale of the scores that come in."""
        convert = float32_cuts if self.scale == "prob" else logit_cuts
        return convert(self.thresholds, inputs)


@dataclass(frozen=True, slots=True)
class SingleThreshold:
    """One fixed threshold, ``score > level``."""

    scale: Literal["prob", "logit"]
    level: float

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The one threshold."""
        return (self.level,)

    @property
    def place(self) -> int:
        """Index of the headline threshold."""
        return 0

    def cuts(self, inputs: Inputs) -> Cuts:
        """Return the threshold on the scale of the scores that come in."""
        convert = float32_cuts if self.scale == "prob" else logit_cuts
        return convert(self.thresholds, inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One way to score.

    Attributes
    ----------
    name, summary : str
        For tables and help texts.
    kind : {"corrected", "published", "shooting"}
        Which family of definitions.
    inputs : {"logits", "prob"}
        What the published code is fed.
    iou : SingleThreshold
        Where mIoU and pixel accuracy threshold.
    iou_label : {"full", "half"}
        Which mask pixels count as labelled in mIoU's union; only fully set ones can be hits.
    sample_iou : SingleThreshold or None
        Where nIoU thresholds, if the code has one.
    roc : Grid or None
        Thresholds of its ROC.
    roc_f1 : bool
        Whether F1 is printed at the ROC's headline.
    roc_auc : bool
        Whether the trapezoids under the ROC's points are printed as AUC.
    detection : Grid or SingleThreshold
        Thresholds of Pd and Fa.
    false_alarm : {"area_list", "pixel_set"}
        Whether an unmatched region is forgiven that has the area of a matched one.
    row_variants : bool
        Whether false alarms are also counted by whole rows, a defect that is printed.
    float32_fa : bool
        Whether Fa is multiplied by a float32 reciprocal.
    keeps_targets : bool
        Whether the number of targets survives a reset, another defect.
    size : int or None
        Side of the only frame that the published code accepts or resizes to.
    """

    name: str
    summary: str
    kind: Kind = "published"
    inputs: Inputs = "logits"
    iou: SingleThreshold = SingleThreshold("logit", 0.0)
    iou_label: Reading = "half"
    sample_iou: SingleThreshold | None = None
    roc: Grid | None = None
    roc_f1: bool = False
    roc_auc: bool = False
    detection: Grid | SingleThreshold = SingleThreshold("prob", 0.5)
    false_alarm: Literal["area_list", "pixel_set"] = "area_list"
    row_variants: bool = False
    float32_fa: bool = False
    keeps_targets: bool = False
    size: int | None = None
