"""The torchvision transforms: the array version's pixels, on tensors and tv_tensors.

Run against stand-ins for v2's base class, of before and since torchvision 0.21, and against
torchvision where it is installed.
"""

from __future__ import annotations

import enum
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tiny import make_scene

torch = pytest.importorskip("torch")

from torch.utils._pytree import tree_flatten, tree_unflatten  # noqa: E402

import sirst5k.transforms as arrays  # noqa: E402
from sirst5k.errors import MissingDependencyError, ParameterError, ShapeError  # noqa: E402

BANK = "demo:n=4"
ROOT = Path(__file__).resolve().parents[2]
ADAPTER = "sirst5k.transforms.torchvision"


class TVTensor(torch.Tensor):
    __torch_function__ = torch._C._disabled_torch_function_impl


class Image(TVTensor):
    def __new__(cls, data: Any) -> Any:
        return torch.as_tensor(data).as_subclass(cls)


class Mask(Image):
    pass


class Video(TVTensor):
    pass


class BoundingBoxFormat(enum.Enum):
    XYXY = "XYXY"
    XYWH = "XYWH"
    CXCYWH = "CXCYWH"
    XYWHR = "XYWHR"


class BoundingBoxes(TVTensor):
    def __new__(cls, data: Any, *, format: Any, canvas_size: Any) -> Any:
        made = torch.as_tensor(data).as_subclass(cls)
        made.format = BoundingBoxFormat[format] if isinstance(format, str) else format
        made.canvas_size = canvas_size
        return made


def wrap(wrappee: Any, *, like: Any) -> Any:
    if isinstance(like, BoundingBoxes):
        return BoundingBoxes(wrappee, format=like.format, canvas_size=like.canvas_size)
    return wrappee.as_subclass(type(like))


class Transform(torch.nn.Module):
    """v2's dispatch: params of all inputs, then one input after the other."""

    draw, change = "make_params", "transform"

    def forward(self, *inputs: Any) -> Any:
        parts, spec = tree_flatten(inputs if len(inputs) > 1 else inputs[0])
        plain_is_image = not any(
            isinstance(part, Image) and not isinstance(part, Mask) for part in parts
        )
        taken = []
        for part in parts:
            plain = isinstance(part, torch.Tensor) and not isinstance(part, TVTensor)
            taken.append(isinstance(part, torch.Tensor) and (not plain or plain_is_image))
            plain_is_image = plain_is_image and not plain
        params = getattr(self, self.draw)([p for p, take in zip(parts, taken, strict=True) if take])
        change = getattr(self, self.change)
        done = [change(p, params) if t else p for p, t in zip(parts, taken, strict=True)]
        return tree_unflatten(done, spec)


class OldTransform(Transform):
    draw, change = "_get_params", "_transform"


class Compose(torch.nn.Module):
    def __init__(self, transforms: Any) -> None:
        super().__init__()
        self.transforms = transforms

    def forward(self, *inputs: Any) -> Any:
        for transform in self.transforms:
            inputs = transform(*inputs)
        return inputs


class RandomApply(Compose):
    def __init__(self, transforms: Any, p: float) -> None:
        super().__init__(transforms)
        self.p = p

    def forward(self, *inputs: Any) -> Any:
        return super().forward(*inputs) if torch.rand(1) < self.p else inputs


def stand_in(base: type) -> dict[str, ModuleType]:
    modules = {
        name: ModuleType(name)
        for name in (
            "torchvision",
            "torchvision.transforms",
            "torchvision.transforms.v2",
            "torchvision.tv_tensors",
        )
    }
    v2, tv_tensors = modules["torchvision.transforms.v2"], modules["torchvision.tv_tensors"]
    v2.__dict__.update(Transform=base, Compose=Compose, RandomApply=RandomApply)
    for part in (TVTensor, Image, Mask, Video, BoundingBoxes, BoundingBoxFormat, wrap):
        setattr(tv_tensors, part.__name__, part)
    return modules


@pytest.fixture(params=["since 0.21", "before 0.21", "installed"])
def host(request: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The adapter on one of the hosts, and the host's tensors; nothing of it stays."""
    if request.param == "installed":
        pytest.importorskip("torchvision")
    else:
        base = Transform if request.param == "since 0.21" else OldTransform
        for name, module in stand_in(base).items():
            monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, ADAPTER, raising=False)
    monkeypatch.delitem(vars(arrays), "torchvision", raising=False)
    yield SimpleNamespace(
        of=arrays.torchvision,
        tv=sys.modules["torchvision.tv_tensors"],
        v2=sys.modules["torchvision.transforms.v2"],
    )
    sys.modules.pop(ADAPTER, None)
    vars(arrays).pop("torchvision", None)


@pytest.fixture(scope="module")
def scene() -> tuple[Any, Any]:
    return make_scene(np.random.default_rng(3), (64, 80))


