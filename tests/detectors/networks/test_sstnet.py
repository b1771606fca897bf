"""SSTNet: what the published code returns, for the same weights."""

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
from sirst5k.detectors.networks.cross_slice import CrossSliceCell, CrossSlices  # noqa: E402
from sirst5k.detectors.networks.sstnet import SSTNet, SSTNetConfig  # noqa: E402
from sirst5k.detectors.networks.sstnet_weights import published_key  # noqa: E402
from sirst5k.errors import ParameterError, WeightsError  # noqa: E402
from sirst5k.losses import YOLOXLoss  # noqa: E402

SMALL_INPUTS = ("randn_32", "randn_64", "randn_b2_64", "randn_96x160", "clip_64")


@pytest.fixture(scope="module")
def network(video_parity: VideoParity) -> Any:
    return load_weights("sstnet", video_parity.state("sstnet"))


@pytest.mark.parametrize("name", SMALL_INPUTS)
def test_evaluation(video_parity: VideoParity, network: Any, name: str) -> None:
    with torch.inference_mode():
        (found,) = network(video_parity.input_of(f"eval_{name}"))
    check(found, video_parity.fixture("sstnet")[f"eval_{name}"])


def test_evaluation_at_the_published_size(video_parity: VideoParity, network: Any) -> None:
    with torch.inference_mode():
        (found,) = network(video_parity.input_of("eval_clip_512"))
    check(found, video_parity.fixture("sstnet")["eval_clip_512"])


def test_what_happens_inside(video_parity: VideoParity, network: Any) -> None:
    fixture = video_parity.fixture("sstnet")
    extractor, neck, head = network.extractor, network.neck, network.head
    frames = video_parity.input_of("eval_clip_64").unbind(2)
    with torch.inference_mode():
        stages = [extractor.body.stem(frames[-1])]
        for stage in extractor.body.stages:
            stages.append(stage(stages[-1]))
        for name, found in zip(("stem", *(f"dark{k}" for k in range(2, 6))), stages, strict=True):
            check(every(found, fixture[f"mid64_key_{name}"]), fixture[f"mid64_key_{name}"])
        features = [extractor(frame) for frame in frames]
        check(every(torch.cat(features), fixture["mid64_fpn8"]), fixture["mid64_fpn8"])
        *past, key = features
        gate = neck.gate(torch.cat(past, dim=1))
        check(gate, fixture["mid64_neck_ref_gate"])
        current = neck.current(gate * key)
        check(current, fixture["mid64_neck_cur"])
        check(neck.mix_current(torch.cat((current, key), dim=1)), fixture["mid64_neck_cr_mix"])
        pairs = [neck.pair(torch.cat((frame, key), dim=1)) for frame in past]
        check(torch.cat(pairs), fixture["mid64_neck_pair"])
        joined = neck(features)
        check(joined, fixture["mid64_neck_out"])
        seen = head.stem(joined)
        check(seen, fixture["mid64_head_stem"])
        check(head.class_tower(seen), fixture["mid64_head_cls_tower"])
        check(head.box_tower(seen), fixture["mid64_head_reg_tower"])


def test_a_training_step_is_the_published_one(video_parity: VideoParity) -> None:
    fixture = video_parity.fixture("sstnet")
    network = load_weights("sstnet", video_parity.state("sstnet"), dead_parts=True).train()
    assert network.weights_info.dead == ()
    seen: dict[str, Any] = {}
    motion = network.motion
    for name, part in (("encode", motion.encode), ("memory", motion.memory), ("motion", motion)):
        part.register_forward_hook(lambda _, __, found, name=name: seen.update({name: found}))
    clip = video_parity.clip("clip", (512, 512))
    truth = torch.from_numpy(fixture["train512_boxes_cxcywh_cls"])
    maps, extras = network.supervise(clip)
    parts = YOLOXLoss()(maps, [truth[:, :4]], [truth[:, 4]], extras)
    parts.total.backward()
    said = parts.to_dict()
    check(maps[0], fixture["train512_out"], TRAINING)
    check(seen["encode"][:1, ::8, ::4, ::4], fixture["train512_mapping1_t0"])
    check(seen["memory"][0][:, :, ::8, ::8, ::8], fixture["train512_h_seq"])
    check(seen["motion"][:, ::20, ::4, ::4], fixture["train512_mapping2"])
    assert said["motion"] == pytest.approx(float(fixture["train512_motion_loss"]), rel=1e-5)
    assert said["total"] == pytest.approx(float(fixture["train512_total_loss"]), rel=1e-5)
    check_gradients(network, fixture, "train512")
    check_buffers(network, fixture, "train512")


def filled(module: Any, state: dict[str, Any], prefix: str, cut: str) -> Any:
    """The module with what a published state dict of it alone holds."""
    own = {key: state[published_key(prefix + key).removeprefix(cut)] for key in module.state_dict()}
    module.load_state_dict(own)
    return module.eval()


