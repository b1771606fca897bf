"""Experiments whose trainings are made up: everything but `fit` is the real thing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sirst5k.comparison import cells
from sirst5k.comparison.arms import parse_arm
from sirst5k.comparison.experiment import Experiment

DATA = "demo:n=20,size=48,seed=3"
LEVELS = {"none": 3.5, "reference": 2.5, "sirst5k": 4.5, "noise": 3.0}  # deviations above the mean


def experiment(**changes: Any) -> Experiment:
    """Return a small experiment."""
    values: dict[str, Any] = {
        "data": DATA,
        "detectors": ("unet",),
        "arms": tuple(parse_arm(name) for name in ("none", "reference", "sirst5k")),
        "seeds": (0, 1),
        "steps": 4,
        "networks": {"unet": {"widths": [4, 8]}},
        "settings": ("augmentation.crop=32", "batch_size=4"),
    }
    return Experiment(**{**values, **changes})


def fake_training(
    patch: pytest.MonkeyPatch, fails: Callable[[str], bool] = lambda _: False
) -> list:
    """Let every training give a detector that thresholds; return what was trained."""
    from sirst5k.detectors import as_detector
    from sirst5k.training import FitReport

    made: list[str] = []

    def fit(training: Any, detector: str, out: Path, *, seed: int, **_: Any) -> FitReport:
        arm = next(name for name in LEVELS if f"/{name}/" in str(out))
        made.append(str(out))
        if fails(str(out)):
            raise RuntimeError("the sky fell")
        out.mkdir(parents=True, exist_ok=True)
        (out / "environment.json").write_text(json.dumps({"starts": [{"device": "none"}]}))
        (out / "weights").write_text(json.dumps([arm, seed]))
        rows = [
            {"step": step, "miou": step / 10, "niou": 0.1, "pd": 0.5, "fa": 1e-5, "f1": None}
            for step in (2, 4)
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (out.parent / cells.TEST_CURVE).write_text(text)
        return FitReport(out, len(training), 4, 0.4, 4, {}, 2.0, out / "weights", out / "weights")

    def load(detector: str, file: Path) -> Any:
        arm, seed = json.loads(Path(file).read_text())
        return SimpleNamespace(level=LEVELS[arm] - 0.1 * seed)

    class Thresholds:
        name, multiple, support = "fake", 1, None

        def __init__(self, level: float) -> None:
            self.level = level

        def __call__(self, batch: Any) -> Any:
            batch = np.asarray(batch, np.float32)
            mean = batch.mean(axis=(1, 2, 3), keepdims=True)
            deviation = batch.std(axis=(1, 2, 3), keepdims=True) + 1e-6
            return ((batch - mean) / deviation > self.level).astype(np.float32)

    patch.setattr(cells, "fit", fit)
    patch.setattr(cells, "load_weights", load)
    patch.setattr(cells, "_parameters", lambda *_: 7)
    patch.setattr(
        cells, "as_detector", lambda network, device: as_detector(Thresholds(network.level))
    )
    return made
