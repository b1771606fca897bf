"""One run of an experiment: train, score on the test split, keep what the report needs."""

from __future__ import annotations

import io
import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from sirst5k.comparison.clips.scoring import BoxCurve, score_boxes
from sirst5k.comparison.experiment import Cell, Experiment
from sirst5k.comparison.shift import displaced
from sirst5k.comparison.training_sets import open_parts, open_tested, training_set
from sirst5k.datasets import Dataset, SequenceDataset
from sirst5k.detectors import as_detector, load_weights
from sirst5k.evaluation import evaluate, predict
from sirst5k.evaluation.squashing import squashed
from sirst5k.imaging import write_atomically
from sirst5k.metrics import ImageScores
from sirst5k.training import FitReport, TrainingConfig, fit, resolve
from sirst5k.training.material import store_of
from sirst5k.training.records import Records
from sirst5k.training.validating import Validation

RUN, SCORES, ROWS, MASKS, DONE = "run", "scores.json", "rows.json", "masks.npz", "done.json"
TEST_CURVE = "test_curve.jsonl"
CURVE = ("miou", "niou", "pd", "fa", "f1")


def run_cell(
    experiment: Experiment,
    cell: Cell,
    root: Path,
    *,
    device: str = "auto",
    jobs: int = 1,
    cache: Path | bool | None = None,
    started: Callable[..., Any] | None = None,
) -> None:
    """Train and score one cell, or go on with it.

    `done.json` is written last: a cell without it is run again, from its training's state. A
    finished cell that lacks a test set or a profile is scored again, not trained again.

    Parameters
    ----------
    experiment : Experiment
    cell : Cell
    root : Path
        The experiment's folder.
    device : str
    jobs : int
        Processes that decode.
    cache : path or bool, optional
        See `sirst5k.training.fit`.
    started : callable, optional
        See `sirst5k.training.fit`.
    """
    folder = root / cell.name
    if is_finished(experiment, cell, root):
        return
    folder.mkdir(parents=True, exist_ok=True)
    preparing = _Preparation(started)
    config = cell_config(experiment, cell)
    dataset, test = open_parts(experiment)
    images = training_set(
        dataset,
        experiment.arm(cell.arm),
        cell.fraction,
        config.validation_fraction,
        test.ids,
    )
    curve: TestCurve | BoxCurve
    if isinstance(test, SequenceDataset):
        curve = BoxCurve(folder / TEST_CURVE, test, config)
    else:
        curve = TestCurve(folder / TEST_CURVE, test, config, jobs)
    report = fit(
        images.training,
        cell.detector,
        folder / RUN,
        recipe=images.recipe,
        held_out=images.held_out,
        test=test,
        protocol=experiment.protocol,
        assignments=experiment.settings,
        device=device,
        jobs=jobs,
        cache=cache,
        started=preparing.over,
        watch=curve.watch,
        **_wishes(experiment, cell),
    )
    curve.close()
    scoring = time.monotonic()
    if isinstance(test, SequenceDataset):
        document = _score_boxes(experiment, cell, report, test, folder, device)
    else:
        document = _score(experiment, cell, report, test, folder, device)
    document["training"] = {
        "frames": report.frames,
        "steps": report.steps,
        "seconds": round(report.seconds, 3),
        "images_per_second": round(report.steps * config.batch_size / max(report.seconds, 1e-9), 2),
        "best_step": report.best_step,
        "held_out": report.validation,
        "preparation_seconds": round(preparing.seconds, 3),
        "source": images.source,
    }
    _write(folder / SCORES, document)
    took = preparing.seconds + report.seconds + time.monotonic() - scoring
    _write(folder / DONE, {"seconds": round(took, 3), "scored": _scored(experiment)})


def is_finished(experiment: Experiment, cell: Cell, root: Path) -> bool:
    """Return whether a cell is trained, and scored on all that the experiment asks for."""
    file = root / cell.name / DONE
    if not file.is_file():
        return False
    scored = json.loads(file.read_text(encoding="utf-8")).get("scored", [])
    return set(_scored(experiment)) <= set(scored)


def _scored(experiment: Experiment) -> list[str]:
    return [
        *(f"profile/{name}" for name in experiment.profiles),
        *(f"shift/{level:g}" for level in experiment.shift),
        *(f"also/{path}" for path in experiment.also_test),
    ]


class _Preparation:
    """Measures what stands before the first step: reading images, computing variants."""

    def __init__(self, started: Callable[..., Any] | None) -> None:
        self._started = started
        self._began = time.monotonic()
        self.seconds = 0.0

    def over(self, steps: int, done: int, batch: int) -> Any:
        """Note the time; passed to `sirst5k.training.fit`."""
        self.seconds = time.monotonic() - self._began
        return None if self._started is None else self._started(steps, done, batch)


def cell_config(experiment: Experiment, cell: Cell) -> TrainingConfig:
    """Return the training configuration of a cell."""
    return resolve(
        cell.detector, experiment.protocol, experiment.settings, **_wishes(experiment, cell)
    )


