"""DSTransNet: equal to the published one, and what goes beyond it."""

from __future__ import annotations

import math
from fnmatch import fnmatchcase
from typing import Any

import pytest
from detectors.networks.parity import Parity

torch = pytest.importorskip("torch")

from detectors.networks.stepping import watch  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from sirst5k.detectors import create, load_weights  # noqa: E402
from sirst5k.detectors.costs import count_macs, count_parameters  # noqa: E402
from sirst5k.detectors.networks.deformable import DeformableConv  # noqa: E402
from sirst5k.detectors.networks.dstransnet import DSTransNet, DSTransNetConfig  # noqa: E402
from sirst5k.errors import ParameterError, WeightsError  # noqa: E402

HEADS = ("p0_h16", "p1_h8", "p2_h4", "p3_h2", "p4_fused", "p5_main")
SIDES = (256, 128, 64, 32, 16)
INS, OUTS = (3, 32, 64, 128, 256), (32, 64, 128, 256, 256)


def is_dead(key: str) -> bool:
    return any(fnmatchcase(key, pattern) for pattern in DSTransNet.dead_keys)


@pytest.fixture(scope="module")
def values(parity: Parity) -> dict[str, Any]:
    """Every published entry but the filters, dead ones among them."""
    filled = parity._fill.fill_state_dict(parity.rows("dstransnet"))
    return {key: torch.from_numpy(value) for key, value in filled.items()}


@pytest.fixture(scope="module")
def published(values: dict[str, Any]) -> DSTransNet:
    return load_weights("dstransnet", values)


@pytest.mark.parametrize(("height", "width"), [(256, 256), (128, 128), (96, 160)])
def test_all_heads_are_the_published_ones(
    parity: Parity, published: DSTransNet, height: int, width: int
) -> None:
    frames = parity.frames(1, 3, height, width)
    with torch.inference_mode():
        heads, prediction = published.heads(frames), published(frames)
    outputs = {name: head.sigmoid().numpy() for name, head in zip(HEADS, heads, strict=True)}
    parity.check(outputs, "dstransnet", f"s{height}x{width}_")
    assert torch.equal(prediction, heads[-1])


def test_every_part_is_the_published_one(parity: Parity, published: DSTransNet) -> None:
    encoder, transformer, decoder = published.encoder, published.transformer, published.decoder
    modules: dict[str, Any] = {f"enc{k}": stage for k, stage in enumerate(encoder, 1)}
    modules |= {f"dec{k}": stage for k, stage in enumerate(decoder, 1)}
    modules |= {f"rec{k}": stage for k, stage in enumerate(transformer.reconstruct, 1)}
    modules |= {f"tok{k}": stage for k, stage in enumerate(transformer.embed, 1)}
    modules |= {
        "enc2_deform": encoder[1].deformable,
        "enc2_cdc": encoder[1].difference,
        "enc2_wavelet": encoder[1].wavelet,
        "enc2_wtconv": encoder[1].wavelet.wavelet,
        "dec4_gate": decoder[3].gate,
    }
    frames = parity.frames(1, 3, 32, 48)
    seen = watch(published, modules, frames)
    # These give a list, one for each scale.
    lists = {"blk0_attn": transformer.layers[0].attention, "blk0_out": transformer.layers[0]}
    lists |= {"blk3_attn": transformer.layers[3].attention, "blk3_out": transformer.layers[3]}
    for name, module in {**lists, "sel": transformer}.items():
        seen |= {
            f"{name}{k}": maps for k, maps in enumerate(_watch_list(published, module, frames), 1)
        }
    assert len(seen) == 42
    parity.check(seen, "dstransnet", part="probes.seed0")


def _watch_list(network: Any, module: Any, frames: Any) -> list[Any]:
    results: list[Any] = []
    handle = module.register_forward_hook(lambda module, given, result: results.extend(result))
    with torch.inference_mode():
        network(frames)
    handle.remove()
    return [maps.numpy() for maps in results]