@pytest.mark.parametrize("size", [32, 48, 128])
def test_a_cell_is_the_published_one(video_parity: VideoParity, size: int) -> None:
    fixture = video_parity.fixture("sstnet_cell")
    state = video_parity.state("sstnet_cell")
    cell = filled(
        CrossSliceCell(64, True), state, "motion.memory.cells.00.", "SSTNet.cell_list.00."
    )

    def given(shape: tuple[int, ...], seed: int) -> Any:
        return torch.from_numpy(0.5 * video_parity.fill.make_input(shape, seed))

    one = (1, 64, size, size)
    x, hidden, memory, y = (given(one, seed) for seed in (1, 2, 3, 4))
    sequence, *handed = given((1, 5, *one[1:]), 5), given(one, 6), given(one, 7)
    step = {32: 1, 48: 2, 128: 4}[size]
    with torch.inference_mode():
        gates = cell.drive(x[:, None], y[:, None])[:, 0]
        hidden, memory = cell.step(gates, (hidden, memory), handed[0])
        passed = cell.crossing(y, sequence, hidden, memory, handed)
    for name, found in zip(("h", "c", "mh", "mc"), (hidden, memory, *passed), strict=True):
        check(found[:, ::8, ::step, ::step], fixture[f"cell{size}_{name}"])


@pytest.mark.parametrize("dead_parts", [False, True])
@pytest.mark.parametrize(
    ("name", "grid", "shape", "step"),
    [("seq11", 1, (2, 5, 64, 16, 16), 8), ("seq22", 2, (1, 3, 64, 16, 16), 4)],
)
def test_a_sequence_is_the_published_one(
    video_parity: VideoParity,
    name: str,
    grid: int,
    shape: tuple[int, ...],
    step: int,
    dead_parts: bool,
) -> None:
    fixture, state = video_parity.fixture("sstnet_cell"), video_parity.state(f"sstnet_{name}")
    slices = CrossSlices(64, grid, grid, dead_parts)
    assert len(slices.state_dict()) == len(state) - (0 if dead_parts else 12)
    filled(slices, state, "motion.memory.", "SSTNet.")
    with torch.inference_mode():
        states, memory = slices(torch.from_numpy(0.5 * video_parity.fill.make_input(shape, 0)))
    check(states[:, :, ::step], fixture[f"{name}_h"])
    check(memory[:, ::step], fixture[f"{name}_last_c"])


def test_published_weights_with_and_without_dead_parts(video_parity: VideoParity) -> None:
    state = video_parity.state("sstnet")
    network = load_weights("sstnet", state)
    assert len(network.weights_info.dead) == 14
    assert len(network.state_dict()) == 415 - 14
    assert network.config == SSTNetConfig(in_channels=3)
    assert network.weights_info.normalisation_from == "published"
    bare = load_weights("sstnet", state, motion_branch=False)
    clip = video_parity.clip("randn", (64, 64))
    with torch.inference_mode():
        assert torch.equal(bare(clip)[0], network(clip)[0])
    with pytest.raises(WeightsError, match=r"weights of stmenet.*of sstnet: load them"):
        load_weights("stmenet", state)


def test_costs_are_the_published_ones() -> None:
    clip = (1, 3, 5, 512, 512)
    whole = create("sstnet", in_channels=3, dead_parts=True)
    assert count_parameters(whole) == 21_981_227
    bare = create("sstnet", in_channels=3, motion_branch=False)
    assert round(count_parameters(bare) / 1e6, 3) == 11.949
    # The published pairs see the last frame's half of the first convolution three times more.
    saved = 3 * 128 * 256 * 9 * 64 * 64
    assert round((count_macs(bare, clip) + saved) / 1e9, 2) == 61.44


def test_no_part_that_is_dead_is_evaluated() -> None:
    clip = (1, 1, 5, 64, 64)
    whole, kept = (create("sstnet", width=0.125, dead_parts=dead) for dead in (True, False))
    assert count_macs(whole, clip, heads=True) == count_macs(kept, clip, heads=True)


@pytest.mark.parametrize("grid", [1, 2])
def test_other_grids_of_cells_train_at_any_size(grid: int) -> None:
    torch.manual_seed(0)
    network = create("sstnet", width=0.125, slices=grid, layers=grid, frames=3).train()
    maps, extras = network.supervise(torch.randn(1, 1, 3, 64, 96))
    (maps[0].square().mean() + extras["motion"]).backward()
    assert extras["motion"].ndim == 0
    assert [key for key, p in network.named_parameters() if p.grad is None] == []


def test_the_frames_are_seen_one_by_one_in_training() -> None:
    torch.manual_seed(0)
    network = create("sstnet", width=0.125, motion_branch=False).train()
    network(torch.randn(1, 1, 5, 64, 64))
    state = network.state_dict()
    assert state["extractor.body.stem.unit.norm.num_batches_tracked"] == 5
    assert state["neck.pair.0.norm.num_batches_tracked"] == 4
    assert state["neck.final.0.norm.num_batches_tracked"] == 1


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"frames": 1}, "two frames"),
        ({"in_channels": 0}, "one channel"),
        ({"width": 0}, "a width above 0"),
        ({"width": float("nan")}, "a width above 0"),
        ({"slices": 11}, "1 to 10 slices"),
        ({"variant": "irdst"}, "no parameter 'variant'"),
    ],
)
def test_mistakes(config: dict[str, object], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        create("sstnet", **config)


def test_other_weights_are_refused() -> None:
    own = SSTNet.own_shapes(SSTNetConfig(width=0.125))
    shapes = {published_key(key): shape for key, shape in own.items()}
    assert SSTNet.read_config(shapes) == SSTNetConfig(width=0.125)
    shapes["backbone.backbone.stem.conv.conv.weight"] = (4, 5, 3, 3)
    with pytest.raises(WeightsError, match="four inputs for each channel"):
        SSTNet.read_config(shapes)
