"""The published evaluation's figures, on the fixture that the original code made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("faster_coco_eval")

from sirst5k.metrics.boxes import DetectionEvaluator, read_published_pr, write_published_pr

FILE = Path(__file__).resolve().parents[4] / "shared" / "parity-video" / "eval-video.seed0.json"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason=f"needs the fixture {FILE}")


def corners(rows: list[dict[str, Any]]) -> np.ndarray:
    boxes = np.array([row["bbox"] for row in rows], float).reshape(-1, 4)
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def run(document: Any, profile: str) -> DetectionEvaluator:
    evaluator = DetectionEvaluator(profile)
    for image in sorted(document["ground_truth"]["images"], key=lambda one: one["id"]):
        found = [row for row in document["detections"] if row["image_id"] == image["id"]]
        real = [
            row for row in document["ground_truth"]["annotations"] if row["image_id"] == image["id"]
        ]
        evaluator.update(
            image["file_name"], corners(found), [r["score"] for r in found], None, corners(real)
        )
    return evaluator


@pytest.mark.parametrize(
    ("profile", "key"), [("published", "protocol"), ("published_all", "all_images")]
)
def test_published_figures(profile: str, key: str, tmp_path: Path) -> None:
    document = json.loads(FILE.read_text())
    expected = document["expected"][key]
    evaluator = run(document, profile)
    scores = evaluator.compute()
    assert scores.interpolated is not None
    got = {
        "AP50_95": scores.ap,
        "AP50": scores.ap50,
        "AP75": scores.ap75,
        "mean_of_101": scores.interpolated.mean(),
        "recall50": scores.recall,
        "n_precision_points": int(100 * scores.recall),
        "precision": scores.precision,
        "f1": scores.f1,
        "precision_curve": scores.interpolated,
    }
    assert got.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(got[name], value, rtol=0, atol=1e-9, err_msg=name)
    # The definitions that resampling uses are the same.
    own = evaluator.pool().figures(evaluator.confidence, True)
    for name in ("ap50", "ap", "precision", "recall", "f1", "best_f1"):
        assert own[name] == pytest.approx(getattr(scores, name), abs=1e-12)
    # The text format says the same, and only brackets what it leaves out.
    write_published_pr(tmp_path / "pr.txt", scores.interpolated)
    text = (tmp_path / "pr.txt").read_text()
    assert text.count("\t") == 100
    curve = read_published_pr(tmp_path / "pr.txt")
    assert curve.ap50 == scores.ap50
    assert curve.best_f1 == scores.best_f1
    assert curve.recall[0] <= scores.recall < curve.recall[1]
    assert curve.published_precision == pytest.approx(scores.precision, abs=1e-12)


def test_corrected_counts_empty_frames() -> None:
    document = json.loads(FILE.read_text())
    corrected, published = (run(document, p).compute() for p in ("corrected", "published"))
    assert corrected.ap50 == pytest.approx(document["expected"]["all_images"]["AP50"], abs=1e-9)
    assert corrected.frames == 60
    assert corrected.empty_frames == 11
    assert published.left_out_frames == 11
    assert published.left_out_detections == 13
    assert corrected.false_alarms_on_empty == 1
    assert corrected.f1 < published.f1  # the published one is no operating point
    assert corrected.f1 <= corrected.best_f1