class TestCurve:
    """Scores a network on the test split at every validation, for the record alone.

    Nothing is chosen by it: it shows convergence, and what "best epoch on test" would have
    been in the published codes.

    Parameters
    ----------
    path : Path
        A `metrics.jsonl` of its own; goes on after an interruption.
    test : Dataset
    config : TrainingConfig
    jobs : int
        Processes that decode.
    """

    __test__ = False  # pytest takes the name for a test

    def __init__(self, path: Path, test: Dataset, config: TrainingConfig, jobs: int) -> None:
        self._path, self._test, self._config, self._jobs = path, test, config, jobs
        self._validation: Validation | None = None
        self._records: Records | None = None

    def watch(self, network: Any, step: int, warming_up: bool) -> None:
        """Score the network as it stands after a step."""
        if self._records is None:
            self._records = Records(self._path, upto=step - 1)
            self._validation = Validation(
                store_of(self._test, jobs=self._jobs, cache=None),
                frame=self._config.frame,
                normalisation=network.normalisation,
                in_channels=network.in_channels,
                device=next(network.parameters()).device,
            )
        assert self._validation is not None
        scores = self._validation.score(network, nullcontext, warming_up)
        self._records.add(step=step, **{key: float(getattr(scores, key)) for key in CURVE})

    def close(self) -> None:
        """Close the file."""
        if self._records is not None:
            self._records.close()


def _score(
    experiment: Experiment,
    cell: Cell,
    report: FitReport,
    test: Dataset,
    folder: Path,
    device: str,
) -> dict[str, Any]:
    """Score the last and the best weights of a run on every test set; return the document."""
    document: dict[str, Any] = {"test": {}, "axes": {}}
    rows: dict[str, Any] = {}
    side = cell_config(experiment, cell).frame
    weights = {"last": report.last_weights, "best_validation": report.best_weights}
    for name, file in weights.items():
        detector = as_detector(load_weights(cell.detector, file), device=device)
        found = evaluate(
            squashed(test, side),
            detector=detector,
            profiles=list(dict.fromkeys(("corrected", *experiment.profiles))),
        )
        document["test"][name] = {k: plain(v.to_dict()) for k, v in found.scores.items()}
        rows[name] = [row.to_dict() for row in found.rows["corrected"]]
        if name == "last":
            document["parameters"] = _parameters(cell.detector, file)
            document["outcomes"] = [[o.id, o.area, plain(o.scr), o.found] for o in found.outcomes]
            _save_masks(folder / MASKS, detector, squashed(test, side))
            for axis, other in other_tests(experiment, test):
                scored = evaluate(squashed(other, side), detector=detector)
                document["axes"][axis] = plain(scored.scores["corrected"].to_dict())
    _write(folder / ROWS, rows)
    return document


def _score_boxes(
    experiment: Experiment,
    cell: Cell,
    report: FitReport,
    test: SequenceDataset,
    folder: Path,
    device: str,
) -> dict[str, Any]:
    """Score the last and the best weights of a run on sequences; return the document."""
    weights = {"last": report.last_weights, "best_validation": report.best_weights}
    others = {f"also/{path}": open_tested(path) for path in experiment.also_test}
    return score_boxes(cell.detector, weights, test, others, folder, device, experiment.profiles)


def _parameters(detector: str, weights: Path) -> int:
    return sum(part.numel() for part in load_weights(detector, weights).parameters())


def other_tests(experiment: Experiment, test: Dataset) -> Iterator[tuple[str, Dataset]]:
    """Yield the further test sets of an experiment with their names.

    ``shift/LEVEL`` are the test images with foreign noise, ``also/PATH`` other datasets.
    """
    for level in experiment.shift:
        yield f"shift/{level:g}", displaced(test, level, experiment.shift_noise)
    for path in experiment.also_test:
        other = open_tested(path)
        yield f"also/{path}", other.stills() if isinstance(other, SequenceDataset) else other


def read_rows(folder: Path, which: str = "last") -> list[ImageScores]:
    """Return the rows of a finished cell, one a test image."""
    document = json.loads((folder / ROWS).read_text(encoding="utf-8"))
    return [_row(values) for values in document[which]]


def _row(values: dict[str, Any]) -> ImageScores:
    found = tuple(sign == "1" for sign in values["found"])
    numbers: dict[str, Any] = {k: math.nan if v is None else v for k, v in values.items()}
    return ImageScores(**{**numbers, "found": found})


def _wishes(experiment: Experiment, cell: Cell) -> dict[str, Any]:
    return {
        "steps": experiment.steps,
        "epochs": experiment.epochs,
        "network": dict(experiment.networks.get(cell.detector, {})) or None,
        "seed": cell.seed,
    }


def _save_masks(path: Path, detector: Any, test: Dataset) -> None:
    """Keep what was predicted, a bit a pixel: the report's gallery is drawn from it."""
    packed = [np.packbits(prediction.mask) for prediction in predict(detector, test)]
    buffer = io.BytesIO()
    np.savez_compressed(buffer, *packed)  # arr_0, arr_1 …, in the order of the split
    write_atomically(path, buffer.getvalue())


def plain(value: Any) -> Any:
    """Return a value as JSON has it: NaN and infinity as null."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _write(path: Path, document: Any) -> None:
    text = json.dumps(plain(document), allow_nan=False)
    write_atomically(path, text.encode("utf-8"))
