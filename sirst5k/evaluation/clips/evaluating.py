"""Scoring a detector, or boxes that somebody saved, on labelled sequences."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sirst5k.detectors.boxes import Detections
from sirst5k.errors import ParameterError
from sirst5k.evaluation.bootstrap import Bootstrap
from sirst5k.evaluation.clips.adapting import as_box_detector
from sirst5k.evaluation.clips.intervals import sequence_intervals
from sirst5k.evaluation.clips.report import ClipReport
from sirst5k.evaluation.clips.running import Sequences, detect_in_sequences
from sirst5k.evaluation.clips.saved_boxes import SavedBoxes
from sirst5k.evaluation.evaluating import Progress, check_source
from sirst5k.metrics.boxes import DetectionEvaluator, get_detection_profile
from sirst5k.optional import require

Answer = tuple[str, str, Detections]
"""Sequence, frame id, and what was found there."""


def evaluate_clips(
    dataset: Sequences,
    *,
    predictions: str | os.PathLike[str] | None = None,
    detector: Any = None,
    images: str | os.PathLike[str] | None = None,
    profiles: Sequence[str] = ("corrected",),
    confidence: float | None = None,
    iou: float = 0.5,
    bootstrap: Bootstrap | None = None,
    on_error: str = "stop",
    progress: Progress | None = None,
    **options: Any,
) -> ClipReport:
    """Score boxes on the key frames of a dataset of sequences.

    Parameters
    ----------
    dataset : SequenceDataset
        The sequences with their labels.
    predictions : path, optional
        Saved boxes, see `sirst5k.evaluation.clips.read_box_files`.
    detector : str, path, torch.nn.Module, Detector, BoxDetector or callable, optional
        Run now, in place of saved boxes: a network of clips, or any detector of single frames,
        whose components are taken for boxes.
    images : path, optional
        COCO json that names the images of a list of COCO results.
    profiles : sequence of str
        Names of `sirst5k.metrics.DETECTION_PROFILES`.
    confidence : float, optional
        Least score behind precision, recall and F1 of the profile ``corrected``; 0.5.
    iou : float
        Overlap that a hit needs; AP has COCO's own.
    bootstrap : Bootstrap, optional
        Makes confidence intervals, resampling sequences.
    on_error : {"stop", "skip"}
        What to do about a frame that cannot be read: raise, or leave it out and say so.
    progress : callable, optional
        Wraps the loop over frames.
    **options
        For `as_box_detector`.

    Raises
    ------
    ParameterError
        Unless exactly one of `predictions` and `detector` is given, or a parameter is wrong.
    MissingDependencyError
        If faster-coco-eval is not installed.
    DatasetError
        If boxes and frames do not fit.
    """
    check_source(predictions, detector, on_error)
    require("faster_coco_eval", "AP")  # now, and not after hours of detecting
    names = tuple(dict.fromkeys(profiles))
    along = [name for name in names if get_detection_profile(name).along_curve]
    if confidence is not None and len(along) == len(names):
        raise ParameterError(
            f"The profiles {', '.join(names)} have no confidence. Add the profile 'corrected'."
        )
    evaluators = [
        DetectionEvaluator(name, confidence=None if name in along else confidence, iou=iou)
        for name in names
    ]
    if not evaluators:
        raise ParameterError("Expected at least one profile, got none.")
    saved, ready = None, None
    skipped = dict(getattr(dataset, "skipped", {}))
    if predictions is not None:
        if options:
            raise ParameterError(f"Saved boxes take no {', '.join(options)}.")
        saved = SavedBoxes(predictions, dataset, images)
        answers = _saved(saved, dataset)
    else:
        if images is not None:
            raise ParameterError("The images' names belong to saved boxes; a detector has none.")
        ready = as_box_detector(detector, **options)
        answers = detect_in_sequences(ready, dataset, skipped if on_error == "skip" else None)
    found = _collected(answers, len(dataset.ids), progress)
    notes = _fill(evaluators, dataset, found)
    if bootstrap is not None and len({sequence for sequence, _, _ in found}) < 2:
        notes.append("Intervals resample sequences, and there is but one: none are given.")
    return ClipReport(
        source=str(predictions) if ready is None else ready.name,
        dataset=dataset.describe(),
        split=dataset.split,
        frames_seen=0 if ready is None else ready.frames,
        scores={e.profile.name: e.compute() for e in evaluators},
        rows={e.profile.name: tuple(e.rows) for e in evaluators},
        intervals={e.profile.name: sequence_intervals(e, bootstrap) for e in evaluators}
        if bootstrap is not None
        else {},
        bootstrap=bootstrap,
        matched=len(found) if saved is None else saved.matched,
        lenient={} if saved is None else saved.lenient,
        missing=() if saved is None else saved.missing,
        extra=() if saved is None else saved.extra,
        skipped=skipped,
        notes=tuple(notes),
    )


def _saved(saved: SavedBoxes, dataset: Sequences) -> Iterator[Answer]:
    keys = set(dataset.ids)
    for sequence, frames in dataset.sequences.items():
        for frame_id in frames:
            if frame_id in keys:
                yield sequence, frame_id, saved.get(frame_id)


def _collected(answers: Iterator[Answer], count: int, progress: Progress | None) -> list[Answer]:
    """Return what was found in every key frame, fewer than `count` where some were skipped."""
    order: Iterable[int] = range(count)
    return [
        answer
        for _, answer in zip(
            progress(order) if progress is not None else order, answers, strict=False
        )
    ]


def _fill(
    evaluators: Sequence[DetectionEvaluator],
    dataset: Sequences,
    found: Sequence[Answer],
) -> list[str]:
    """Hand all frames to all evaluators; return what to know of them."""
    labels = {frame_id: dataset.labels(frame_id) for _, frame_id, _ in found}
    kinds = {int(kind) for one in labels.values() for kind in one.classes}
    said = {int(kind) for _, _, boxes in found for kind in boxes.classes}
    apart = len(kinds) < 2 or len(said - {0}) > 0
    for sequence, frame_id, boxes in found:
        real = labels[frame_id]
        for evaluator in evaluators:
            evaluator.update(
                frame_id,
                boxes.boxes,
                boxes.scores,
                boxes.classes if apart else None,
                real.boxes,
                real.classes if apart else None,
                sequence=sequence,
            )
    if apart:
        return []
    return [
        f"The detections are of one class and the labels of {len(kinds)}: classes do not count."
    ]
