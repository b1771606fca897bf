"""What the evaluator says, keeps, and refuses."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from sirst5k.errors import ParameterError, ShapeError
from sirst5k.metrics import (
    PROFILES,
    Evaluator,
    detection_rates,
    get_profile,
    match_targets,
    mean_sample_iou,
    pd_fa_curve,
    pixel_iou,
    roc_curve,
)

LOGITS = np.full((2, 1, 16, 16), -4, np.float32)
MASKS = np.zeros((2, 1, 16, 16), bool)
LOGITS[0, 0, 3:5, 3:5] = LOGITS[1, 0, 9, 9] = 4
MASKS[0, 0, 3:5, 3:5] = True
PROB = np.where(LOGITS > 0, 0.9, 0.1)
SMALL = MASKS[:, :, :8]


def bad(place: tuple[int, ...], value: float, of: np.ndarray = LOGITS) -> np.ndarray:
    array = of.astype(np.float32)
    array[place] = value
    return array


@pytest.mark.parametrize(
    ("inputs", "scores", "masks", "error", "words"),
    [
        ("logits", LOGITS, SMALL, ShapeError, "one shape"),
        ("logits", LOGITS, MASKS[:1], ShapeError, "one shape"),
        ("logits", np.zeros((2, 3, 16, 16)), MASKS, ShapeError, "one channel"),
        ("logits", np.zeros(16), MASKS, ShapeError, "one channel"),
        ("logits", np.zeros((1, 1, 0, 4)), np.zeros((1, 1, 0, 4)), ShapeError, "with pixels"),
        ("logits", LOGITS.astype(complex), MASKS, ShapeError, "real numbers"),
        ("logits", bad((1, 0, 2, 2), math.nan), MASKS, ParameterError, "image 1.*NaN in 1 of"),
        ("prob", LOGITS, MASKS, ParameterError, "inputs='logits'"),
        ("prob", bad((0, 0, 0, 0), 255, PROB), MASKS, ParameterError, "divide grey levels"),
        ("prob", PROB, bad((0, 0, 0, 0), 7, MASKS), ShapeError, "mask > 0"),
        ("prob", PROB, bad((0, 0, 0, 0), -1, MASKS), ShapeError, "mask > 0"),
        ("prob", PROB, bad((0, 0, 0, 0), math.nan, MASKS), ShapeError, "mask > 0"),
        ("prob", PROB, MASKS.astype(np.uint8) * 3, ShapeError, "numbered targets"),
        ("prob", PROB, MASKS.astype(str), ShapeError, "bool or numbers"),
    ],
)
def test_bad_batches_leave_nothing_behind(
    inputs: str, scores: Any, masks: Any, error: type[Exception], words: str
) -> None:
    evaluator = Evaluator(inputs=inputs)
    with pytest.raises(error, match=words) as caught:
        evaluator.update(scores, masks)
    assert "\n" not in str(caught.value)
    assert evaluator.images == 0
    assert evaluator.compute().pixels == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"profile": "dnanett"}, "Did you mean 'dnanet'"),
        ({"profile": "zzz"}, "Known: basicirstd"),
        ({"inputs": "sigmoid"}, "'logits' or 'prob'"),
        ({"distance": 0}, "above 0"),
        ({"distance": math.nan}, "above 0"),
        ({"empty": "two"}, "'one', 'skip' or 'zero'"),
        ({"threshold": 1.5}, "0…1"),
        ({"thresholds": [0.1, math.nan]}, "0…1"),
        ({"thresholds": 0}, "at least 1"),
        ({"profile": "mshnet", "threshold": 0.4}, "fixes its threshold"),
        ({"profile": "mshnet", "thresholds": [0.4]}, "number of steps"),
        ({"profile": "basicirstd", "thresholds": 10}, "thresholds of its own"),
    ],
)
def test_bad_options(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words) as caught:
        Evaluator(**options)
    assert "\n" not in str(caught.value)


def test_bad_names_images_and_merges() -> None:
    evaluator = Evaluator()
    with pytest.raises(ShapeError, match="name for each of the 2"):
        evaluator.update(LOGITS, MASKS, names=["a"])
    with pytest.raises(ShapeError, match="images and masks"):
        evaluator.update(LOGITS, MASKS, images=np.zeros((1, 1, 16, 16), np.uint8))
    with pytest.raises(ShapeError, match="uint8, uint16 or float32"):
        evaluator.update(LOGITS, MASKS, images=np.zeros((2, 1, 16, 16), np.int64))
    with pytest.raises(ParameterError, match="equal settings"):
        evaluator.merge(Evaluator(distance=5))
    assert evaluator.images == 0


@pytest.mark.parametrize("function", [pixel_iou, mean_sample_iou, detection_rates])
def test_functions_refuse_what_is_not_binary(function: Any) -> None:
    with pytest.raises(ShapeError, match="binary predictions.*0.1"):
        function(PROB, MASKS)
    with pytest.raises(ShapeError, match="binary masks.*254"):
        function(MASKS, np.where(MASKS, 254, 0))
    with pytest.raises(ShapeError, match="one shape"):
        function(MASKS, SMALL)
    with pytest.raises(ShapeError, match="real|bool"):
        function(MASKS.astype(str), MASKS)
    as_grey = np.where(MASKS, 255, 0).astype(np.uint8)
    assert function(as_grey, MASKS) == function(MASKS, MASKS)


def test_other_functions_refuse() -> None:
    with pytest.raises(ShapeError, match="one image"):
        match_targets(MASKS, MASKS)
    with pytest.raises(ParameterError, match="above 0"):
        detection_rates(MASKS, MASKS, distance=-1)
    with pytest.raises(ParameterError, match="0…1"):
        pd_fa_curve(LOGITS, MASKS, [2.0])
    with pytest.raises(ParameterError, match="NaN"):
        roc_curve(bad((0, 0, 0, 0), math.nan), MASKS)
    with pytest.raises(ParameterError, match="Did you mean"):
        get_profile("corected")


def test_results_say_what_they_are() -> None:
    evaluator = Evaluator(per_image=True)
    evaluator.update(LOGITS, MASKS, names=["sky", "sea"])
    scores = evaluator.compute()
    assert scores.pd == 1
    assert scores.fa == 1 / 512
    assert scores.niou == 0.5
    assert scores.false_targets_per_image == 0.5
    assert scores.empty_masks == 1
    text = str(scores)
    assert "1 of 1 targets" in text
    assert "1953.125 × 1e-6" in text
    assert [row.name for row in evaluator.rows] == ["sky", "sea"]
    assert evaluator.rows[0].to_dict()["found"] == "1"
    assert "2 images" in repr(evaluator)
    document = json.loads(scores.to_json(curves=True))
    assert document["scr_gain"] is None
    assert document["pd_fa"]["pd"][5] == 1
    assert set(document["roc"]) >= {"fpr", "tpr", "thresholds", "auc"}
    plain = scores.to_dict()
    assert {"miou", "niou", "pd", "fa", "precision", "recall", "f1", "auc"} <= plain.keys()
    assert all(isinstance(v, (int, float, str, list, dict)) for v in plain.values())
    assert str(scores.roc).startswith("ROC: AUC")
    assert str(scores.pr).startswith("PR: AP")


def test_nothing_at_all() -> None:
    for name in PROFILES:
        scores = Evaluator(name).compute()
        assert scores.images == 0
        assert math.isnan(scores.pd)
        json.loads(scores.to_json(curves=True))
        assert str(scores)


def test_rows_are_kept_only_when_asked_for() -> None:
    seen = []
    evaluator = Evaluator("dnanet", on_image=seen.append)
    evaluator.update(LOGITS, MASKS)
    assert evaluator.rows == []
    assert [row.hits for row in seen] == [1, 0]
    assert [row.targets for row in seen] == [1, 0]


def test_memory_does_not_grow() -> None:
    """What is pickled is what is kept; beyond the exact scores it stays the same."""
    import pickle

    evaluator = Evaluator()
    evaluator._state.histogram.limit = 1000  # type: ignore[attr-defined]
    sizes = []
    for count in (50, 500):
        for _ in range(count):
            evaluator.update(LOGITS, MASKS)
        sizes.append(len(pickle.dumps(evaluator)))
    assert sizes[1] < 1.05 * sizes[0]


@pytest.mark.parametrize(("empty", "niou"), [("one", 1.0), ("skip", 1.0), ("zero", 0.5)])
def test_empty_images(empty: Any, niou: float) -> None:
    evaluator = Evaluator(empty=empty)
    evaluator.update(np.where(MASKS, 4, -4), MASKS)
    assert evaluator.compute().niou == niou


def test_grey_masks_are_counted() -> None:
    mask = np.zeros((16, 16), np.uint8)
    mask[2:4, 2:4] = 255
    mask[5, 5:8] = 200, 128, 100
    evaluator = Evaluator()
    evaluator.update(np.where(mask > 127, 4, -4), mask)
    scores = evaluator.compute()
    assert scores.grey_pixels == 3
    assert scores.miou == 1


def test_published_codes_say_what_differs() -> None:
    evaluator = Evaluator("dnanet", inputs="prob")
    evaluator.update(PROB, MASKS)
    notes = " ".join(evaluator.compute().notes)
    assert "256×256" in notes
    assert "fed logits" in notes


def test_needs_no_torch() -> None:
    code = "import sys, sirst5k.metrics; assert not {'torch', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