def build(of: Any, name: str, p: float = 1.0) -> Any:
    return {
        "NoiseDisplacement": lambda: of.NoiseDisplacement(BANK, p=p),
        "NegativeRotation": lambda: of.NegativeRotation(symmetries=(1, 2, 3, 5), p=p),
        "TargetPaste": lambda: of.TargetPaste(p=p),
        "ClutterDecoys": lambda: of.ClutterDecoys(count_range=(1, 3), p=p),
    }[name]()


NAMES = ["NoiseDisplacement", "NegativeRotation", "TargetPaste", "ClutterDecoys"]


@pytest.mark.parametrize("name", NAMES)
def test_same_pixels_as_the_array_version(host: Any, scene: Any, name: str) -> None:
    transform = build(host.of, name)
    image = host.tv.Image(torch.from_numpy(scene[0])[None])
    mask = host.tv.Mask(torch.from_numpy(scene[1]))
    torch.manual_seed(4)
    result = transform({"image": image, "target": {"mask": mask, "id": 7}})
    torch.manual_seed(4)
    params = transform.make_params([image, mask])
    expected, moved = transform.operation.apply(*scene, params["drawn"][0])
    assert isinstance(result["image"], host.tv.Image)
    assert isinstance(result["target"]["mask"], host.tv.Mask)
    assert result["target"]["id"] == 7
    np.testing.assert_array_equal(result["image"].numpy()[0], expected)
    np.testing.assert_array_equal(result["target"]["mask"].numpy(), moved)
    assert (expected != scene[0]).any()
    assert (image.numpy()[0] == scene[0]).all()  # what came in is not written to


@pytest.mark.parametrize("name", NAMES)
def test_torchs_seed_reproduces(host: Any, scene: Any, name: str) -> None:
    transform = build(host.of, name, p=0.9)
    image, mask = torch.from_numpy(scene[0])[None], host.tv.Mask(torch.from_numpy(scene[1]))
    runs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        runs.append(torch.stack([transform(image, mask)[0] for _ in range(5)]))
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


def test_kinds_dtypes_and_channels(host: Any, scene: Any) -> None:
    mask = host.tv.Mask(torch.from_numpy(scene[1])[None])
    transform = host.of.from_recipe("sirst5k", BANK)
    levels = torch.from_numpy(scene[0])
    for image in (
        levels,
        levels[None],
        levels.expand(3, -1, -1),
        (levels / 255)[None],
        (levels[None] / 255).half(),
        (levels[None] / 255).double(),
    ):
        torch.manual_seed(0)
        changed, _ = transform(image, mask)
        torch.manual_seed(0)
        wrapped, _ = transform(host.tv.Image(image), mask)
        assert type(changed) is torch.Tensor
        assert isinstance(wrapped, host.tv.Image)
        assert torch.equal(changed, wrapped.as_subclass(torch.Tensor).reshape(changed.shape))
        assert changed.dtype == image.dtype
        assert changed.shape == image.shape
        assert not torch.equal(changed, image)
        if image.ndim == 3:
            assert all(torch.equal(channel, changed[0]) for channel in changed)


@pytest.mark.parametrize("form", ["XYXY", "XYWH", "CXCYWH"])
@pytest.mark.parametrize("name", ["NegativeRotation", "TargetPaste"])
def test_boxes_and_instance_masks_follow(host: Any, name: str, form: str) -> None:
    labels = np.zeros((64, 80), np.int64)
    labels[20:22, 30:36], labels[45:49, 60:62] = 7, 9
    noise = np.random.default_rng(0).integers(40, 60, labels.shape).astype(np.uint8)
    image = host.tv.Image(torch.from_numpy(np.where(labels > 0, 230, noise).astype(np.uint8))[None])
    masks = host.tv.Mask(torch.from_numpy(np.stack([labels == 7, labels == 9])))
    rows = {
        "XYXY": [[30, 20, 36, 22], [60, 45, 62, 49]],
        "XYWH": [[30, 20, 6, 2], [60, 45, 2, 4]],
        "CXCYWH": [[33, 21, 6, 2], [61, 47, 2, 4]],
    }[form]
    boxes = host.tv.BoundingBoxes(torch.tensor(rows), format=form, canvas_size=(64, 80))
    transform = build(host.of, name)
    torch.manual_seed(0)
    for _ in range(5):
        _, moved, found = transform(image, masks, boxes)
        assert isinstance(found, host.tv.BoundingBoxes)
        assert found.format == boxes.format
        assert found.dtype == boxes.dtype
        assert len(found) >= 2 + (name == "TargetPaste")
        covered = torch.zeros(64, 80, dtype=torch.bool)
        for first, second, third, fourth in found.tolist():
            if form == "CXCYWH":
                x, y, w, h = first - third // 2, second - fourth // 2, third, fourth
            else:
                x, y, w, h = first, second, third, fourth
            if form == "XYXY":
                w, h = third - x, fourth - y
            covered[y : y + h, x : x + w] = True
        assert torch.equal(covered, moved.as_subclass(torch.Tensor).any(0))