def test_a_training_step_is_the_published_one(parity: Parity, values: dict[str, Any]) -> None:
    network = load_weights("dstransnet", values).double().train()
    mask = torch.from_numpy(parity.fixture("dstransnet.train.seed0")["mask"]).double()
    heads = network.heads(parity.frames(2, 3, 64, 64).double())
    loss = sum(F.binary_cross_entropy(head.sigmoid(), mask) for head in heads)
    loss.backward()
    theirs = {ours: key for key, ours in network.published_keys(network.config).items()}
    gradients = {theirs[key]: w.grad.numpy() for key, w in network.named_parameters()}
    # What never runs has no gradient, and its norms keep what they were filled with.
    buffers = {key: value.numpy() for key, value in values.items()}
    buffers |= {theirs[key]: value.numpy() for key, value in network.named_buffers()}
    parity.check_train(loss.item(), gradients, buffers, "dstransnet", "std")
    kinds = [kind for _, _, kind in parity.rows("dstransnet")]
    assert kinds.count("parameter") - len(gradients) == 145


def test_keys_and_shapes_are_the_published_ones(parity: Parity) -> None:
    shapes = parity.shapes("dstransnet")
    config = DSTransNet.read_config(shapes)
    assert config == DSTransNetConfig(in_channels=3)
    own, names = DSTransNet.own_shapes(config), DSTransNet.published_keys(config)
    assert sorted(names.values()) == sorted(own)
    alive = {key: shape for key, shape in shapes.items() if key in names}
    assert {published: own[key] for published, key in names.items()} == alive
    assert all(is_dead(key) for key in shapes.keys() - names.keys())
    kinds = [kind for key, _, kind in parity.rows("dstransnet") if key not in names]
    assert [kinds.count(k) for k in ("parameter", "buffer", "fixed")] == [145, 57, 20]


def test_dead_entries_are_named_and_tolerated(published: DSTransNet) -> None:
    dead = published.weights_info.dead
    assert len(dead) == 145 + 57
    assert "input_head.0.conv1.weight" in dead
    assert "mtc.embeddings_1.position_embeddings" in dead


def test_published_heads_can_be_left_out(
    parity: Parity, published: DSTransNet, values: dict[str, Any]
) -> None:
    alone = load_weights("dstransnet", values, deep_supervision=False)
    frames = parity.frames(1, 3, 32, 48)
    with torch.inference_mode():
        (head,) = alone.heads(frames)
        assert torch.equal(head, published(frames))
    assert count_parameters(published) - count_parameters(alone) == 257 + 129 + 65 + 33 + 6


def test_size_is_the_published_one(published: DSTransNet) -> None:
    assert count_parameters(published) == 18_825_924
    parts = [*published.encoder, published.transformer, *reversed(published.decoder)]
    assert [count_parameters(part) for part in parts] == [
        *(39_549, 266_187, 894_283, 3_249_739, 4_633_163),
        8_570_184,
        *(869_730, 217_826, 54_690, 30_050),
    ]


def test_cost_is_the_published_one_less_what_is_saved(published: DSTransNet) -> None:
    found = count_macs(published, (1, 3, 256, 256), heads=True)
    stages = list(zip(INS, OUTS, SIDES, published.config.wavelet_levels, strict=True))
    # The flat part of the difference convolution is in its kernel,
    saved = sum(ins * outs * side**2 for ins, outs, side, _ in stages)
    # reconstruction convolves tokens instead of pixels,
    saved += sum(outs**2 * (side**2 - 16**2) for _, outs, side, _ in stages[:4])
    # and wavelets are sums, where filters take 4 products a band, there and back.
    saved += sum(
        2 * 4 * 4 * ins * (side >> level) ** 2
        for ins, _, side, levels in stages
        for level in range(1, levels + 1)
    )
    assert round((found + saved) / 1e9, 2) == 22.02
    assert round(found / 1e9, 2) == 21.64


def test_a_prediction_leaves_out_the_auxiliary_heads(published: DSTransNet) -> None:
    calls: list[Any] = []
    heads = [*published.auxiliary, published.fused]
    handles = [head.register_forward_hook(lambda *call: calls.append(call)) for head in heads]
    with torch.inference_mode():
        published(torch.zeros(1, 3, 16, 16))
        assert calls == []
        published.heads(torch.zeros(1, 3, 16, 16))
    assert len(calls) == 5
    for handle in handles:
        handle.remove()


