"""Scoring a detector, or predictions that somebody saved, on a labelled dataset."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.components import label_targets
from sirst5k.contrast import contrasts
from sirst5k.datasets import Dataset
from sirst5k.detectors import Detector, as_detector
from sirst5k.errors import ImageError, ParameterError
from sirst5k.evaluation.binning import TargetOutcome
from sirst5k.evaluation.bootstrap import Bootstrap, Interval, bootstrap_intervals
from sirst5k.evaluation.gallery import Gallery
from sirst5k.evaluation.predicting import TILE, check_threshold, predict_map
from sirst5k.evaluation.prediction import Prediction
from sirst5k.evaluation.report import EvaluationReport
from sirst5k.evaluation.saved import SavedPredictions
from sirst5k.evaluation.verdicts import HIT, verdicts
from sirst5k.metrics import Evaluator, ImageScores, Scores
from sirst5k.sample import Sample

Progress = Callable[[Iterable[int]], Iterable[int]]


def evaluate(
    dataset: Dataset,
    *,
    predictions: str | os.PathLike[str] | None = None,
    detector: Any = None,
    profiles: Sequence[str] = ("corrected",),
    threshold: float | None = None,
    thresholds: Sequence[float] | None = None,
    bootstrap: Bootstrap | None = None,
    gallery: int = 0,
    inputs: str = "prob",
    resize: str | None = None,
    tile: int = TILE,
    on_error: str = "stop",
    progress: Progress | None = None,
    **options: Any,
) -> EvaluationReport:
    """Score predictions on a dataset.

    Parameters
    ----------
    dataset : Dataset
        The images with their labels.
    predictions : path, optional
        A folder of masks or maps of probability, see `SavedPredictions`.
    detector : str, Detector, torch.nn.Module or callable, optional
        Run now, in place of a folder.
    profiles : sequence of str
        Whose definitions; names of `sirst5k.metrics`.
    threshold : float, optional
        Probability above which a pixel is target, 0.5 by default. Only the profile
        ``corrected`` takes another; the published codes fix theirs.
    thresholds : sequence of float, optional
        Of the Pd-Fa curve of the profile ``corrected``.
    bootstrap : Bootstrap, optional
        Makes confidence intervals.
    gallery : int
        How many of the worst misses, and of the worst false alarms, to keep as pictures.
    inputs : {"prob", "logits"}
        What float files among the predictions hold.
    resize : {"nearest"}, optional
        Bring predictions of another size to that of their image; refused if not given.
    tile : int
        Side of the tiles in which a detector takes larger frames.
    on_error : {"stop", "skip"}
        What to do about an image or prediction that cannot be read.
    progress : callable, optional
        Wraps the loop over images.
    **options
        For `sirst5k.detectors.as_detector`.

    Raises
    ------
    ParameterError
        Unless exactly one of `predictions` and `detector` is given, or a parameter is wrong.
    DatasetError
        If predictions and images do not fit.
    """
    names = tuple(dict.fromkeys(profiles))
    check_source(predictions, detector, on_error)
    _check_threshold(threshold, names)
    if predictions is not None:
        if options:
            raise ParameterError(f"Saved predictions take no {', '.join(options)}.")
        maps = _saved_maps(SavedPredictions(predictions, dataset, inputs=inputs, resize=resize))
    else:
        maps = _detected_maps(as_detector(detector, **options), tile)
    evaluators = _evaluators(names, maps.inputs, threshold, thresholds)
    watch = _Watch(0.5 if threshold is None else threshold, maps.inputs, gallery)
    skipped = _score(dataset, maps, evaluators, watch, on_error == "skip", progress)
    rows = {e.profile.name: tuple(e.rows) for e in evaluators}
    scores = {e.profile.name: e.compute() for e in evaluators}
    intervals = {}
    if bootstrap is not None:
        intervals = {name: _intervals(rows[name], scores[name], bootstrap) for name in rows}
    matching = maps.saved.matching if maps.saved is not None else None
    return EvaluationReport(
        source=maps.source,
        dataset=dataset.describe(),
        split=dataset.split,
        scores=scores,
        rows=rows,
        outcomes=tuple(watch.outcomes),
        intervals=intervals,
        bootstrap=bootstrap,
        matched=len(matching.files) if matching is not None else len(dataset) - len(skipped),
        lenient=matching.lenient if matching is not None else {},
        missing=matching.missing if matching is not None else (),
        extra=matching.extra if matching is not None else (),
        skipped=skipped,
        notes=(
            *watch.notes(maps.saved is not None, threshold, names),
            *(maps.saved.notes if maps.saved is not None else ()),
        ),
        misses=tuple(watch.gallery.misses) if watch.gallery is not None else (),
        false_alarms=tuple(watch.gallery.false_alarms) if watch.gallery is not None else (),
    )


def check_source(predictions: Any, detector: Any, on_error: str) -> None:
    """Refuse anything but one source of predictions, and an unknown way to deal with errors.

    Raises
    ------
    ParameterError
    """
    if (predictions is None) == (detector is None):
        raise ParameterError("Expected either predictions or a detector, one of both.")
    if on_error not in ("stop", "skip"):
        raise ParameterError(f"Expected on_error to be 'stop' or 'skip', got {on_error!r}.")


def _check_threshold(threshold: float | None, profiles: Sequence[str]) -> None:
    if threshold is None:
        return
    check_threshold(threshold)
    if "corrected" not in profiles:
        raise ParameterError(
            f"The profiles {', '.join(profiles)} fix their threshold. Add the profile "
            "'corrected' to score at another."
        )


@dataclass(frozen=True, slots=True)
class _Maps:
    """Where the maps of probability, or of logits, come from."""

    source: str
    inputs: str
    predict: Callable[[Sample], NDArray[np.float32]]
    saved: SavedPredictions | None = None


def _saved_maps(saved: SavedPredictions) -> _Maps:
    def read(sample: Sample) -> NDArray[np.float32]:
        return saved.read(sample.id, sample.shape)

    return _Maps(str(saved.root), saved.inputs, read, saved)


def _detected_maps(detector: Detector, tile: int) -> _Maps:
    def run(sample: Sample) -> NDArray[np.float32]:
        return predict_map(detector, sample.image, tile=tile)

    return _Maps(detector.name, "prob", run)


def _score(
    dataset: Dataset,
    maps: _Maps,
    evaluators: Sequence[Evaluator],
    watch: _Watch,
    skip: bool,
    progress: Progress | None,
) -> dict[str, str]:
    """Hand every image to all evaluators; return what was left out, with the reason."""
    skipped: dict[str, str] = dict(dataset.skipped)
    order = range(len(dataset))
    for index in progress(order) if progress is not None else order:
        try:
            sample = dataset[index]
            values = maps.predict(sample)
        except ImageError as error:
            if not skip:
                raise
            skipped[dataset.ids[index]] = str(error)
            continue
        watch.look(sample, values)
        image = sample.image[None]
        for number, evaluator in enumerate(evaluators):
            # Gain and suppression are no matter of profiles: measured once.
            evaluator.update(
                values[None],
                sample.mask[None],
                images=image if number == 0 else None,
                names=[sample.id],
            )
    if not evaluators[0].images:
        raise ParameterError(
            f"Expected at least one image to score in {dataset.describe()}, but all "
            f"{len(skipped)} were left out. First: {next(iter(skipped.values()), 'none')}"
        )
    return skipped


def _evaluators(
    profiles: Sequence[str],
    inputs: str,
    threshold: float | None,
    thresholds: Sequence[float] | None,
) -> list[Evaluator]:
    if not profiles:
        raise ParameterError("Expected at least one profile, got none.")
    return [
        Evaluator(
            name,
            inputs,
            threshold=threshold if name == "corrected" else None,
            thresholds=thresholds if name == "corrected" else None,
            per_image=True,
        )
        for name in profiles
    ]


def _intervals(rows: Sequence[ImageScores], scores: Scores, rule: Bootstrap) -> dict[str, Interval]:
    """Return intervals of those figures that the profile has."""
    found = bootstrap_intervals(rows, rule)
    return {name: ends for name, ends in found.items() if not math.isnan(getattr(scores, name))}


class _Watch:
    """Looks at what was hit and missed, beside the evaluators."""

    def __init__(self, threshold: float, inputs: str, gallery: int) -> None:
        self.threshold = threshold
        self.logits = inputs == "logits"
        self.gallery = Gallery(gallery) if gallery else None
        self.outcomes: list[TargetOutcome] = []
        self.binary = True

    def look(self, sample: Sample, values: NDArray[np.float32]) -> None:
        """Note the verdict on every target of an image."""
        probability: NDArray[np.floating[Any]] = _sigmoid(values) if self.logits else values
        prediction = Prediction(sample.id, sample.image, probability, self.threshold, sample.mask)
        if self.binary:
            self.binary = not bool(((probability > 0) & (probability < 1)).any())
        marks = verdicts(prediction.mask, sample.mask)
        labels, targets = label_targets(sample.mask)
        measured = contrasts(sample.image, sample.mask, labels, targets)
        scr = [one.scr for one in measured]
        for mark, ratio in zip(marks, scr, strict=False):  # targets come first
            self.outcomes.append(TargetOutcome(sample.id, mark.area, ratio, mark.kind == HIT))
        if self.gallery is not None and any(mark.kind != HIT for mark in marks):
            self.gallery.add(prediction, marks, scr)

    def notes(
        self, saved: bool, threshold: float | None, profiles: Sequence[str]
    ) -> tuple[str, ...]:
        """Return what to know before comparing these figures with others."""
        notes = []
        if self.binary and saved:
            notes.append(
                "The predictions are masks of two levels: AUC, AP and the curves have one point."
            )
        fixed = [name for name in profiles if name != "corrected"]
        if threshold is not None and fixed:
            notes.append(f"The threshold {threshold:g} does not apply to {', '.join(fixed)}.")
        return tuple(notes)


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return probabilities in float64, which keeps tiny logits above one half."""
    half = np.tanh(0.5 * logits.astype(np.float64))  # the same function, without overflow
    probability: NDArray[np.float64] = 0.5 + 0.5 * half
    return probability
