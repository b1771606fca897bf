"""Predicting on many frames and storing what comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sirst5k._version import __version__
from sirst5k.detectors import Detector, as_detector
from sirst5k.errors import ImageError, ParameterError
from sirst5k.evaluation.frames import Frames
from sirst5k.evaluation.predicting import TILE, check_threshold, predict_map
from sirst5k.evaluation.prediction import Prediction
from sirst5k.evaluation.prediction_folder import PRODUCTS, PredictionFolder
from sirst5k.evaluation.verdicts import FALSE_ALARM, HIT, MISS, verdicts
from sirst5k.synthesis.executor import run_in_order

Advance = Callable[[int], Any]


@dataclass(frozen=True, slots=True)
class PredictionReport:
    """What a run of `write_predictions` did.

    Attributes
    ----------
    root : str
        The output folder.
    frames : int
        Frames whose predictions are in it.
    written : int
        Frames predicted by this call; the others were there already.
    detections : int
        Connected regions above the threshold.
    hits, misses, false_alarms : int or None
        Targets found and missed, and detections of nothing, where labels are known.
    skipped : mapping of str to str
        Frames left out on the user's wish, with the reason.
    """

    root: str
    frames: int
    written: int
    detections: int
    hits: int | None
    misses: int | None
    false_alarms: int | None
    skipped: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)


def write_predictions(
    detector: Any,
    frames: Frames,
    out: str | Path,
    *,
    threshold: float = 0.5,
    tile: int = TILE,
    products: tuple[str, ...] = PRODUCTS,
    jobs: int = 1,
    overwrite: bool = False,
    on_error: str = "stop",
    started: Callable[[int, int], Advance | None] | None = None,
    **options: Any,
) -> PredictionReport:
    """Predict on frames and store maps, masks, boxes and overlays.

    Called again after an interruption it does what is missing; the files depend neither on
    that nor on `jobs`.

    Parameters
    ----------
    detector : str, Detector, torch.nn.Module or callable
        See `sirst5k.detectors.as_detector`.
    frames : Frames
        From `open_frames`.
    out : path
        A new folder, or one that the same run left unfinished.
    threshold : float
        Probabilities strictly above it are target.
    tile : int
        Frames with a longer side, in pixels, are taken in overlapping tiles; 0 never.
    products : tuple of str
        Any of ``maps``, ``masks``, ``boxes``, ``overlays``.
    jobs : int
        Worker processes, for detectors that can be copied into them; -1 takes every core.
    overwrite : bool
        Replace the predictions of another run.
    on_error : {"stop", "skip"}
        What to do about a frame that cannot be read.
    started : callable, optional
        Called with the number of frames and how many are done; returns what is called with
        1 for every further frame.
    **options
        For `as_detector`.

    Raises
    ------
    OutputError
        If the folder holds something else, or cannot be written.
    ImageError
        If a frame cannot be read, and skipping was not asked for.
    """
    check_threshold(threshold)
    if on_error not in ("stop", "skip"):
        raise ParameterError(f"Expected on_error to be 'stop' or 'skip', got {on_error!r}.")
    ready = as_detector(detector, **options)
    folder = PredictionFolder(Path(out), tuple(p for p in PRODUCTS if p in products) or products)
    settings = {
        "detector": ready.name,
        "configuration": repr(ready),
        "threshold": threshold,
        "tile": tile,
        "source": frames.what,
        "version": __version__,
    }
    done = {
        sample_id: record
        for sample_id, record in folder.begin(settings, overwrite).items()
        if "error" not in record and folder.has(sample_id)
    }
    todo = [
        index
        for index, sample_id in enumerate(frames.ids)
        if done.get(sample_id, {}).get("stamp") != frames.stamp(index)
    ]
    advance = started(len(frames), len(frames) - len(todo)) if started is not None else None
    task = _Task(ready, frames, folder, threshold, tile, on_error == "skip", tuple(todo))
    if not ready.in_processes:
        jobs = 1
    for record in run_in_order(task, 0, len(todo), jobs):
        folder.record(record)
        done[record["id"]] = record
        if advance is not None:
            advance(1)
    records = [done[sample_id] for sample_id in frames.ids]
    good = [record for record in records if "error" not in record]
    folder.finish(settings, good)
    return _report(folder, good, records, len(todo), frames.labelled)


def _report(
    folder: PredictionFolder,
    good: list[Any],
    records: list[Any],
    tried: int,
    labelled: bool,
) -> PredictionReport:
    skipped = {record["id"]: record["error"] for record in records if "error" in record}
    counts = [sum(record["verdicts"][place] for record in good) for place in range(3 * labelled)]
    hits, misses, false_alarms = counts or (None, None, None)
    return PredictionReport(
        root=str(folder.root),
        frames=len(good),
        written=tried - len(skipped),
        detections=sum(len(record["boxes"]) for record in good),
        hits=hits,
        misses=misses,
        false_alarms=false_alarms,
        skipped=skipped,
    )


@dataclass(frozen=True, slots=True)
class _Task:
    """Predicts on one frame, stores it, and returns its record."""

    detector: Detector
    frames: Frames
    folder: PredictionFolder
    threshold: float
    tile: int
    skip: bool
    todo: tuple[int, ...]

    def __call__(self, number: int) -> dict[str, Any]:
        index = self.todo[number]
        sample_id = self.frames.ids[index]
        try:
            frame = self.frames[index]
        except ImageError as error:
            if not self.skip:
                raise
            return {"id": sample_id, "error": str(error)}
        probability = predict_map(self.detector, frame.image, tile=self.tile)
        prediction = Prediction(sample_id, frame.image, probability, self.threshold, frame.label)
        file = self.frames.file(sample_id)
        height, width = frame.image.shape
        record = {
            "id": sample_id,
            "file": sample_id if file is None else file.name,
            "stamp": self.frames.stamp(index),
            "width": width,
            "height": height,
            "boxes": self.folder.write(prediction),
        }
        if frame.label is not None:
            kinds = [mark.kind for mark in verdicts(prediction.mask, frame.label)]
            record["verdicts"] = [kinds.count(kind) for kind in (HIT, MISS, FALSE_ALARM)]
        return record
