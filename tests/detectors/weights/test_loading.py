"""State dicts into networks: whatever is around them, and what is said where they do not fit."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import SMALL, published_state, small

torch = pytest.importorskip("torch")

from sirst5k.detectors import load_weights  # noqa: E402
from sirst5k.detectors.normalisation import IMAGENET, Normalisation  # noqa: E402
from sirst5k.errors import ParameterError, WeightsError  # noqa: E402


@pytest.fixture(scope="module")
def network() -> Any:
    return small("mshnet")


@pytest.fixture
def state(network: Any) -> dict[str, Any]:
    return published_state(network)


def same(one: Any, other: Any) -> bool:
    a, b = one.state_dict(), other.state_dict()
    return list(a) == list(b) and all(torch.equal(a[key], b[key]) for key in a)


def prefixed(state: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {prefix + key: value for key, value in state.items()}


def test_published_keys(network: Any, state: dict[str, Any]) -> None:
    before = torch.random.get_rng_state()
    loaded = load_weights("mshnet", state)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert same(loaded, network)
    assert loaded.config == network.config
    assert not loaded.training
    assert loaded.normalisation == IMAGENET
    assert loaded.weights_info.keys == loaded.weights_info.normalisation_from == "published"
    frames = torch.rand(1, 3, 21, 18)
    assert torch.equal(loaded(frames), network(frames))


def test_weights_are_copied(state: dict[str, Any]) -> None:
    loaded = load_weights("mshnet", state)
    wanted = {key: value.clone() for key, value in loaded.state_dict().items()}
    for value in state.values():
        value.zero_()
    assert all(torch.equal(value, wanted[key]) for key, value in loaded.state_dict().items())
    assert all(parameter.requires_grad for parameter in loaded.parameters())


@pytest.mark.parametrize(
    ("wrap", "wrappers"),
    [
        (lambda s: {"epoch": 3, "state_dict": s}, ("state_dict",)),
        (lambda s: {"net": s, "optimizer": {"state": {0: {}}}, "iou": 0.6}, ("net",)),
        (lambda s: {"model": {"state_dict": s}, "args": {"lr": 1}}, ("model", "state_dict")),
        (lambda s: {"ema": prefixed(s, "x"), "model_state_dict": s}, ("model_state_dict",)),
        (lambda s: {"checkpoint": s, "epoch": 3}, ("checkpoint",)),
        (lambda s: {"ema": s, "model": {}}, ("ema",)),
        (lambda s: prefixed(s, "module."), ("module.",)),
        (lambda s: prefixed(s, "_orig_mod.module.model."), ("_orig_mod.", "module.", "model.")),
        (lambda s: {"module": prefixed(s, "net.")}, ("module", "net.")),
        (lambda s: {**s, "epoch": 7, "name": "best"}, ()),
    ],
)
def test_wrappers(network: Any, state: dict[str, Any], wrap: Any, wrappers: tuple[str]) -> None:
    loaded = load_weights("mshnet", wrap(state))
    assert same(loaded, network)
    assert loaded.weights_info.wrappers == wrappers


def test_other_kinds_of_numbers(network: Any, state: dict[str, Any]) -> None:
    assert same(load_weights("mshnet", {k: v.numpy() for k, v in state.items()}), network)
    double = {k: v.double() if v.is_floating_point() else v for k, v in state.items()}
    assert same(load_weights("mshnet", double), network)
    parameters = {k: torch.nn.Parameter(v, False) for k, v in state.items()}
    assert same(load_weights("mshnet", parameters), network)
    half = load_weights("mshnet", {k: v.half() for k, v in state.items()})
    assert {p.dtype for p in half.parameters()} == {torch.float32}


def test_counters_of_batches_may_be_missing(network: Any, state: dict[str, Any]) -> None:
    lacking = {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    assert len(lacking) < len(state)
    loaded = load_weights("mshnet", lacking)
    frames = torch.rand(1, 3, 16, 16)
    assert torch.equal(loaded(frames), network(frames))
    counters = [v for k, v in loaded.state_dict().items() if k.endswith("num_batches_tracked")]
    assert counters
    assert not any(counters)


def test_what_operation_counters_leave_is_dead(state: dict[str, Any]) -> None:
    extra = {"total_ops": torch.zeros(1), "encoder_0.total_params": torch.zeros(1)}
    loaded = load_weights("mshnet", {**state, **extra})
    assert loaded.weights_info.dead == tuple(extra)


def test_declared_dead_entries(state: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from sirst5k.detectors.networks.mshnet import MSHNet

    monkeypatch.setattr(MSHNet, "dead_keys", ("old_head.*",))
    loaded = load_weights("mshnet", {**state, "old_head.weight": torch.zeros(3)})
    assert loaded.weights_info.dead == ("old_head.weight",)
    with pytest.raises(WeightsError, match=r"1 not known \(young_head.weight\)"):
        load_weights("mshnet", {**state, "young_head.weight": torch.zeros(3)})


@pytest.mark.parametrize("name", ["unet", "mshnet"])
def test_our_own_keys_without_metadata(name: str) -> None:
    """As ``torch.save(network.state_dict())`` leaves them, of a compiled network."""
    network = small(name)
    given = {} if name == "unet" else SMALL[name]  # what is not read off the shapes
    loaded = load_weights(name, prefixed(network.state_dict(), "_orig_mod."), **given)
    assert same(loaded, network)
    assert loaded.weights_info.keys == "sirst5k"
    assert loaded.weights_info.normalisation_from == "unknown"


def test_normalisation(state: dict[str, Any]) -> None:
    for given in ("nuaa-sirst", "0.442/0.111", Normalisation((0.442,), (0.111,))):
        loaded = load_weights("mshnet", state, given)
        assert loaded.normalisation == Normalisation((0.442,), (0.111,))
        assert loaded.weights_info.normalisation_from == "given"
    three = "0.1,0.2,0.3/1,2,3"
    assert load_weights("mshnet", state, three).normalisation.std == (1.0, 2.0, 3.0)
    for given, sentence in (
        ("0.1,0.2/1,1", "1 or 3 channels"),
        ("imagenett", "Did you mean 'imagenet'"),
        ("a/b", "MEAN/STD"),
        ("0/0", "positive standard deviations"),
    ):
        with pytest.raises(ParameterError, match=sentence):
            load_weights("mshnet", state, given)


def test_published_normalisation_of_three_channels_is_not_guessed_for_one() -> None:
    grey = published_state(small("mshnet", in_channels=1))
    loaded = load_weights("mshnet", grey)
    assert loaded.normalisation == Normalisation()
    assert loaded.weights_info.normalisation_from == "unknown"


def test_overrides(state: dict[str, Any]) -> None:
    loaded = load_weights("mshnet", state, deep_supervision=False)
    assert len(loaded.heads(torch.zeros(1, 3, 8, 8))) == 1
    with pytest.raises(ParameterError, match="Did you mean 'deep_supervision'"):
        load_weights("mshnet", state, deep_supervison=False)
    with pytest.raises(WeightsError, match="of another shape"):
        load_weights("mshnet", state, in_channels=1)


def test_what_does_not_fit_is_counted_and_named(state: dict[str, Any]) -> None:
    for key in ("decoder_0.0.bn1.weight", "final.bias"):
        state.pop(key)
    state["final.weight"] = state["final.weight"][:, :1]
    for number in range(5):
        state[f"extra.{number}"] = torch.zeros(2)
    with pytest.raises(WeightsError) as raised:
        load_weights("mshnet", {"state_dict": state})
    text = str(raised.value)
    assert "2 missing (decoder_0.0.bn1.weight, final.bias)" in text
    assert "5 not known (extra.0, extra.1, extra.2 and 2 more)" in text
    assert "1 of another shape (final.weight 1 × 1 × 3 × 3 instead of 1 × 2 × 3 × 3)" in text
    assert "no network here" in text
    assert "\n" not in text


def test_weights_of_another_network(state: dict[str, Any]) -> None:
    for name in ("unet", "dnanet"):
        with pytest.raises(WeightsError, match="They are weights of mshnet: load them under"):
            load_weights(name, state)
    with pytest.raises(WeightsError, match=r"does not say it; it is of mshnet.*--detector NAME"):
        load_weights(None, state)
    default = small("unet", widths=(16, 32, 64, 128, 256)).state_dict()
    with pytest.raises(WeightsError, match="weights of unet"):
        load_weights("mshnet", default)


@pytest.mark.parametrize(
    ("weights", "error", "sentence"),
    [
        ({}, WeightsError, "an empty dictionary"),
        ({"epoch": 3}, WeightsError, "a dictionary of epoch"),
        ({"state_dict": {"lr": 3}}, WeightsError, "a dictionary of state_dict"),
        ({"a": {"x": torch.ones(1)}, "b": {"x": torch.ones(1)}}, WeightsError, "of a, b"),
        ({1: torch.ones(1)}, WeightsError, "state dict"),
        ({"w": torch.ones(2, 2).to_sparse()}, WeightsError, "w is none"),
        ({"w": torch.ones(1).expand(10**9)}, WeightsError, "w is none"),
        ({"w": torch.ones(2, dtype=torch.complex64)}, WeightsError, "w is none"),
        ({"w": torch.ones(2, device="meta")}, WeightsError, "w is none"),
        ({"w": np.array(["text"])}, WeightsError, "w is none"),
        (3, ParameterError, "name of a file, got int"),
        ("nothing.pth", WeightsError, "there is no nothing.pth"),
        (".", WeightsError, "is a folder"),
    ],
)
def test_no_weights_at_all(weights: Any, error: Any, sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        load_weights("mshnet", weights)


def test_a_dictionary_that_holds_itself() -> None:
    endless: dict[str, Any] = {}
    endless["model"] = endless
    with pytest.raises(WeightsError, match="state dict"):
        load_weights("mshnet", endless)


def test_no_such_network(state: dict[str, Any]) -> None:
    for name in ("mshnett", "tophat"):
        with pytest.raises(ParameterError, match="There is no network"):
            load_weights(name, state)


LISTS = ["dnanet", "dnanet.three-resnet_18-single", "dnanet.three-vgg_10", "mshnet", "dstransnet"]


@pytest.mark.parametrize("list_name", LISTS)
def test_published_lists_of_keys(shared: Path, list_name: str) -> None:
    """Every published entry is taken or named as dead, and every one of ours is filled."""
    from sirst5k.detectors.registry import NETWORKS

    name = list_name.partition(".")[0]
    if name not in NETWORKS:
        pytest.skip(f"{name} is not registered")
    rows = json.loads((shared / "parity" / f"{list_name}.keys.json").read_text())
    sys.path.insert(0, str(shared / "parity"))
    try:
        from fill import fill_tensor
    finally:
        sys.path.pop(0)
    stored = {key: fill_tensor(key, shape) for key, shape, _ in rows}
    loaded = load_weights(name, {"state_dict": prefixed(stored, "module.")})
    taken = len(loaded.state_dict())
    assert taken + len(loaded.weights_info.dead) == len(rows)
    assert bool(loaded.weights_info.dead) == (name == "dstransnet")
    assert loaded.config.in_channels == 3
    assert loaded.config.deep_supervision == ("single" not in list_name)
    numbers = sorted(float(value.double().sum()) for value in loaded.state_dict().values())
    dead = set(loaded.weights_info.dead)
    wanted = sorted(float(v.astype(float).sum()) for k, v in stored.items() if k not in dead)
    np.testing.assert_allclose(numbers, wanted, rtol=1e-9, atol=1e-9)


def test_weights_that_are_replaced_are_not_drawn() -> None:
    from sirst5k.detectors.weights.drawing import NothingDrawn

    with NothingDrawn():
        assert not torch.zeros(3).normal_().any()
        assert not torch.nn.init.kaiming_uniform_(tensor=torch.zeros(3, 3)).any()
        assert not torch.nn.init.xavier_normal_(torch.zeros(3, 3)).any()
        assert torch.nn.init.ones_(torch.zeros(3)).all()
        assert torch.nn.BatchNorm2d(2).weight.all()
    assert torch.zeros(3).normal_().any()
