"""The albumentations transforms: the array version's pixels, in albumentations' own ways."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import make_scene

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # or it asks the network for its newest version
A = pytest.importorskip("albumentations")

import sirst5k.transforms.albumentations as hosted  # noqa: E402
from sirst5k import transforms as arrays  # noqa: E402
from sirst5k.errors import NoiseError, ParameterError, ShapeError  # noqa: E402
from sirst5k.noise import NoiseBank  # noqa: E402

BANK = "demo:n=4"
ROOT = Path(__file__).resolve().parents[2]
ALL = {
    "NoiseDisplacement": lambda **kw: hosted.NoiseDisplacement(BANK, **kw),
    "NegativeRotation": lambda **kw: hosted.NegativeRotation(symmetries=(1, 2, 3, 5), **kw),
    "TargetPaste": lambda **kw: hosted.TargetPaste(**kw),
    "ClutterDecoys": lambda **kw: hosted.ClutterDecoys(count_range=(1, 3), **kw),
}
BOXES = {"format": "pascal_voc", "label_fields": ["labels"]}


@pytest.fixture(scope="module")
def scene() -> tuple[Any, Any]:
    return make_scene(np.random.default_rng(3), (64, 80))


def drawn_of(replay: dict[str, Any]) -> dict[str, Any]:
    drawn: dict[str, Any] = replay["transforms"][0]["params"]["drawn"]
    return drawn


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_same_pixels_as_the_array_version(scene: Any, name: str, dtype: str) -> None:
    image, mask = scene
    image = image if dtype == "uint8" else (image / 255).astype(np.float32)
    transform = ALL[name](p=1.0)
    result = A.ReplayCompose([transform])(image=image, mask=mask.astype(np.uint8) * 255)
    expected, moved = transform.operation.apply(image, mask, drawn_of(result["replay"]))
    np.testing.assert_array_equal(result["image"], expected)
    np.testing.assert_array_equal(result["mask"], moved.astype(np.uint8) * 255)
    assert (result["image"] != image).any()


@pytest.mark.parametrize("name", ALL)
def test_replay_gives_the_same_pixels_from_json(scene: Any, name: str) -> None:
    image, mask = scene
    data = {"image": image, "mask": mask.astype(np.uint8)}
    first = A.ReplayCompose([A.HorizontalFlip(p=1.0), ALL[name](p=1.0)])(**data)
    text = json.dumps(first["replay"])
    assert len(text) < 4000  # seeds and windows, no arrays
    again = A.ReplayCompose.replay(json.loads(text), **data)
    np.testing.assert_array_equal(again["image"], first["image"])
    np.testing.assert_array_equal(again["mask"], first["mask"])


@pytest.mark.parametrize("name", ALL)
def test_seed_of_the_host_reproduces(scene: Any, name: str) -> None:
    image, mask = scene
    runs = []
    for seed in (1, 1, 2):
        pipeline = A.Compose([ALL[name](p=0.9)], seed=seed, strict=True)
        runs.append([pipeline(image=image, mask=mask)["image"] for _ in range(5)])
    assert all(np.array_equal(*pair) for pair in zip(runs[0], runs[1], strict=True))
    assert not all(np.array_equal(*pair) for pair in zip(runs[0], runs[2], strict=True))


def test_p_is_the_hosts(scene: Any) -> None:
    image, mask = scene
    never = A.Compose([hosted.NoiseDisplacement(BANK, p=0.0)])
    assert (never(image=image, mask=mask)["image"] == image).all()
    some = A.Compose([hosted.NoiseDisplacement(BANK, p=0.3)], seed=0)
    changed = sum((some(image=image)["image"] != image).any() for _ in range(100))
    assert 15 < changed < 45


@pytest.mark.parametrize("name", ALL)
def test_written_down_and_read_again(scene: Any, name: str, tmp_path: Path) -> None:
    image, mask = scene
    pipeline = A.Compose([ALL[name](p=0.7)], seed=5)
    A.save(pipeline, tmp_path / "it.yaml", data_format="yaml")
    for again in (
        A.from_dict(json.loads(json.dumps(A.to_dict(pipeline)))),
        A.load(tmp_path / "it.yaml", data_format="yaml"),
        pickle.loads(pickle.dumps(pipeline)),
    ):
        assert A.to_dict(again) == A.to_dict(pipeline)
        again.set_random_seed(5)
        pipeline.set_random_seed(5)
        data = {"image": image, "mask": mask}
        np.testing.assert_array_equal(again(**data)["image"], pipeline(**data)["image"])


def test_document_holds_the_bank_as_it_was_named(tmp_path: Path) -> None:
    bank = hosted.NoiseDisplacement(BANK).operation.bank
    bank.save(tmp_path / "noise.npz")
    by_path = hosted.NoiseDisplacement(tmp_path / "noise.npz", "mixup", weight_range=(0.1, 0.2))
    document = A.to_dict(by_path)["transform"]
    assert document["bank"] == str(tmp_path / "noise.npz")
    assert document["weight_range"] == [0.1, 0.2]
    assert A.from_dict({"transform": document}).operation.weight_range == (0.1, 0.2)


def test_bank_object_is_found_again_while_it_lives(scene: Any) -> None:
    image, mask = scene
    named = hosted.NoiseDisplacement(BANK).operation.bank
    bank = NoiseBank.from_windows(named.windows[:3])
    pipeline = A.ReplayCompose([hosted.NoiseDisplacement(bank, p=1.0)])
    first = pipeline(image=image, mask=mask)
    again = A.ReplayCompose.replay(first["replay"], image=image, mask=mask)
    np.testing.assert_array_equal(again["image"], first["image"])
    document = A.to_dict(pipeline)
    document["transform"]["transforms"][0]["bank"]["sha256"] = "another"
    with pytest.raises(NoiseError, match="Save the bank to a file"):
        A.from_dict(document)


@pytest.mark.parametrize("name", ["NegativeRotation", "TargetPaste"])
def test_masks_boxes_and_labels_follow(scene: Any, name: str) -> None:
    image = scene[0].copy()
    labels = np.zeros((64, 80), np.uint8)
    labels[20:22, 30:35], labels[45:49, 60:62] = 7, 9
    image[labels > 0] = 230
    pipeline = A.ReplayCompose([ALL[name](p=1.0)], bbox_params=A.BboxParams(**BOXES))
    boxes = [(30, 20, 35, 22), (60, 45, 62, 49)]
    given = {"image": image, "mask": labels, "bboxes": boxes, "labels": ["a", "b"]}
    for _ in range(8):
        result = pipeline(**given, masks=[labels == 7, labels == 9])
        assert len(result["bboxes"]) == len(result["labels"]) >= 2
        for box, label in zip(result["bboxes"], result["labels"], strict=True):
            x1, y1, x2, y2 = (round(float(part)) for part in box)
            assert (result["mask"][y1:y2, x1:x2] == {"a": 7, "b": 9}[label]).all()
        for value, mask in zip((7, 9), result["masks"], strict=True):
            np.testing.assert_array_equal(mask, result["mask"] == value)
        if name == "TargetPaste":
            assert len(result["bboxes"]) > 2


@pytest.mark.parametrize("symmetry", range(8))
def test_keypoints_turn_as_the_hosts_own_do(symmetry: int) -> None:
    functional = import_module("albumentations.augmentations.geometric.functional")
    image = np.random.default_rng(0).integers(0, 99, (33, 33)).astype(np.uint8)
    mask = np.zeros((33, 33), np.uint8)
    mask[14:19, 14:19] = 1  # its window is 11 by 11 and begins at 11
    params = A.KeypointParams(format="xya", angle_in_degrees=True, remove_invisible=False)
    turn = hosted.NegativeRotation(symmetries=[symmetry], margin=3, p=1.0)
    points = np.array([[13.0, 12.0, 30.0], [16.0, 16.0, 200.0], [2.0, 3.0, 10.0]])
    result = A.Compose([turn], keypoint_params=params, seed=0)(
        image=image, mask=mask, keypoints=points
    )
    x, y, angle = points[:2].T
    own = np.column_stack([x - 11, y - 11, 0 * x, np.radians(angle), 0 * x])
    if symmetry >= 4:
        own = functional.keypoints_hflip(own, 11)
    own = functional.keypoints_rot90(own, symmetry % 4, (11, 11))
    expected = np.column_stack([own[:, 0] + 11, own[:, 1] + 11, np.degrees(own[:, 3])])
    np.testing.assert_allclose(result["keypoints"][:2], expected, atol=1e-3)
    np.testing.assert_allclose(result["keypoints"][2], points[2], atol=1e-4)


def test_channels_and_frames(scene: Any) -> None:
    image, mask = scene
    three = np.repeat(image[:, :, None], 3, axis=2)
    pipeline = A.Compose([hosted.from_recipe("sirst5k", BANK)], seed=0)
    flat, one, many = (
        (pipeline.set_random_seed(0), pipeline(image=part, mask=mask[..., None] * 1.0))[1]
        for part in (image, three[:, :, :1], three)
    )
    assert flat["image"].shape == (64, 80)
    assert one["image"].shape == (64, 80, 1)
    assert flat["mask"].shape == (64, 80, 1)
    for channel in range(3):
        np.testing.assert_array_equal(many["image"][:, :, channel], flat["image"])
    pipeline.set_random_seed(0)
    frames = pipeline(image=image, images=[image, image], masks=[mask])
    np.testing.assert_array_equal(frames["images"][1], flat["image"])
    np.testing.assert_array_equal(frames["masks"][0], flat["mask"][..., 0] > 0)


def test_further_images_and_masks_get_the_same_change(scene: Any) -> None:
    image, mask = scene
    turn = hosted.NegativeRotation(symmetries=[1], p=1.0)
    pipeline = A.ReplayCompose([turn], additional_targets={"far": "image", "soft": "mask"})
    frames = np.stack([image, image // 2])
    result = pipeline(image=image, far=255 - image, images=frames, mask=mask, soft=mask * 0.5)
    others = [255 - image, image, image // 2]
    drawn = drawn_of(result["replay"])
    expected = turn.operation.apply(image, mask, drawn, images=others)["images"]
    np.testing.assert_array_equal(result["far"], expected[0])
    np.testing.assert_array_equal(result["images"], expected[1:])
    np.testing.assert_array_equal(result["soft"], result["mask"] * 0.5)
    assert (result["far"] != 255 - image).any()


def test_recipe_does_what_the_array_recipe_does(scene: Any) -> None:
    image, mask = scene
    pipeline = A.ReplayCompose([hosted.from_recipe("sirst5k", BANK)])
    result = pipeline(image=image, mask=mask)
    parts = result["replay"]["transforms"][0]["transforms"]
    recorded = [part["params"]["drawn"] for part in parts]
    expected, moved = arrays.replay(image, mask, recorded, bank=BANK)
    np.testing.assert_array_equal(result["image"], expected)
    np.testing.assert_array_equal(result["mask"], moved)
    bank = hosted.NoiseDisplacement(BANK).operation.bank
    assert len(hosted.from_recipe("sirst5k", bank, p=0.4).transforms) == len(parts)


def test_image_without_targets_stays(scene: Any) -> None:
    image, mask = scene
    for data in ({"mask": mask & False}, {"masks": []}):
        result = A.Compose([hosted.NegativeRotation(p=1.0), hosted.TargetPaste(p=1.0)])(
            image=image, **data
        )
        np.testing.assert_array_equal(result["image"], image)


def test_what_is_refused(scene: Any) -> None:
    image, mask = scene
    turn = A.Compose([hosted.NegativeRotation(p=1.0)], is_check_shapes=False)
    with pytest.raises(ShapeError, match="expected mask= or masks="):
        turn(image=image)
    with pytest.raises(ShapeError, match="2 that differ"):
        turn(image=np.stack([image, image + 1], axis=2), mask=mask)
    with pytest.raises(ShapeError, match="image's shape"):
        turn(image=image, mask=mask[:-1])
    with pytest.raises(ShapeError, match="images="):
        turn(volume=image[None], mask=mask)
    with pytest.raises(ParameterError, match="probability"):
        hosted.NegativeRotation(p=1.5)
    with pytest.raises(ParameterError, match="adaptive"):
        hosted.NegativeRotation("adptive")
    with pytest.raises(NoiseError, match="noise bank"):
        hosted.NoiseDisplacement(7)
    with pytest.raises(ValueError, match="bank"):
        hosted.NoiseDisplacement()
    with pytest.warns(UserWarning, match="seam_width"):  # as all of the host's do
        hosted.NegativeRotation(seam_width=3)


def test_parameters_of_another_image_are_refused(scene: Any) -> None:
    image, mask = scene
    replay = A.ReplayCompose([hosted.NegativeRotation(p=1.0)])(image=image, mask=mask)["replay"]
    with pytest.raises(ParameterError, match="Draw"):
        A.ReplayCompose.replay(replay, image=image[:9, :9], mask=mask[:9, :9])
    with pytest.raises(ShapeError, match="expected image="):
        A.ReplayCompose.replay(replay, mask=mask)


def test_example_runs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", ROOT / "examples" / "augment_albumentations.py", "1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("replayed: True\n")
    assert list(tmp_path.iterdir()) == []
