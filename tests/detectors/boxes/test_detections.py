"""From raw maps to boxes: equal to the published post-processing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from sirst5k.cells import decode_cells  # noqa: E402
from sirst5k.detectors.boxes import Detections, detections, suppress  # noqa: E402
from sirst5k.errors import ParameterError, ShapeError  # noqa: E402
from sirst5k.imaging.letterbox import Letterbox  # noqa: E402

SIDE = 512.0


@pytest.fixture(scope="module")
def published(shared: Path) -> dict[str, np.ndarray]:
    with np.load(shared / "parity-video" / "post-video.seed0.npz") as file:
        return dict(file)


def in_source_pixels(boxes: np.ndarray, height: float, width: float, stretched: bool) -> Any:
    if stretched:
        return boxes * ([width / SIDE, height / SIDE] * 2)
    return Letterbox.of((int(height), int(width)), int(SIDE)).published_boxes_out(boxes)


def test_boxes_are_the_published_ones(published: dict[str, np.ndarray]) -> None:
    cases = sorted({key.partition("/")[0] for key in published if key.endswith("params")})
    assert len(cases) == 6
    for case in cases:
        height, width, threshold, nms_iou = published[f"{case}/params"].tolist()
        both = detections([torch.from_numpy(published["raw"])], threshold, nms_iou)
        for image, found in enumerate(both):
            wanted = published[f"{case}/img{image}_tlbr"][:, [1, 0, 3, 2]]
            boxes = in_source_pixels(found.boxes, height, width, case.startswith("stretch"))
            assert len(found) == len(wanted)
            np.testing.assert_allclose(boxes, wanted, atol=1e-3)
            np.testing.assert_allclose(
                found.scores, published[f"{case}/img{image}_score"], atol=1e-6
            )


def test_decoding_is_the_published_one(published: dict[str, np.ndarray]) -> None:
    found = decode_cells(torch.from_numpy(published["raw"]), 8)[:, ::16] / SIDE
    np.testing.assert_allclose(found, published["decoded"][..., :4], atol=2e-6)


def one_box(x: float, y: float, score: float = 0.9, classes: int = 1, cell: int = 0) -> Any:
    """A 4 × 4 grid in which only one cell has something to say: a box of 8 × 8 around it."""
    raw = torch.full((1, 5 + classes, 4, 4), -30.0)
    raw[:, :4] = 0.0
    raw[0, 0, cell // 4, cell % 4], raw[0, 1, cell // 4, cell % 4] = x / 8, y / 8
    raw[0, 4, cell // 4, cell % 4] = 30.0
    raw[0, 5 + classes - 1, cell // 4, cell % 4] = float(np.log(score / (1 - score)))
    return raw


def test_a_box_by_hand() -> None:
    (found,) = detections(one_box(3, 5, classes=3, cell=6), 0.5)
    np.testing.assert_allclose(found.boxes, [[15, 9, 23, 17]], atol=1e-5)
    np.testing.assert_allclose(found.scores, [0.9], atol=1e-6)
    assert found.classes.tolist() == [2]
    assert (found.boxes.dtype, found.scores.dtype) == (np.float32, np.float32)
    assert found.classes.dtype == np.int64


def test_the_threshold_belongs_to_what_stays() -> None:
    raw = torch.zeros(1, 6, 1, 1)  # a score of exactly a quarter
    assert len(detections(raw, 0.25)[0]) == 1
    assert len(detections(raw, 0.2500001)[0]) == 0


def test_boxes_in_the_padding_are_left_out() -> None:
    raw = one_box(4, 4, cell=7)  # centre at 28, 12
    assert len(detections(raw, 0.5, shape=(16, 29))[0]) == 1
    assert len(detections(raw, 0.5, shape=(16, 28))[0]) == 0
    assert len(detections(raw, 0.5, shape=(12, 29))[0]) == 0


def test_lower_precision_and_overflow() -> None:
    raw = torch.zeros(1, 6, 2, 2)
    raw[0, 2] = 1e30
    for low in (raw, raw.double(), raw.clamp(max=1000).half()):
        (found,) = detections(low, 0.1)
        assert np.isfinite(found.boxes).all()
        assert len(found) == 2  # of two rows; those of one row lie on one another


@given(st.integers(0, 60), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_what_suppression_leaves(count: int, nms_iou: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 30, (count, 2))
    boxes = np.concatenate((corner, corner + rng.uniform(0, 20, (count, 2))), axis=1)
    scores, classes = rng.choice([0.1, 0.5, 0.9], count), rng.integers(0, 2, count)
    kept = suppress(boxes, scores, classes, nms_iou)
    assert (np.diff(scores[kept]) <= 0).all()
    stays = set(kept.tolist())
    for index in range(count):
        rivals = [k for k in kept if classes[k] == classes[index] and k != index]
        better = [k for k in rivals if (-scores[k], k) < (-scores[index], index)]
        beaten = any(iou(boxes[index], boxes[k]) > nms_iou for k in better)
        assert (index in stays) != beaten
    np.testing.assert_array_equal(suppress(boxes, scores, classes, nms_iou, 3), kept[:3])


def iou(one: np.ndarray, other: np.ndarray) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return shared / (area - shared)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: detections([], 0.5), ShapeError, "one raw map, got 0"),
        (lambda: detections(torch.zeros(6, 2, 2)), ShapeError, r"got \(6, 2, 2\)"),
        (lambda: detections(torch.zeros(1, 6, 2, 2), 1.5), ParameterError, "threshold in 0…1"),
        (lambda: detections(torch.zeros(1, 6, 2, 2), 0.5, -1), ParameterError, "nms_iou in 0…1"),
        (
            lambda: Detections(np.zeros((2, 4), np.float32), np.zeros(1), np.zeros(1)),
            ShapeError,
            "with a score and a class each",
        ),
    ],
)
def test_mistakes(call: Any, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        call()
