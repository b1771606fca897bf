"""What every family of definitions offers to the evaluator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

from sirst5k.metrics.arrays import Inputs, Scores2D
from sirst5k.metrics.image_scores import ImageScores
from sirst5k.metrics.overlap import Empty
from sirst5k.metrics.profile import Profile
from sirst5k.metrics.scores import Scores
from sirst5k.metrics.target_mask import TargetMask


@dataclass(frozen=True, slots=True)
class Settings:
    """How to score; two evaluators can be merged if these are equal.

    Attributes
    ----------
    profile : Profile
    inputs : {"logits", "prob"}
        What comes in, which need not be what the profile's code is fed.
    threshold : float
        Probability above which a pixel counts as predicted, for the corrected figures.
    thresholds : tuple of float
        Probabilities of the Pd-Fa curve, ascending, `threshold` among them.
    distance : float
        Pixels, for matching.
    empty : {"one", "skip", "zero"}
        What an empty image counts in the corrected nIoU.
    curves : bool
        Whether ROC and precision-recall are kept.
    """

    profile: Profile
    inputs: Inputs
    threshold: float
    thresholds: tuple[float, ...]
    distance: float
    empty: Empty
    curves: bool


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One image's scores and mask, checked; both ``(H, W)``."""

    name: str
    scores: Scores2D
    mask: TargetMask


class State(Protocol):
    """Running sums of one family of definitions, of a size independent of the images."""

    def __init__(self, settings: Settings) -> None: ...

    def add(self, frame: Frame) -> ImageScores:
        """Add one image and return its row."""

    def end_update(self) -> None:
        """Mark the end of a batch, where published codes round their sums."""

    def merge(self, other: Self) -> None:
        """Add the images of another one of equal settings."""

    def restart(self) -> Self:
        """Return what a reset leaves: nothing, but where a published code forgets to."""

    def compute(self, images: int, pixels: int) -> Scores:
        """Return the figures of all images so far."""