def test_weights_start_as_the_authors_draw_them() -> None:
    torch.manual_seed(0)
    network = create("dstransnet", width=16)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear) and module.weight.numel() > 4000:
            spread = math.sqrt(2 / module.weight[0].numel())
            assert module.weight.std().item() == pytest.approx(spread, rel=0.1)
        elif isinstance(module, torch.nn.BatchNorm2d):
            assert 0 < (module.weight - 1).abs().max() < 0.1
            assert not module.bias.any()
    deformable = network.encoder[4].deformable[0]
    bound = 1 / math.sqrt(deformable.weight[0].numel())
    assert 0.99 * bound < deformable.weight.abs().max() <= bound
    assert not deformable.bias.any()
    assert not deformable.steering.bias.any()  # as built; the weights, as the pass leaves them:
    assert deformable.steering.weight.std() > 0
    bias = network.decoder[3].merge[0].bias
    assert 0 < bias.abs().max() <= 1 / math.sqrt(256 * 9)


def test_offsets_can_start_at_zero() -> None:
    regular = create("dstransnet", width=2, layers=1, zero_offsets=True)
    steering = [m.steering for m in regular.modules() if isinstance(m, DeformableConv)]
    assert len(steering) == 5
    assert not any(conv.weight.any() or conv.bias.any() for conv in steering)
    regular.heads(torch.randn(2, 1, 32, 32))[-1].sum().backward()
    assert all(conv.weight.grad.any() for conv in steering)


@pytest.mark.parametrize(
    "config",
    [
        DSTransNetConfig(width=4, layers=2, patch=8, wavelet_levels=(1, 2, 3, 1, 2)),
        DSTransNetConfig(in_channels=5, width=2, layers=1, patch=24, deep_supervision=False),
    ],
)
def test_other_configurations(config: DSTransNetConfig) -> None:
    network = DSTransNet(config).eval()
    assert network.multiple == math.lcm(16, config.patch)
    with torch.inference_mode():
        logits = network(torch.zeros(1, config.in_channels, 20, 50))
    assert logits.shape == (1, 1, 20, 50)
    own = DSTransNet.own_shapes(config)
    shapes = {key: own[ours] for key, ours in DSTransNet.published_keys(config).items()}
    assert DSTransNet.read_config(shapes) == config


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"in_channels": 0}, "at least one channel"),
        ({"layers": 0}, "at least one channel and one layer"),
        ({"width": 3}, "a width that is even"),
        ({"width": 0}, "a width that is even"),
        ({"patch": 12}, "a patch that is a multiple of 8"),
        ({"patch": 0}, "a patch that is a multiple of 8"),
        ({"wavelet_levels": (1, 2, 3, 4)}, "wavelet levels for five stages"),
        ({"wavelet_levels": (1, 2, 3, 4, 0)}, "wavelet levels for five stages"),
    ],
)
def test_mistakes(config: dict[str, object], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        create("dstransnet", **config)


@pytest.mark.parametrize(
    "missing",
    [
        "Conv1.conv_layer.0.weight",
        "mtc.embeddings_1.patch_embeddings.weight",
        "mtc.encoder.layer.0.channel_attn.mheadq_C.weight",
        "Conv4.dconv_layer.0.depth_wise_wavelet_conv1.wavelet_convs.0.weight",
    ],
)
def test_other_weights_are_refused(parity: Parity, missing: str) -> None:
    shapes = parity.shapes("dstransnet")
    del shapes[missing]
    with pytest.raises(WeightsError, match=f"kernel {missing} of DSTransNet, got none"):
        DSTransNet.read_config(shapes)


def test_another_wavelet_is_refused(parity: Parity) -> None:
    shapes = parity.shapes("dstransnet")
    shapes["Conv1.dconv_layer.0.depth_wise_wavelet_conv1.wt_filter"] = (12, 1, 4, 4)
    with pytest.raises(WeightsError, match="Expected the Haar wavelet"):
        DSTransNet.read_config(shapes)
