"""The stateful face of the room: feed it batches, ask it for scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np

from sirst5k.errors import ParameterError, ShapeError
from sirst5k.metrics.arrays import as_batch, as_scores, check_inputs, check_same
from sirst5k.metrics.corrected import CorrectedState
from sirst5k.metrics.cuts import sigmoid32
from sirst5k.metrics.detection import DISTANCE, check_distance
from sirst5k.metrics.grids import choose_grid
from sirst5k.metrics.image_scores import ImageScores
from sirst5k.metrics.overlap import Empty, check_empty
from sirst5k.metrics.profile import Profile
from sirst5k.metrics.profiles import get_profile
from sirst5k.metrics.published import PublishedState
from sirst5k.metrics.scores import Scores
from sirst5k.metrics.shooting import ShootingState
from sirst5k.metrics.state import Frame, Settings, State
from sirst5k.metrics.suppression import SuppressionMean, measure_suppression
from sirst5k.metrics.target_mask import read_mask

_STATES: dict[str, type[State]] = {
    "corrected": CorrectedState,
    "published": PublishedState,
    "shooting": ShootingState,
}


class Evaluator:
    """Scores of a stream of images, in memory that does not grow with their number.

    Parameters
    ----------
    profile : str
        Whose definitions; a key of `sirst5k.metrics.PROFILES`.
    inputs : {"logits", "prob"}
        What the score maps hold. A profile whose published code wants the other converts.
    threshold : float, optional
        Probability above which a pixel is predicted, 0.5 by default; published codes fix theirs.
    thresholds : int or sequence of float, optional
        Probabilities of the Pd-Fa curve, or a number of steps from 0 to 1. A published code's
        grid can only be made finer or coarser.
    distance : float
        Pixels; a region detects a target if their centroids are strictly nearer.
    empty : {"one", "skip", "zero"}
        What an image without target and prediction counts in nIoU; published codes say 0.
    curves : bool
        Whether to keep what the corrected ROC and precision-recall need, some 50 MB at most.
    per_image : bool
        Whether to keep a row for each image in `rows`, which grows with their number.
    on_image : callable, optional
        Called with each image's row; keeps nothing.

    Attributes
    ----------
    rows : list of ImageScores
        Empty unless `per_image`.

    Raises
    ------
    ParameterError
        If a parameter is out of range, or the profile fixes it.

    Examples
    --------
    >>> logits = np.full((1, 1, 32, 32), -5.0)
    >>> logits[0, 0, 10:13, 10:13] = 5
    >>> evaluator = Evaluator()
    >>> evaluator.update(logits, logits > 0)
    >>> scores = evaluator.compute()
    >>> scores.miou, scores.niou, scores.pd, scores.fa
    (1.0, 1.0, 1.0, 0.0)
    """

    def __init__(
        self,
        profile: str = "corrected",
        inputs: str = "logits",
        *,
        threshold: float | None = None,
        thresholds: int | Sequence[float] | None = None,
        distance: float = DISTANCE,
        empty: Empty = "one",
        curves: bool = True,
        per_image: bool = False,
        on_image: Callable[[ImageScores], None] | None = None,
    ) -> None:
        entry, level, grid = choose_grid(get_profile(profile), threshold, thresholds)
        self.settings = Settings(
            profile=entry,
            inputs=check_inputs(inputs),
            threshold=level,
            thresholds=grid,
            distance=check_distance(distance),
            empty=check_empty(empty),
            curves=curves,
        )
        self.per_image = per_image
        self.on_image = on_image
        self._state: State = _STATES[entry.kind](self.settings)
        self._clear()

    def _clear(self) -> None:
        self.rows: list[ImageScores] = []
        self.images = 0
        self.pixels = 0
        self._empty_masks = 0
        self._grey_pixels = 0
        self._suppression = SuppressionMean()

    @property
    def profile(self) -> Profile:
        """Whose definitions."""
        return self.settings.profile

    def update(
        self,
        scores: Any,
        masks: Any,
        images: Any = None,
        names: Sequence[str] | None = None,
    ) -> None:
        """Add a batch.

        Parameters
        ----------
        scores : (B, 1, H, W), (B, H, W) or (H, W) array or tensor
            Logits or probabilities, of any float type, on any device.
        masks : same shape
            Bool, 0/1, 0…255 integers with 255 for a target, or floats in 0…1.
        images : same shape, optional
            uint8, uint16 or float32, for SCR gain and background suppression.
        names : sequence of str, optional
            One for each image, for rows and error sentences.

        Raises
        ------
        ShapeError
            If shapes differ, or the masks are none.
        ParameterError
            If a score is NaN, or a probability outside 0…1. Nothing of the batch is added.
        """
        frames, pictures = self._read(scores, masks, images, names)
        for frame, picture in zip(frames, pictures, strict=True):
            suppression = None
            if picture is not None:
                logits = self.settings.inputs == "logits"
                prob = sigmoid32(frame.scores) if logits else frame.scores
                suppression = measure_suppression(picture, prob, frame.mask.target)
                self._suppression.add(suppression)
            row = self._state.add(frame)
            if suppression is not None:
                row = replace(
                    row,
                    scr_gain=suppression.scr_gain,
                    background_suppression=suppression.background_suppression,
                )
            self.images += 1
            self.pixels += frame.scores.size
            self._empty_masks += not frame.mask.target.any()
            self._grey_pixels += frame.mask.grey_pixels
            if self.per_image:
                self.rows.append(row)
            if self.on_image:
                self.on_image(row)
        self._state.end_update()

    def compute(self) -> Scores:
        """Return the scores of all images so far; more may follow."""
        return replace(
            self._state.compute(self.images, self.pixels),
            empty_masks=self._empty_masks,
            grey_pixels=self._grey_pixels,
            scr_gain=self._suppression.scr_gain,
            scr_gain_infinite=self._suppression.infinite,
            background_suppression=self._suppression.background_suppression,
        )

    def merge(self, other: Evaluator) -> Self:
        """Add the images of another evaluator, as if they had come here; return self.

        Raises
        ------
        ParameterError
            If the two score differently.
        """
        if other.settings != self.settings:
            raise ParameterError(
                "Expected two evaluators of equal settings to merge, got "
                f"{self.settings.profile.name!r} and {other.settings.profile.name!r} that "
                "differ in profile, inputs, thresholds, distance, empty or curves."
            )
        self._state.merge(other._state)
        self._suppression.merge(other._suppression)
        self.images += other.images
        self.pixels += other.pixels
        self._empty_masks += other._empty_masks
        self._grey_pixels += other._grey_pixels
        self.rows += other.rows
        return self

    def reset(self) -> None:
        """Forget all images."""
        self._state = self._state.restart()
        self._clear()

    def __repr__(self) -> str:
        settings = self.settings
        return (
            f"Evaluator({settings.profile.name!r}, inputs={settings.inputs!r}): "
            f"{self.images} images"
        )

    def _read(
        self, scores: Any, masks: Any, images: Any, names: Sequence[str] | None
    ) -> tuple[list[Frame], list[Any]]:
        """Check the whole batch before any of it counts."""
        maps, truth = as_batch(scores, "scores"), as_batch(masks, "masks")
        check_same(maps, truth, ("scores", "masks"))
        pictures: list[Any] = [None] * len(maps)
        if images is not None:
            batch = as_batch(images, "images")
            check_same(batch, truth, ("images", "masks"))
            pictures = [np.ascontiguousarray(picture) for picture in batch]
        if names is None:
            names = [str(self.images + place) for place in range(len(maps))]
        elif isinstance(names, str) or len(names) != len(maps):
            raise ShapeError(
                f"Expected a name for each of the {len(maps)} images, got {names!r:.200}."
            )
        frames = [
            Frame(
                str(name),
                as_scores(values, self.settings.inputs, f"scores of image {name}"),
                read_mask(mask, f"mask of image {name}"),
            )
            for name, values, mask in zip(names, maps, truth, strict=True)
        ]
        return frames, pictures
