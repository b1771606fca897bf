"""Scores of boxes against what can be counted by hand, and against COCO's own code."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sirst5k.errors import DatasetError, ParameterError, ShapeError
from sirst5k.metrics.boxes import (
    BoxFrame,
    DetectionEvaluator,
    PublishedPr,
    box_iou,
    figures_of,
    match_boxes,
    read_published_pr,
)

A, B, FAR = [10, 10, 14, 14], [30, 30, 34, 34], [50, 50, 54, 54]


def frame(boxes: list, scores: list, truth: list, classes: list | None = None) -> BoxFrame:
    kinds = None if classes is None else np.array(classes)
    return BoxFrame.checked("a/1", "a", boxes, scores, kinds, truth, None)


def scene(seed: int, frames: int = 40, classes: int = 1) -> DetectionEvaluator:
    """Random detections around random targets, in four sequences."""
    rng = np.random.default_rng(seed)
    evaluator = DetectionEvaluator()
    for number in range(frames):
        low = rng.integers(0, 90, (rng.integers(0, 4), 2)).astype(float)
        truth = np.hstack([low, low + rng.integers(3, 9, low.shape)])
        near = truth[rng.random(len(truth)) < 0.8]
        near = near + rng.normal(0, 0.7, near.shape)
        low = rng.uniform(0, 90, (rng.integers(0, 3), 2))
        boxes = np.vstack([near, np.hstack([low, low + 5])])
        boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2])
        evaluator.update(
            f"s{number % 4}/{number}",
            boxes,
            np.round(rng.random(len(boxes)), 2),
            rng.integers(0, classes, len(boxes)),
            truth,
            rng.integers(0, classes, len(truth)),
        )
    return evaluator


def test_iou_of_known_boxes() -> None:
    first = np.array([[0.0, 0, 3, 3], [2, 2, 2, 2]])
    second = np.array([[0.0, 0, 3, 3], [1, 0, 4, 3], [3, 3, 6, 6], [2, 2, 2, 2]])
    assert box_iou(first, second).tolist() == [[1, 0.5, 0, 0], [0, 0, 0, 0]]


def test_each_target_is_found_once_by_the_surest() -> None:
    found = match_boxes(frame([A, A, FAR], [0.5, 0.9, 0.7], [A, B]))
    assert found.tolist() == [[0, -1, -1]]  # by falling score: 0.9, 0.7, 0.5


def test_of_equal_overlaps_the_later_target_is_taken() -> None:
    assert match_boxes(frame([A], [1], [A, A])).tolist() == [[1]]


def test_a_detection_finds_its_own_class_only() -> None:
    assert match_boxes(frame([A], [1], [A], classes=[1])).tolist() == [[-1]]


def test_iou_of_exactly_one_half_is_a_hit() -> None:
    shifted = [[1, 0, 4, 3]]
    assert match_boxes(frame(shifted, [1], [[0, 0, 3, 3]]), (0.5, 0.51)).tolist() == [[0], [-1]]


def test_operating_point_counts_false_alarms_on_empty_frames() -> None:
    evaluator = DetectionEvaluator(confidence=0.6)
    evaluator.update("a/1", [A, FAR], [0.9, 0.5], None, [A, B])
    evaluator.update("a/2", [FAR, FAR], [0.8, 0.1], None, np.zeros((0, 4)))
    pytest.importorskip("faster_coco_eval")
    scores = evaluator.compute()
    assert (scores.hits, scores.misses, scores.false_alarms) == (1, 1, 1)
    assert (scores.precision, scores.recall, scores.f1) == (0.5, 0.5, 0.5)
    assert scores.false_alarms_on_empty == 1
    assert scores.false_alarms_per_empty_frame == 1
    assert scores.false_alarms_per_frame == 0.5
    assert scores.best_f1 == pytest.approx(2 / 3)  # the first detection alone
    assert (scores.best_threshold, scores.best_precision, scores.best_recall) == (0.9, 1, 0.5)
    rows = evaluator.rows
    assert [(r.hits, r.misses, r.false_alarms) for r in rows] == [(1, 1, 0), (0, 0, 1)]


def test_a_score_of_the_confidence_reaches_it_in_float32_too() -> None:
    for dtype in (np.float32, np.float64):
        evaluator = DetectionEvaluator(confidence=0.9)
        evaluator.update("a/1", [A], np.array([0.9], dtype), None, [A])
        assert [row.hits for row in evaluator.rows] == [1]
        assert figures_of(evaluator.pool(), evaluator.reached, False)["recall"] == 1


def test_best_f1_is_the_largest_of_all_thresholds() -> None:
    evaluator = scene(0)
    curve = evaluator.curve()
    every = []
    for threshold in curve.thresholds:
        figures = figures_of(evaluator.pool(), float(threshold), False)
        every.append(figures["f1"])
    place = curve.best()
    assert place is not None
    assert curve.f1[place] == pytest.approx(max(every))
    np.testing.assert_allclose(curve.f1, every)


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_own_ap_is_that_of_coco(seed: int, classes: int) -> None:
    pytest.importorskip("faster_coco_eval")
    evaluator = scene(seed, classes=classes)
    scores, own = evaluator.compute(), figures_of(evaluator.pool(), 0.5, False)
    assert own["ap50"] == pytest.approx(scores.ap50, abs=1e-12)
    assert own["ap"] == pytest.approx(scores.ap, abs=1e-12)
    assert 0 < scores.ap < scores.ap50 < 1


def test_weights_count_sequences_as_often() -> None:
    """A resample equals an evaluation of the sequences drawn, each copy under its own name."""
    evaluator = scene(3)
    pool = evaluator.pool()
    weights = np.array([2.0, 0, 1, 3])
    drawn = DetectionEvaluator()
    for one in evaluator.frames:
        for copy in range(int(weights[pool.sequences.index(one.sequence)])):
            drawn.update(
                f"{one.name}#{copy}", one.boxes, one.scores, None, one.truth,
                sequence=f"{one.sequence}#{copy}",
            )  # fmt: skip
    got, expected = figures_of(pool, 0.5, False, weights), figures_of(drawn.pool(), 0.5, False)
    for name in expected:
        # Ties of scores between frames fall otherwise among copies: COCO's AP depends on it.
        assert got[name] == pytest.approx(expected[name], abs=5e-3), name


def test_without_targets_nothing_is_recalled() -> None:
    pytest.importorskip("faster_coco_eval")
    evaluator = DetectionEvaluator()
    evaluator.update("a/1", [A], [0.9], None, [])
    scores = evaluator.compute()
    assert math.isnan(scores.ap50)
    assert math.isnan(scores.recall)
    assert scores.false_alarms == scores.false_alarms_on_empty == 1


def test_silence_finds_nothing() -> None:
    pytest.importorskip("faster_coco_eval")
    evaluator = DetectionEvaluator()
    evaluator.update("a/1", [], [], None, [A])
    scores = evaluator.compute()
    assert (scores.ap50, scores.recall, scores.f1, scores.best_f1) == (0, 0, 0, 0)
    assert math.isnan(scores.precision)
    assert scores.misses == 1


def test_merged_evaluators_score_like_one() -> None:
    whole, first, second = scene(1), DetectionEvaluator(), DetectionEvaluator()
    for number, one in enumerate(whole.frames):
        part = first if number < 20 else second
        part.update(one.name, one.boxes, one.scores, one.classes, one.truth, one.truth_classes)
    merged = first.merge(second)
    assert figures_of(merged.pool(), 0.5, False) == figures_of(whole.pool(), 0.5, False)
    with pytest.raises(ParameterError, match="every frame once"):
        merged.merge(second)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([A], [0.9, 0.1], None, []), "1 scores"),
        (([[1, 2, 3]], [0.9], None, []), r"\(N, 4\)"),
        (([[5, 5, 3, 6]], [0.9], None, []), "x1 ≤ x2"),
        (([A], [math.nan], None, []), "finite scores"),
        (([A], [0.9], [0.5], []), "classes as integers"),
    ],
)
def test_bad_input_gets_a_sentence(arguments: tuple, sentence: str) -> None:
    with pytest.raises((ParameterError, ShapeError), match=sentence):
        DetectionEvaluator().update("a/1", *arguments)


def test_bad_settings_get_a_sentence() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'published'"):
        DetectionEvaluator("publishd")
    with pytest.raises(ParameterError, match="takes no confidence"):
        DetectionEvaluator("published", confidence=0.5)
    with pytest.raises(ParameterError, match="IoU"):
        DetectionEvaluator(iou=0)
    with pytest.raises(ParameterError, match="at least one frame"):
        DetectionEvaluator().compute()


def test_only_curves_of_101_numbers_are_read(tmp_path: Path) -> None:
    file = tmp_path / "pr.txt"
    file.write_text("\t".join(["0.5"] * 100))
    with pytest.raises(DatasetError, match="100 numbers"):
        read_published_pr(file)
    file.write_text("recall precision")
    with pytest.raises(DatasetError, match="as text"):
        read_published_pr(file)


def test_figures_of_a_published_curve() -> None:
    """Precision 1 up to a recall between 0.5 and 0.51."""
    curve = PublishedPr(np.repeat([1.0, 0.0], [51, 50]))
    assert curve.ap50 == pytest.approx(51 / 101)
    assert curve.recall == (0.5, 0.51)
    assert curve.published_precision == 1
    assert curve.best_f1 == pytest.approx(2 / 3)
