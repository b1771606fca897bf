"""What every video network in the registry keeps to; a new line there puts it under all of this."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from sirst5k.detectors import as_detector, create, load_weights, save_weights  # noqa: E402
from sirst5k.detectors.boxes import detections  # noqa: E402
from sirst5k.detectors.exporting import export_onnx  # noqa: E402
from sirst5k.detectors.networks.video_network import VideoNetwork  # noqa: E402
from sirst5k.detectors.normalisation import IMAGENET, Normalisation  # noqa: E402
from sirst5k.detectors.registry import NETWORKS, VIDEO, network_class, task_of  # noqa: E402
from sirst5k.errors import ParameterError, ShapeError, WeightsError  # noqa: E402
from sirst5k.losses import YOLOXLoss  # noqa: E402

WIDTH = 0.125
each_network = pytest.mark.parametrize("name", VIDEO)


def make(name: str, in_channels: int = 1, seed: int = 0, **config: Any) -> Any:
    """A narrow network whose norms have seen something, in evaluation mode."""
    torch.manual_seed(seed)
    network = create(name, in_channels=in_channels, **{"width": WIDTH, **config})
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Conv3d):
            # Larger than published, so that a signal comes through untrained norms.
            module.weight.data.mul_(50 * 1.4 / module.weight[0].numel() ** 0.5)
        if isinstance(module, torch.nn.BatchNorm2d | torch.nn.BatchNorm3d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
        if hasattr(module, "gain"):
            module.gain.data.fill_(0.1)
    return network.eval()


@pytest.fixture(scope="module")
def networks() -> dict[str, Any]:
    """One of each, for tests that leave them as they are."""
    return {name: make(name) for name in VIDEO}


def clip_of(*shape: int, seed: int = 1) -> Any:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def near(found: Any, wanted: Any, tolerance: float = 1e-4) -> bool:
    return bool((found - wanted).abs().max() <= tolerance * wanted.std())


@each_network
def test_the_class_says_what_it_is(name: str) -> None:
    network = network_class(name)
    assert issubclass(network, VideoNetwork)
    assert (network.name, task_of(name)) == (name, "boxes")
    assert dataclasses.is_dataclass(network.Config)
    config = network.Config()
    assert (config.in_channels, config.frames, config.classes, config.width) == (1, 5, 1, 1.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.in_channels = 3
    assert not set(NETWORKS) & set(VIDEO)


@each_network
def test_a_description_makes_the_same_network_again(name: str, networks: dict[str, Any]) -> None:
    said = json.loads(json.dumps(networks[name].describe()))
    again = create(said["name"], **said["config"])
    assert again.config == networks[name].config
    assert again.normalisation == Normalisation.from_dict(said["normalisation"])


@each_network
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(shape=st.tuples(st.integers(1, 2), st.integers(1, 70), st.integers(1, 70)))
def test_any_size(name: str, shape: tuple[int, int, int]) -> None:
    batch, height, width = shape
    network = make(name)
    with torch.inference_mode():
        (raw,) = network(clip_of(batch, 1, 5, height, width))
        (again,), _ = network.supervise(clip_of(batch, 1, 5, height, width))
    assert raw.shape == (batch, 6, 4 * -(-height // 32), 4 * -(-width // 32))
    assert torch.equal(raw, again)


@each_network
@pytest.mark.parametrize("size", [(64, 96), (70, 33), (128, 64)])
def test_any_size_trains(name: str, size: tuple[int, int]) -> None:
    network = make(name).train()
    maps, extras = network.supervise(clip_of(2, 1, 5, *size))
    boxes = [torch.tensor([[20.0, 20.0, 5.0, 4.0]]), torch.zeros(0, 4)]
    parts = YOLOXLoss()(maps, boxes, None, extras)
    parts.total.backward()
    assert torch.isfinite(parts.total)
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


@each_network
def test_a_clip_of_the_batch_does_not_depend_on_the_others(
    name: str, networks: dict[str, Any]
) -> None:
    clips = clip_of(3, 1, 5, 32, 64)
    with torch.inference_mode():
        (together,) = networks[name](clips)
        alone = torch.cat([networks[name](clip[None])[0] for clip in clips])
    assert near(together, alone)


@each_network
def test_every_frame_and_their_order_matter(name: str, networks: dict[str, Any]) -> None:
    clip = clip_of(1, 1, 5, 64, 64)
    with torch.inference_mode():
        (raw,) = networks[name](clip)
        for frame in range(5):
            other = clip.clone()
            other[:, :, frame] += clip_of(1, 1, 64, 64, seed=9)
            assert (networks[name](other)[0] - raw).abs().max() > 1e-3 * raw.std()
        order = [1, 0, 2, 3, 4]
        assert (networks[name](clip[:, :, order])[0] - raw).abs().max() > 1e-3 * raw.std()


@each_network
@pytest.mark.parametrize(("in_channels", "classes", "frames"), [(3, 1, 5), (2, 3, 3)])
def test_any_number_of_channels_classes_and_frames(
    name: str, in_channels: int, classes: int, frames: int
) -> None:
    network = make(name, in_channels, classes=classes, frames=frames)
    assert (network.in_channels, network.classes) == (in_channels, classes)
    assert (network.clip_length, network.stride) == (frames, 8)
    clip = clip_of(1, in_channels, frames, 32, 32)
    with torch.inference_mode():
        (raw,) = network(clip)
        assert raw.shape == (1, 5 + classes, 4, 4)
        assert not torch.equal(raw, network(clip.flip(1))[0])
    for found in detections(raw):
        assert set(found.classes.tolist()) <= set(range(classes))


@each_network
@pytest.mark.parametrize("dead_parts", [False, True])
def test_gradient_reaches_every_parameter_that_is_not_dead(name: str, dead_parts: bool) -> None:
    network = make(name, dead_parts=dead_parts).train()
    maps, extras = network.supervise(clip_of(2, 1, 5, 64, 64))
    (maps[0].square().mean() + sum(extras.values())).backward()
    without = {key for key, values in network.named_parameters() if values.grad is None}
    alive = network.own_shapes(dataclasses.replace(network.config, dead_parts=False))
    assert without == set(dict(network.named_parameters())) - set(alive)
    flat = [
        key
        for key, values in network.named_parameters()
        if key not in without and values.ndim > 1 and not values.grad.abs().max() > 0
    ]
    assert flat == []


@each_network
def test_it_learns_a_moving_target(name: str) -> None:
    torch.manual_seed(0)
    network = create(name, width=WIDTH).train()
    clip = clip_of(2, 1, 5, 64, 64) * 0.1
    for time in range(5):
        clip[0, :, time, 20:24, 10 + 4 * time : 14 + 4 * time] += 3
    boxes = [torch.tensor([[28.0, 22.0, 4.0, 4.0]]), torch.zeros(0, 4)]
    optimiser = torch.optim.Adam(network.parameters(), 0.01)
    losses = []
    for _ in range(12):
        maps, extras = network.supervise(clip)
        loss = YOLOXLoss()(maps, boxes, None, extras).total
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


@each_network
def test_state_survives_a_file(name: str, networks: dict[str, Any], tmp_path: Path) -> None:
    file, clip = io.BytesIO(), clip_of(1, 1, 5, 32, 64)
    torch.save(networks[name].state_dict(), file)
    file.seek(0)
    other = make(name, seed=5)
    with torch.inference_mode():
        (expected,) = networks[name](clip)
        assert not torch.equal(other(clip)[0], expected)
        other.load_state_dict(torch.load(file, weights_only=True))
        other.normalisation = IMAGENET
        save_weights(other, tmp_path / "w.safetensors")
        stored = load_weights(None, tmp_path / "w.safetensors")
        assert (stored.config, stored.normalisation) == (other.config, IMAGENET)
        for twin in (other, stored, copy.deepcopy(other), pickle.loads(pickle.dumps(other))):
            assert torch.equal(twin(clip)[0], expected)


@each_network
@pytest.mark.parametrize("options", [{}, {"dead_parts": True}, {"classes": 2, "in_channels": 2}])
def test_published_weights_tell_their_configuration(name: str, options: dict[str, Any]) -> None:
    class_, config = network_class(name), network_class(name).Config(width=WIDTH, **options)
    own, keys = class_.own_shapes(config), class_.published_keys(config)
    assert sorted(keys.values()) == sorted(own)
    told = class_.read_config({theirs: own[ours] for theirs, ours in keys.items()})
    assert told == dataclasses.replace(config, dead_parts=False)
    for strange in ({}, {"weight": (3, 3)}):
        with pytest.raises(WeightsError, match=rf"(?i){name}"):
            class_.read_config(strange)


@each_network
def test_the_same_seed_gives_the_same_training(name: str) -> None:
    def trained() -> list[Any]:
        network = make(name, seed=3).train()
        optimiser = torch.optim.SGD(network.parameters(), 0.001)
        for step in range(2):
            maps, extras = network.supervise(clip_of(2, 1, 5, 64, 64, seed=step))
            (maps[0].square().mean() + sum(extras.values())).backward()
            optimiser.step()
        return list(network.state_dict().values())

    assert all(torch.equal(one, two) for one, two in zip(trained(), trained(), strict=True))


@each_network
@pytest.mark.parametrize("level", [0.0, 1.0, -1e3])
def test_flat_and_extreme_clips(name: str, networks: dict[str, Any], level: float) -> None:
    with torch.inference_mode():
        (raw,) = networks[name](torch.full((1, 1, 5, 32, 32), level))
    assert torch.isfinite(raw).all()


@each_network
def test_float64_agrees(name: str) -> None:
    network, clip = make(name), clip_of(1, 1, 5, 33, 47)
    with torch.inference_mode():
        (single,), (double,) = network(clip), network.double()(clip.double())
    assert double.dtype == torch.float64
    assert near(single, double, 2e-4)


@each_network
def test_bfloat16_stays_near_and_trains(name: str) -> None:
    network, clip = make(name), clip_of(2, 1, 5, 64, 64)
    with torch.inference_mode():
        (exact,) = network(clip)
        with torch.autocast("cpu", torch.bfloat16):
            (low,) = network(clip)
    assert (low.float() - exact).abs().mean() < 0.05 * (exact.std() + exact.abs().mean())
    network.train()
    with torch.autocast("cpu", torch.bfloat16):
        maps, extras = network.supervise(clip)
    YOLOXLoss()(maps, [torch.zeros(0, 4)] * 2, None, extras).total.backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


@each_network
@pytest.mark.slow
def test_compiles_as_one_graph(name: str, networks: dict[str, Any]) -> None:
    torch.compiler.reset()
    clip = clip_of(1, 1, 5, 33, 47)
    graph = torch.compile(networks[name], fullgraph=True, backend="eager")
    with torch.no_grad():
        torch.testing.assert_close(graph(clip), networks[name](clip))


@each_network
@pytest.mark.slow
def test_exports_to_onnx(name: str, networks: dict[str, Any], tmp_path: Path) -> None:
    for package in ("onnx", "onnxscript"):
        pytest.importorskip(package)
    onnxruntime = pytest.importorskip("onnxruntime")
    file = export_onnx(networks[name], tmp_path / "network.onnx", (70, 33))
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    clip = clip_of(3, 1, 5, 70, 33)
    (found,) = session.run(["raw"], {"clip": clip.numpy()})
    with torch.inference_mode():
        assert near(torch.from_numpy(found), networks[name](clip)[0], 2e-4)
    said = session.get_modelmeta().custom_metadata_map["sirst5k"]
    assert json.loads(said) == json.loads(json.dumps(networks[name].describe()))


@each_network
def test_onnx_of_any_size_is_refused(name: str, networks: dict[str, Any], tmp_path: Path) -> None:
    for package in ("onnx", "onnxscript"):
        pytest.importorskip(package)
    with pytest.raises(ParameterError, match=f"a size for the ONNX file of {name}"):
        export_onnx(networks[name], tmp_path / "network.onnx")


@each_network
def test_wrong_clips_get_a_sentence(name: str, networks: dict[str, Any]) -> None:
    network = networks[name]
    with pytest.raises(ShapeError, match=rf"\(B, 1, .*, H, W\) for {name}, got \(1, 3, 5, 8, 8\)"):
        network(torch.zeros(1, 3, 5, 8, 8))
    for shape in ((1, 5, 8, 8), (1, 1, 0, 8, 8), (1, 1, 5, 8, 0)):
        with pytest.raises(ShapeError, match=f"for {name}"):
            network.supervise(torch.zeros(shape))
    with pytest.raises(ShapeError, match="Expected floating clips"):
        network(torch.zeros(1, 1, 5, 8, 8, dtype=torch.uint8))
    if not network.any_length:
        with pytest.raises(ShapeError, match=r"\(B, 1, 5, H, W\)"):
            network(torch.zeros(1, 1, 6, 8, 8))


@each_network
def test_a_name_alone_is_no_detector(name: str) -> None:
    with pytest.raises(ParameterError, match=f"weights for the network {name}"):
        as_detector(name)


def test_normalisation_of_clips() -> None:
    clip = clip_of(2, 3, 4, 5, 6)
    found = IMAGENET(clip)
    for frame in range(4):
        torch.testing.assert_close(found[:, :, frame], IMAGENET(clip[:, :, frame]))
