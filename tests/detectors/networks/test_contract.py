"""What every network in the registry keeps to; a new line there puts it under all of this."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from sirst5k.detectors import create  # noqa: E402
from sirst5k.detectors.networks.network import Network  # noqa: E402
from sirst5k.detectors.registry import NETWORKS, network_class  # noqa: E402
from sirst5k.errors import ParameterError, ShapeError, WeightsError  # noqa: E402

# Narrow enough to be quick; a network that is not named here is tested as it is.
NARROW: dict[str, dict[str, Any]] = {
    "dnanet": {"channels": "one", "backbone": "resnet_10"},
    "dstransnet": {"width": 2, "layers": 1, "wavelet_levels": (2, 1, 1, 1, 1)},
    "mshnet": {"widths": (2, 3, 4, 6, 8), "blocks": (1, 1, 2, 1, 1)},
    "unet": {"widths": (2, 4, 8), "deep_supervision": True},
}
# Graphs that look whether a coarse map is odd; their ONNX files are for one size.
ONE_SIZE = {"dstransnet"}
QUICK = {"unet"}  # to export; the exporter takes ten seconds and more for the others
each_network = pytest.mark.parametrize("name", NETWORKS)


def make(name: str, in_channels: int = 1, seed: int = 0, **config: Any) -> Any:
    """A narrow network whose norms have seen something, in evaluation mode."""
    torch.manual_seed(seed)
    network = create(name, in_channels=in_channels, **{**NARROW.get(name, {}), **config})
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return network.eval()


@pytest.fixture(scope="module")
def networks() -> dict[str, Any]:
    """One of each, for tests that leave them as they are."""
    return {name: make(name) for name in NETWORKS}


def frames_of(*shape: int, seed: int = 1) -> Any:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def check_export(network: Any, path: Path, size: tuple[int, int] | None) -> None:
    """Export, and compare with what onnxruntime makes of the file."""
    import onnxruntime

    from sirst5k.detectors.exporting import export_onnx

    export_onnx(network, path, size)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    sizes = [(*size,)] if size else [(33, 47), (16, 80), (5, 100)]
    for batch, (height, width) in zip((1, 3, 2), sizes, strict=False):
        frames = frames_of(batch, network.in_channels, height, width)
        (found,) = session.run(["logits"], {"frames": frames.numpy()})
        with torch.inference_mode():
            expected = network(frames).numpy()
        assert np.abs(found - expected).max() <= 2e-4 * expected.std()
    said = session.get_modelmeta().custom_metadata_map["sirst5k"]
    assert json.loads(said) == json.loads(json.dumps(network.describe()))
    assert [axis for axis in session.get_inputs()[0].shape if isinstance(axis, str)] == (
        ["batch"] if size else ["batch", "height", "width"]
    )


def supervised(network: Any, frames: Any) -> Any:
    """A number that every head has a say in."""
    return sum(head.float().square().mean() + head.float().mean() for head in network.heads(frames))


@each_network
def test_the_class_says_what_it_is(name: str) -> None:
    network = network_class(name)
    assert issubclass(network, Network)
    assert network.name == name
    assert dataclasses.is_dataclass(network.Config)
    assert network.Config().in_channels == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        network.Config().in_channels = 3


@each_network
def test_a_description_makes_the_same_network_again(name: str, networks: dict[str, Any]) -> None:
    said = json.loads(json.dumps(networks[name].describe()))
    again = create(said["name"], **said["config"])
    assert again.config == networks[name].config
    assert again.normalisation == type(again.normalisation).from_dict(said["normalisation"])


@each_network
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(shape=st.tuples(st.integers(1, 2), st.integers(1, 70), st.integers(1, 70)))
def test_any_size(name: str, shape: tuple[int, int, int]) -> None:
    batch, height, width = shape
    network, frames = make(name), frames_of(batch, 1, height, width)
    with torch.inference_mode():
        logits, heads = network(frames), network.heads(frames)
    assert logits.shape == (batch, 1, height, width)
    assert torch.equal(logits, heads[-1])
    for head in heads:
        # At 1/2^k of the resolution, rounded up: what the losses pool the mask to.
        assert any(
            head.shape == (batch, 1, -(-height // step), -(-width // step))
            for step in (1, 2, 4, 8, 16, 32)
        )


@each_network
def test_a_frame_of_the_batch_does_not_depend_on_the_others(
    name: str, networks: dict[str, Any]
) -> None:
    frames = frames_of(3, 1, 32, 48)
    with torch.inference_mode():
        together = networks[name](frames)
        alone = torch.cat([networks[name](frame[None]) for frame in frames])
    torch.testing.assert_close(together, alone, atol=1e-4 * float(alone.std()), rtol=1e-4)


@each_network
@pytest.mark.parametrize("in_channels", [2, 3])
def test_any_number_of_channels(name: str, in_channels: int) -> None:
    network = make(name, in_channels)
    frames = frames_of(1, in_channels, 16, 20)
    with torch.inference_mode():
        assert network(frames).shape == (1, 1, 16, 20)
        assert not torch.equal(network(frames), network(frames.flip(1)))


@each_network
def test_deep_supervision_can_be_left_out(name: str, networks: dict[str, Any]) -> None:
    if "deep_supervision" not in networks[name].describe()["config"]:
        pytest.skip("has one head")
    with_heads, without = (make(name, deep_supervision=switch) for switch in (True, False))
    frames = frames_of(1, 1, 32, 16)
    assert len(with_heads.heads(frames)) > 1
    (head,) = without.heads(frames)
    assert head.shape == (1, 1, 32, 16)


@each_network
@pytest.mark.parametrize("warming_up", [False, True])
def test_gradient_reaches_every_parameter(name: str, warming_up: bool) -> None:
    network = make(name).train()
    heads = network.heads(frames_of(2, 1, 32, 48), warming_up)
    sum(head.square().mean() for head in heads).backward()
    without = [key for key, values in network.named_parameters() if values.grad is None]
    if warming_up and len(heads) < len(network.heads(frames_of(2, 1, 32, 48))):
        assert without  # that is what a warm-up is
        return
    assert without == []
    # A bias in front of a norm has none but of rounding; all else has.
    flat = [
        key
        for key, values in network.named_parameters()
        if values.ndim > 1 and not values.grad.abs().max() > 0
    ]
    assert flat == []
    assert all(torch.isfinite(values.grad).all() for values in network.parameters())


@each_network
def test_it_learns(name: str) -> None:
    torch.manual_seed(0)
    network = make(name).train()
    frames, mask = frames_of(2, 1, 32, 32) * 0.1, torch.zeros(2, 1, 32, 32)
    frames[:, :, 10:13, 20:23] += 3
    mask[:, :, 10:13, 20:23] = 1
    optimiser = torch.optim.Adam(network.parameters(), 0.02)
    losses = []
    for _ in range(12):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(network.heads(frames)[-1], mask)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


@each_network
def test_state_survives_a_file(name: str, networks: dict[str, Any]) -> None:
    file, frames = io.BytesIO(), frames_of(1, 1, 32, 48)
    torch.save(networks[name].state_dict(), file)
    file.seek(0)
    other = make(name, seed=5)
    with torch.inference_mode():
        expected = networks[name](frames)
        assert not torch.equal(other(frames), expected)
        other.load_state_dict(torch.load(file, weights_only=True))
        assert torch.equal(other(frames), expected)
        for twin in (copy.deepcopy(other), pickle.loads(pickle.dumps(other))):
            assert torch.equal(twin(frames), expected)


@each_network
def test_published_weights_tell_their_configuration(name: str, networks: dict[str, Any]) -> None:
    network, config = networks[name], networks[name].config
    own = network.own_shapes(config)
    assert own == {key: tuple(values.shape) for key, values in network.state_dict().items()}
    keys = network.published_keys(config)
    assert sorted(keys.values()) == sorted(own)
    assert network.read_config({theirs: own[ours] for theirs, ours in keys.items()}) == config
    for strange in ({}, {"weight": (3, 3)}):
        with pytest.raises(WeightsError, match=rf"(?i){name}"):
            network.read_config(strange)


@each_network
def test_the_same_seed_gives_the_same_training(name: str) -> None:
    def trained() -> list[Any]:
        network = make(name, seed=3).train()
        optimiser = torch.optim.SGD(network.parameters(), 0.01)
        for step in range(2):
            supervised(network, frames_of(2, 1, 32, 32, seed=step)).backward()
            optimiser.step()
        return list(network.state_dict().values())

    assert all(torch.equal(one, two) for one, two in zip(trained(), trained(), strict=True))


@each_network
@pytest.mark.parametrize("level", [0.0, 1.0, -1e3, 1e4])
def test_flat_and_extreme_frames(name: str, networks: dict[str, Any], level: float) -> None:
    with torch.inference_mode():
        logits = networks[name](torch.full((1, 1, 32, 32), level))
    assert torch.isfinite(logits).all()


@each_network
def test_float64_agrees(name: str) -> None:
    network, frames = make(name), frames_of(1, 1, 33, 47)
    with torch.inference_mode():
        single, double = network(frames), network.double()(frames.double())
    assert double.dtype == torch.float64
    assert (single - double).abs().max() <= 2e-4 * double.std()


@each_network
def test_channels_last_changes_nothing(name: str, networks: dict[str, Any]) -> None:
    frames = frames_of(2, 1, 40, 32)
    last = copy.deepcopy(networks[name]).to(memory_format=torch.channels_last)
    with torch.inference_mode():
        expected = networks[name](frames)
        found = last(frames.to(memory_format=torch.channels_last))
    assert (found - expected).abs().max() <= 2e-4 * expected.std()


@each_network
def test_bfloat16_stays_near_and_trains(name: str) -> None:
    network, frames = make(name), frames_of(2, 1, 33, 47)
    with torch.inference_mode():
        exact = network(frames)
        with torch.autocast("cpu", torch.bfloat16):
            low = network(frames).float()
    assert (low - exact).abs().mean() < 0.05 * (exact.std() + exact.abs().mean())
    network.train()
    with torch.autocast("cpu", torch.bfloat16):
        loss = supervised(network, frames)
    loss.backward()
    assert all(torch.isfinite(values.grad).all() for values in network.parameters())


@each_network
@pytest.mark.parametrize("what", ["heads", pytest.param("forward", marks=pytest.mark.slow)])
def test_compiles_as_one_graph(name: str, networks: dict[str, Any], what: str) -> None:
    torch.compiler.reset()
    call, frames = getattr(networks[name], what), frames_of(1, 1, 33, 47)
    graph = torch.compile(call, fullgraph=True, backend="eager")
    with torch.no_grad():
        found, expected = graph(frames), call(frames)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param(name, size, marks=() if size and name in QUICK else pytest.mark.slow)
        for name in NETWORKS
        for size in ((33, 47), None)
    ],
)
def test_exports_to_onnx(name: str, tmp_path: Path, size: tuple[int, int] | None) -> None:
    for package in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(package)
    file = tmp_path / "network.onnx"
    if size is None and name in ONE_SIZE:
        with pytest.raises(ParameterError, match=f"the graph of {name} differs from size to size"):
            check_export(make(name), file, size)
    else:
        check_export(make(name), file, size)


@each_network
def test_wrong_frames_get_a_sentence(name: str, networks: dict[str, Any]) -> None:
    with pytest.raises(ShapeError, match=rf"\(B, 1, H, W\) for {name}, got \(1, 3, 8, 8\)"):
        networks[name](torch.zeros(1, 3, 8, 8))
    with pytest.raises(ShapeError, match="got \\(8, 8\\)"):
        networks[name].heads(torch.zeros(8, 8))
    with pytest.raises(ShapeError, match="Expected floating frames"):
        networks[name](torch.zeros(1, 1, 8, 8, dtype=torch.uint8))


@each_network
def test_all_heads_begin_at_a_prior(name: str) -> None:
    network = make(name)
    network.begin_at(0.02)
    with torch.no_grad():
        for head in network.score_layers()[0]:
            head.weight.zero_()
        maps = network.heads(torch.rand(2, 1, 64, 64))
    for logits in maps:
        middle = logits[..., 1:-1, 1:-1]  # what fuses heads may see zeros beyond the border
        torch.testing.assert_close(middle.sigmoid(), torch.full_like(middle, 0.02))
    with pytest.raises(ParameterError, match="Expected a prior between 0 and 1, got 1"):
        network.begin_at(1)


class Mean(Network):
    """A network as somebody else would add one: this file, and one line in the registry."""

    @dataclasses.dataclass(frozen=True)
    class Config:
        in_channels: int = 1

    name, multiple = "mean", 4

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.scale = torch.nn.Parameter(torch.ones(()))

    def supervise(self, frames: Any) -> list[Any]:
        assert frames.shape[2] % 4 == frames.shape[3] % 4 == 0
        return [self.scale * frames.mean(dim=1, keepdim=True)]


def test_adding_a_network_takes_one_file_and_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from sirst5k.detectors import as_detector, registry

    monkeypatch.setitem(registry.NETWORKS, "mean", f"{__name__}:Mean")
    monkeypatch.setitem(registry.DETECTORS, "mean", f"{__name__}:Mean")
    network = registry.create("mean", in_channels=2)
    detector = as_detector(network, device="cpu")
    frames = np.random.default_rng(0).random((2, 1, 13, 18), np.float32)
    np.testing.assert_allclose(detector.respond(frames), frames, atol=1e-6)
    assert network.published_keys(network.config) == {"scale": "scale"}
    with pytest.raises(ParameterError, match="mean does not. Train it with prior=null"):
        network.begin_at(0.01)
    with pytest.raises(WeightsError, match="Expected weights of mean that say"):
        network.read_config({"scale": ()})
