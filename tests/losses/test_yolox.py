"""The loss of the video networks: equal to the published one, and safe where that is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sirst5k.errors import ParameterError, ShapeError  # noqa: E402
from sirst5k.losses import YOLOXLoss  # noqa: E402
from sirst5k.losses.box_overlap import BOX_LOSSES  # noqa: E402
from sirst5k.losses.targets import gather_targets  # noqa: E402

CASES = ("zero", "one", "three", "tiny", "batch")


@pytest.fixture(scope="module")
def published(shared: Path) -> dict[str, np.ndarray]:
    with np.load(shared / "parity-video" / "losses-video.seed0.npz") as file:
        return dict(file)


def case_of(published: dict[str, np.ndarray], name: str) -> tuple[Any, list[Any], list[Any]]:
    """Raw map, boxes and classes of each image."""
    raw = torch.from_numpy(published[f"{name}/raw"])
    counts = published[f"{name}/boxes_per_image"].tolist()
    each = torch.from_numpy(published[f"{name}/boxes"]).split(counts)
    return raw, [rows[:, :4] for rows in each], [rows[:, 4].long() for rows in each]


@pytest.mark.parametrize("name", CASES)
def test_loss_and_gradient_are_the_published_ones(
    published: dict[str, np.ndarray], name: str
) -> None:
    raw, boxes, classes = case_of(published, name)
    before = raw.clone()
    parts = YOLOXLoss()([raw.requires_grad_()], boxes, classes)
    parts.total.backward()
    found = parts.to_dict()
    share = max(1, found["foreground"])
    assert share == published[f"{name}/num_fg"]
    assert found["total"] == pytest.approx(float(published[f"{name}/total"]), rel=1e-5)
    for ours, theirs in (("box", "iou"), ("objectness", "obj"), ("classification", "cls")):
        wanted = float(published[f"{name}/sum_{theirs}"])
        assert found[ours] * share == pytest.approx(wanted, rel=1e-5, abs=1e-5)
    wanted = published[f"{name}/grad_raw"]
    assert np.abs(raw.grad.numpy() - wanted).max() <= 1e-5 * np.abs(wanted).max()
    assert torch.equal(raw.detach(), before)  # the published loss decodes in place


@pytest.mark.parametrize("name", CASES)
def test_assignment_is_the_published_one(published: dict[str, np.ndarray], name: str) -> None:
    raw, boxes, classes = case_of(published, name)
    found = YOLOXLoss().assign(raw, gather_targets(raw, boxes, classes))
    counts = [len(image) for image in boxes]
    np.testing.assert_array_equal(found.foreground, published[f"{name}/fg_mask"])
    matched = torch.where(found.foreground, found.target, -1)
    np.testing.assert_array_equal(matched, published[f"{name}/matched_gt"])
    np.testing.assert_allclose(found.iou, published[f"{name}/matched_iou"], atol=1e-6)
    candidates = published[f"{name}/candidate_mask"]
    np.testing.assert_array_equal(found.candidates, candidates)
    wanted = [number for image, n in enumerate(counts) for number in found.wanted[image, :n]]
    assert wanted == published[f"{name}/dynamic_k"].tolist()
    for image, count in enumerate(counts):
        if count:
            some = candidates[image]
            cost, overlap = found.cost[image, :count, some], found.overlap[image, :count, some]
            np.testing.assert_allclose(cost, published[f"{name}/cost_{image}"], atol=1e-2)
            np.testing.assert_allclose(overlap, published[f"{name}/iou_{image}"], atol=1e-6)


@pytest.mark.parametrize("name", sorted(BOX_LOSSES))
def test_box_losses_are_the_published_ones(published: dict[str, np.ndarray], name: str) -> None:
    boxes, others = (torch.from_numpy(published[f"boxloss/{k}"]) for k in ("pred", "target"))
    found = BOX_LOSSES[name](boxes, others)
    np.testing.assert_allclose(found, published[f"boxloss/{name}"], atol=1e-6)


def random_batch(seed: int = 0, classes: int = 1) -> tuple[Any, list[Any], list[Any]]:
    generator = torch.Generator().manual_seed(seed)
    raw = torch.randn(3, 5 + classes, 6, 9, generator=generator)
    boxes = [torch.rand(n, 4, generator=generator) * 40 + 2 for n in (4, 0, 1)]
    kinds = [torch.arange(len(image)) % classes for image in boxes]
    return raw, boxes, kinds


def test_double_precision_agrees() -> None:
    raw, boxes, kinds = random_batch()
    single, double = (YOLOXLoss()([x], boxes, kinds).total for x in (raw, raw.double()))
    assert double.dtype == torch.float64
    assert float(single) == pytest.approx(float(double), rel=1e-5)
    assert YOLOXLoss()([raw.bfloat16()], boxes, kinds).total.dtype == torch.float32


@pytest.mark.parametrize("classes", [1, 3])
def test_a_batch_is_the_sum_of_its_images(classes: int) -> None:
    raw, boxes, kinds = random_batch(classes=classes)
    loss = YOLOXLoss()
    whole = loss([raw], boxes, kinds)
    each = [loss([raw[i : i + 1]], boxes[i : i + 1], kinds[i : i + 1]) for i in range(3)]
    total = sum(float(part.total) * max(1, int(part.foreground)) for part in each)
    assert int(whole.foreground) == sum(int(part.foreground) for part in each)
    assert float(whole.total) * int(whole.foreground) == pytest.approx(total, rel=1e-5)


def test_a_padded_tensor_is_a_list() -> None:
    raw, boxes, kinds = random_batch(classes=2)
    counts = torch.tensor([len(image) for image in boxes])
    padded = torch.nn.utils.rnn.pad_sequence(boxes, batch_first=True, padding_value=7.0)
    padded_kinds = torch.nn.utils.rnn.pad_sequence(kinds, batch_first=True)
    wanted = YOLOXLoss()([raw], boxes, kinds).total
    assert torch.equal(YOLOXLoss()(raw, padded, padded_kinds, counts=counts).total, wanted)


def test_the_class_of_a_target_matters() -> None:
    raw = torch.zeros(1, 8, 8, 8)
    raw[:, 6] = 5.0  # every cell is sure of class 1
    box = [torch.tensor([[20.0, 20.0, 16.0, 16.0]])]
    right, wrong = (YOLOXLoss()([raw], box, [torch.tensor([kind])]) for kind in (1, 0))
    assert float(right.classification) < float(wrong.classification)


@pytest.mark.parametrize(
    "box",
    [
        [3.0, 3.0, 0.5, 0.5],
        [0.0, 0.0, 1e-6, 1e-6],
        [10.0, 10.0, 0.0, 0.0],
        [500.0, 500.0, 8.0, 8.0],  # beside the frame, where the published code stops
        [20.0, 20.0, 1e4, 1e4],
    ],
)
@pytest.mark.parametrize("level", [0.0, 90.0, -90.0, 1e4])
def test_strange_targets_and_predictions_are_safe(box: list[float], level: float) -> None:
    raw = torch.full((1, 6, 4, 4), level, requires_grad=True)
    parts = YOLOXLoss()([raw], [torch.tensor([box])])
    parts.total.backward()
    assert torch.isfinite(parts.total)
    assert torch.isfinite(raw.grad).all()
    assert bool(parts.foreground) == (box[0] < 500)


def test_frames_without_targets() -> None:
    raw = torch.zeros(2, 6, 4, 4, requires_grad=True)
    parts = YOLOXLoss()([raw], [torch.zeros(0), torch.zeros(0, 4)])
    parts.total.backward()
    said = parts.to_dict()
    assert said["total"] == pytest.approx(2 * 16 * np.log(2))
    assert said["box"] == said["classification"] == 0.0
    assert torch.equal(raw.grad[:, 4], torch.full((2, 4, 4), 0.5))
    assert not raw.grad[:, [0, 1, 2, 3, 5]].any()


def test_the_motion_term_is_added() -> None:
    raw, boxes, kinds = random_batch()
    motion = {"motion": torch.tensor(3.0)}
    without, with_it = (
        YOLOXLoss()(raw, boxes),
        YOLOXLoss(motion_weight=0.5)(raw, boxes, None, motion),
    )
    assert float(with_it.total) == pytest.approx(float(without.total) + 1.5, rel=1e-6)
    assert float(with_it.motion) == 3.0
    with pytest.raises(ParameterError, match="no extra term but motion, got 'flow'"):
        YOLOXLoss()(raw, boxes, None, {"flow": torch.tensor(1.0)})


def test_compiles_as_one_graph() -> None:
    raw, boxes, kinds = random_batch()
    targets = gather_targets(raw, boxes, kinds)
    loss = YOLOXLoss()
    torch.compiler.reset()
    graph = torch.compile(loss.assign, fullgraph=True, backend="eager")
    for one, other in zip(graph(raw, targets), loss.assign(raw, targets), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (([], []), ShapeError, "one raw map .* got 0 maps"),
        ((torch.zeros(1, 5, 2, 2), [torch.zeros(0)]), ShapeError, r"got \(1, 5, 2, 2\)"),
        ((torch.zeros(2, 6, 2, 2), [torch.zeros(0)]), ShapeError, "each of 2 images, got 1"),
        ((torch.zeros(1, 6, 2, 2), [torch.ones(2, 5)]), ShapeError, "Classes go apart"),
        (
            (torch.zeros(1, 6, 2, 2), [torch.ones(2, 4)], [torch.zeros(1)]),
            ShapeError,
            "2 classes, one a box, got 1",
        ),
        (
            (torch.zeros(1, 6, 2, 2), [torch.ones(1, 4)], [torch.ones(1)]),
            ParameterError,
            "classes from 0 to 0, .* got 1",
        ),
    ],
)
def test_mistakes(arguments: tuple[Any, ...], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        YOLOXLoss()(*arguments)


def test_wrong_parameters() -> None:
    with pytest.raises(ParameterError, match="no box loss 'diou'"):
        YOLOXLoss(box="diou")
    with pytest.raises(ParameterError, match="motion_weight"):
        YOLOXLoss(motion_weight=-1)
    assert repr(YOLOXLoss()) == (
        "YOLOXLoss(stride=8, box_weight=5.0, motion_weight=1.0, box='iou')"
    )