def test_every_image_of_a_batch_has_its_own_draw(host: Any, scene: Any) -> None:
    images = torch.from_numpy(scene[0]).expand(4, 1, 64, 80)
    masks = host.tv.Mask(torch.from_numpy(scene[1]).expand(4, 1, 64, 80).clone())
    transform = build(host.of, "NoiseDisplacement")
    torch.manual_seed(0)
    changed, same = transform(images, masks)
    assert changed.shape == images.shape
    assert torch.equal(same, masks)
    assert not torch.equal(changed[0], changed[1])
    torch.manual_seed(0)
    drawn = transform.make_params([images, masks])["drawn"]
    for k in range(4):
        expected, _ = transform.operation.apply(*scene, drawn[k])
        np.testing.assert_array_equal(changed[k, 0].numpy(), expected)
    turned, moved = build(host.of, "NegativeRotation")(images, masks)
    assert turned.shape == moved.shape == images.shape


def test_recipe_and_its_p(host: Any, scene: Any) -> None:
    whole = host.of.from_recipe("sirst5k", BANK)
    assert isinstance(whole, host.v2.Compose)
    image, mask = torch.from_numpy(scene[0])[None], host.tv.Mask(torch.from_numpy(scene[1]))
    some = host.of.from_recipe("sirst5k", BANK, p=0.3)
    torch.manual_seed(0)
    changed = sum(not torch.equal(some(image, mask)[0], image) for _ in range(100))
    assert 15 < changed < 45
    grouped = arrays.OneOf([arrays.NegativeRotation(), arrays.ClutterDecoys()])
    assert host.of.HostedTransform(grouped)(image, mask)[0].shape == image.shape


def test_constructor_and_printing(host: Any) -> None:
    turn = host.of.NegativeRotation("patch", patch_sizes=[5], p=0.2)
    assert turn.operation.settings.patch_sizes == (5,)
    assert turn.operation.p == 0.2
    assert "patch_sizes=[5]" in repr(turn)
    assert repr(pickle.loads(pickle.dumps(turn))) == repr(turn)
    with pytest.raises(TypeError, match="seed"):
        host.of.NegativeRotation(seed=1)
    with pytest.raises(ParameterError, match="probability"):
        host.of.NegativeRotation(p=2)


def test_what_is_refused(host: Any, scene: Any) -> None:
    image, mask = torch.from_numpy(scene[0])[None], host.tv.Mask(torch.from_numpy(scene[1]))
    boxes = host.tv.BoundingBoxes(
        torch.ones(1, 5), format=host.tv.BoundingBoxFormat["XYWHR"], canvas_size=(64, 80)
    )
    turn, noise = build(host.of, "NegativeRotation"), build(host.of, "NoiseDisplacement")
    for inputs, words in (
        ((image,), "expected a tv_tensors.Mask"),
        ((host.tv.Image(torch.cat([image, image + 1])), mask), "2 that differ"),
        ((image, host.tv.Mask(torch.zeros(9, 9))), "image's shape"),
        ((image, mask, boxes), "got XYWHR"),
        ((image[None].expand(2, -1, -1, -1), mask), "image's shape"),
        ((host.tv.Image(image), host.tv.Image(image / 255), mask), "one dtype"),
        ((image[None, None], mask), r"\(B, C, H, W\)"),
        ((mask,), "expected an image"),
        ((image, mask.as_subclass(host.tv.Video)), "got Video"),
        ((image.int(), mask), "uint8, uint16 or float32"),
    ):
        with pytest.raises(ShapeError, match=words):
            turn(*inputs)
    square = host.tv.BoundingBoxes(torch.ones(1, 4), format="XYXY", canvas_size=(64, 80))
    with pytest.raises(ShapeError, match="beside 2"):
        noise(image[None].expand(2, -1, -1, -1), square)
    assert noise(image).shape == image.shape  # noise can do without a mask


def test_missing_host_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in stand_in(Transform):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, ADAPTER, raising=False)
    monkeypatch.delitem(vars(arrays), "torchvision", raising=False)
    with pytest.raises(MissingDependencyError, match=r"sirst5k\[torchvision\]"):
        _ = arrays.torchvision


def test_example_runs_or_says_what_is_missing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "augment_torchvision.py", "1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    if find_spec("torchvision") is None:
        assert done.returncode == 1
        assert done.stderr.startswith("Expected the package torchvision to be installed")
    else:
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("(4, 1, 256, 256) torch.float32")
