"""STMENet: what the published code returns, for the same weights."""

from __future__ import annotations

from typing import Any

import pytest
from detectors.networks.video_parity import (
    TRAINING,
    VideoParity,
    check,
    check_buffers,
    check_gradients,
    every,
)

torch = pytest.importorskip("torch")

from sirst5k.detectors import create, load_weights  # noqa: E402
from sirst5k.detectors.costs import count_macs, count_parameters  # noqa: E402
from sirst5k.detectors.networks.stmenet import STMENet, STMENetConfig  # noqa: E402
from sirst5k.detectors.networks.stmenet_weights import published_key  # noqa: E402
from sirst5k.errors import ParameterError, WeightsError  # noqa: E402
from sirst5k.losses import YOLOXLoss  # noqa: E402

INPUTS = (
    "randn_32",
    "randn_64",
    "randn_b2_64",
    "randn_96x160",
    "clip_64",
    "clip_T7_64",
    "clip_T1_64",
    "clip_512",
)
KEYS = ("stmenet", "stmenet_irdst")


@pytest.fixture(scope="module")
def network(video_parity: VideoParity) -> Any:
    return load_weights("stmenet", video_parity.state("stmenet"))


@pytest.mark.parametrize("name", INPUTS)
def test_evaluation(video_parity: VideoParity, network: Any, name: str) -> None:
    with torch.inference_mode():
        (found,) = network(video_parity.input_of(f"eval_{name}"))
    check(found, video_parity.fixture("stmenet")[f"eval_{name}"])


def test_evaluation_of_the_other_variant(video_parity: VideoParity) -> None:
    network = load_weights("stmenet", video_parity.state("stmenet_irdst"))
    assert network.config.variant == "irdst"
    assert network.weights_info.dead == ()
    fixture = video_parity.fixture("stmenet_irdst")
    with torch.inference_mode():
        for name in ("eval_randn_64", "eval_randn_512"):
            (found,) = network(video_parity.input_of(name))
            check(found, fixture[name])


def test_what_happens_inside(video_parity: VideoParity, network: Any) -> None:
    fixture = video_parity.fixture("stmenet")

    def looked_at(found: Any, name: str) -> None:
        check(every(found, fixture[f"mid64_{name}"]), fixture[f"mid64_{name}"])

    clip = video_parity.input_of("eval_clip_64")
    temporal = network.temporal
    with torch.inference_mode():
        features = temporal.stem(clip)
        looked_at(features, "t_conv1")
        features = temporal.pool(features)
        looked_at(features, "t_pool")
        names = {0: "t_block0", 1: "t_block1", 3: "t_stage2", 11: "t_stage3", 15: "t_stage4"}
        for index, unit in enumerate(temporal.units):
            features = unit(features)
            if index in names:
                looked_at(features, names[index])
        features = temporal(clip)
        looked_at(features, "t_out")
        spatial = network.spatial(clip[:, :, -1])
        for level, (encode, seen) in enumerate(zip(network.encoders, spatial, strict=True)):
            raised = torch.nn.functional.interpolate(features, scale_factor=4 >> level)
            refine, name = encode.refine, f"enc{level + 1}"
            gate = refine.gate(refine.activation(refine.mix(raised)))
            looked_at(gate, f"{name}_chanatt")
            refined = refine(raised)
            looked_at(refined, f"{name}_time")
            fused = torch.cat((seen, refined), dim=1)
            for step, part in enumerate(encode.fuse):
                fused = part(fused)
                if step != 4:  # dropout
                    looked_at(fused, f"{name}_f{step}")


@pytest.mark.parametrize("keys", KEYS)
def test_a_training_step_is_the_published_one(video_parity: VideoParity, keys: str) -> None:
    fixture = video_parity.fixture(keys)
    network = load_weights("stmenet", video_parity.state(keys), dead_parts=True).train()
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    made = [torch.from_numpy(video_parity.fill.make_clip(128, seed=seed)) for seed in (0, 1)]
    maps, extras = network.supervise(torch.cat(made))
    boxes = [
        torch.tensor([[40.0, 50.0, 16.0, 12.0], [80.5, 90.25, 8.0, 8.0]]),
        torch.tensor([[64.0, 20.0, 10.0, 9.0]]),
    ]
    assert extras == {}
    parts = YOLOXLoss()(maps, boxes)
    parts.total.backward()
    check(maps[0], fixture["train128_out"], TRAINING)
    wanted = float(fixture["train128_yolo_loss"])
    assert parts.to_dict()["total"] == pytest.approx(wanted, rel=1e-5)
    check_gradients(network, fixture, "train128")
    check_buffers(network, fixture, "train128")


@pytest.mark.parametrize(
    ("keys", "entries", "dead"), [("stmenet", 36, 36), ("stmenet_irdst", 0, 0)]
)
def test_published_weights_with_and_without_dead_parts(
    video_parity: VideoParity, keys: str, entries: int, dead: int
) -> None:
    state = video_parity.state(keys)
    without, whole = (load_weights("stmenet", state, dead_parts=x) for x in (False, True))
    assert len(without.weights_info.dead) == dead
    assert whole.weights_info.dead == ()
    assert len(whole.state_dict()) == len(state) == len(without.state_dict()) + entries
    clip = video_parity.clip("randn", (64, 64))
    with torch.inference_mode():
        assert torch.equal(whole(clip)[0], without(clip)[0])


def test_costs_are_the_published_ones() -> None:
    sizes = {"daub": (9_909_777, 20.79), "irdst": (9_934_353, 20.88)}
    for variant, (parameters, gmacs) in sizes.items():
        network = create("stmenet", in_channels=3, variant=variant, dead_parts=True)
        assert count_parameters(network) == parameters
        # Published are convolutions alone; the attention multiplies two matrices a scale.
        attention = sum(2 * 128 * 128 * side**2 for side in (64, 32, 16))
        counted = count_macs(network, (1, 3, 5, 512, 512)) - attention
        assert round(counted / 1e9, 2) == gmacs


def test_any_number_of_frames() -> None:
    network = create("stmenet", width=0.125).eval()
    for frames in (1, 2, 9):
        assert network(torch.zeros(1, 1, frames, 64, 32))[0].shape == (1, 6, 8, 4)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"frames": 0}, "channel, class and frame"),
        ({"width": -1.0}, "a width above 0"),
        ({"variant": "dauby"}, "Did you mean 'daub'"),
    ],
)
def test_mistakes(config: dict[str, object], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        create("stmenet", **config)


def test_other_weights_are_refused() -> None:
    own = STMENet.own_shapes(STMENetConfig(width=0.125))
    shapes = {published_key(key): shape for key, shape in own.items()}
    assert STMENet.read_config(shapes) == STMENetConfig(width=0.125)
    shapes["backbone_3d.backbone.conv1.0.weight"] = (4, 3, 3, 3, 3)
    with pytest.raises(WeightsError, match="see the same channels"):
        STMENet.read_config(shapes)
