"""What a training says in a log file."""

from __future__ import annotations

import math

import pytest

from sirst5k_cli.training_bar import TrainingBar


def test_what_is_not_known_yet_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    bar = TrainingBar(quiet=False)
    observe = bar.started(3, 0, 4)
    observe({"step": 3, "loss": math.nan, "iou": math.nan})
    observe({"step": 3, "loss": 0.5, "iou": math.nan, "val": 0.25})
    first, second = capsys.readouterr().err.splitlines()
    assert "nan" not in first + second
    assert first.startswith("step 3/3  ")
    assert "images/s" in first
    assert second.startswith("step 3/3  loss 0.5000, held out 0.250, ")
