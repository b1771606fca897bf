"""DNANet: equal to the published one in every preset, and what goes beyond it."""

from __future__ import annotations

import pytest
from detectors.networks.parity import Parity

torch = pytest.importorskip("torch")

from detectors.networks.stepping import take_step, watch  # noqa: E402

from sirst5k.detectors import create  # noqa: E402
from sirst5k.detectors.networks.dnanet import BACKBONES, DNANet, DNANetConfig  # noqa: E402
from sirst5k.errors import ParameterError, WeightsError  # noqa: E402
from sirst5k.losses import DeepSupervision, SoftIoULoss  # noqa: E402

PRESETS = {
    "three-resnet_10": (DNANetConfig(3, backbone="resnet_10"), 2_612_196),
    "three-resnet_34": (DNANetConfig(3, backbone="resnet_34"), 8_792_702),
    "three-vgg_10": (DNANetConfig(3, backbone="vgg_10"), 2_456_020),
    "four-resnet_18": (DNANetConfig(3, channels="four"), 18_751_992),
    "three-resnet_18-single": (DNANetConfig(3, deep_supervision=False), 4_696_837),
}


@pytest.fixture(scope="module")
def published(parity: Parity) -> DNANet:
    return parity.network(DNANet, "dnanet")


@pytest.mark.parametrize(("height", "width"), [(256, 256), (128, 128), (96, 160)])
def test_all_heads_are_the_published_ones(
    parity: Parity, published: DNANet, height: int, width: int
) -> None:
    frames = parity.frames(1, 3, height, width)
    with torch.no_grad():
        heads, prediction = published.heads(frames), published(frames)
    outputs = {f"out{k}": head.numpy() for k, head in enumerate(heads)}
    parity.check(outputs, "dnanet", f"s{height}x{width}_")
    assert torch.equal(prediction, heads[-1])


def test_every_node_is_the_published_one(parity: Parity, published: DNANet) -> None:
    modules = {f"n{key.replace('_', '')}": node for key, node in published.nodes.items()}
    seen = watch(published, modules | {"merged": published.merge}, parity.frames(1, 3, 32, 48))
    assert len(seen) == 16
    parity.check(seen, "dnanet", part="probes.seed0")


@pytest.mark.parametrize("preset", PRESETS)
def test_presets(parity: Parity, preset: str) -> None:
    network = parity.network(DNANet, f"dnanet.{preset}")
    config, size = PRESETS[preset]
    assert network.config == config
    assert sum(values.numel() for values in network.parameters()) == size
    with torch.no_grad():
        heads = network.heads(parity.frames(1, 3, 64, 64))
    outputs = {f"out{k}": head.numpy() for k, head in enumerate(heads)}
    parity.check(outputs, "dnanet", f"{preset}_", tol=1e-3, part="presets.seed0")


def test_a_training_step_is_the_published_one(parity: Parity) -> None:
    network = parity.network(DNANet, "dnanet")
    mask = torch.from_numpy(parity.fixture("dnanet.train.seed0")["mask"]).double()
    loss = DeepSupervision(SoftIoULoss("batch"))
    step = take_step(parity, network, "dnanet", lambda heads: loss(heads, mask))
    assert all(gradient is not None for gradient in step[1].values())
    parity.check_train(*step, "dnanet")


@pytest.mark.parametrize("keys", ["dnanet", *(f"dnanet.{preset}" for preset in PRESETS)])
def test_keys_and_shapes_are_the_published_ones(parity: Parity, keys: str) -> None:
    shapes = parity.shapes(keys)
    config = DNANet.read_config(shapes)
    own, names = DNANet.own_shapes(config), DNANet.published_keys(config)
    assert {published: own[key] for published, key in names.items()} == shapes
    assert sorted(names.values()) == sorted(own)


@pytest.mark.parametrize("channels", ["one", "two"])
@pytest.mark.parametrize("backbone", BACKBONES)
def test_narrow_presets_run_which_the_published_ones_do_not(channels: str, backbone: str) -> None:
    network = create("dnanet", channels=channels, backbone=backbone).eval()
    assert network.nodes["0_0"][0].channel_gate.squeeze.out_channels == 1
    with torch.no_grad():
        assert network(torch.zeros(1, 1, 16, 16)).shape == (1, 1, 16, 16)


def test_weights_start_as_published() -> None:
    torch.manual_seed(0)
    network = create("dnanet")
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d) and module.weight.numel() > 2000:
            outs, ins, height, width = module.weight.shape
            xavier = (2 / ((ins + outs) * height * width)) ** 0.5
            assert module.weight.std().item() == pytest.approx(xavier, rel=0.08)
            if module.bias is not None:
                assert module.bias.abs().max().item() <= (ins * height * width) ** -0.5


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"channels": "thre"}, "Did you mean 'three'"),
        ({"channels": (4, 8)}, r"five positive numbers of channels, got 1 and \[4, 8\]"),
        ({"backbone": "resnet18"}, "Did you mean 'resnet_18'"),
        ({"in_channels": 0}, "at least one input channel"),
    ],
)
def test_mistakes(config: dict[str, object], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        create("dnanet", **config)


def test_other_weights_are_refused(parity: Parity) -> None:
    with pytest.raises(WeightsError, match=r"kernel conv0_0.0.conv1.weight of DNANet"):
        DNANet.read_config(parity.shapes("mshnet"))
    deeper = parity.shapes("dnanet") | {"conv4_0.2.conv1.weight": (256, 256, 3, 3)}
    with pytest.raises(WeightsError, match=r"got nodes of \[2, 2, 2, 3\] resnet blocks"):
        DNANet.read_config(deeper)
    headless = {k: s for k, s in parity.shapes("dnanet").items() if not k.startswith("final")}
    with pytest.raises(WeightsError, match="kernel final4.weight of DNANet, got none"):
        DNANet.read_config(headless)
