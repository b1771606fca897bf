"""MSHNet: equal to the published one in both of its modes, and what goes beyond it."""

from __future__ import annotations

import pytest
from detectors.networks.parity import Parity

torch = pytest.importorskip("torch")

from detectors.networks.stepping import take_step, watch  # noqa: E402

from sirst5k.detectors import create  # noqa: E402
from sirst5k.detectors.networks.mshnet import MSHNet, MSHNetConfig  # noqa: E402
from sirst5k.errors import ParameterError, WeightsError  # noqa: E402
from sirst5k.losses import DeepSupervision, SLSIoULoss  # noqa: E402


@pytest.fixture(scope="module")
def published(parity: Parity) -> MSHNet:
    return parity.network(MSHNet, "mshnet")


@pytest.mark.parametrize(("height", "width"), [(256, 256), (128, 128), (96, 160)])
def test_all_heads_are_the_published_ones(
    parity: Parity, published: MSHNet, height: int, width: int
) -> None:
    frames = parity.frames(1, 3, height, width)
    with torch.no_grad():
        heads = published.heads(frames)
        (cold,) = published.heads(frames, warming_up=True)
        prediction = published(frames)
    outputs = dict(zip(("mask0", "mask1", "mask2", "mask3", "fused"), heads, strict=True))
    outputs["cold"] = cold
    parity.check(
        {name: head.numpy() for name, head in outputs.items()}, "mshnet", f"s{height}x{width}_"
    )
    assert torch.equal(prediction, heads[-1])


def test_every_stage_is_the_published_one(parity: Parity, published: MSHNet) -> None:
    *encoder, middle = published.encoder
    modules = {"stem": published.stem, "mid": middle}
    modules |= {f"e{k}": stage for k, stage in enumerate(encoder)}
    modules |= {f"d{k}": stage for k, stage in enumerate(published.decoder)}
    seen = watch(published, modules, parity.frames(1, 3, 32, 48))
    assert len(seen) == 10
    parity.check(seen, "mshnet", part="probes.seed0")


@pytest.mark.parametrize(("mode", "epoch", "untrained"), [("warm", 6, 0), ("cold", 0, 8)])
def test_a_training_step_is_the_published_one(
    parity: Parity, mode: str, epoch: int, untrained: int
) -> None:
    network = parity.network(MSHNet, "mshnet")
    mask = torch.from_numpy(parity.fixture("mshnet.train.seed0")["mask"]).double()
    loss = DeepSupervision(SLSIoULoss(warm_up_epochs=5))
    step = take_step(
        parity,
        network,
        "mshnet",
        lambda heads: loss(heads, mask, epoch=epoch),
        warming_up=loss.warming_up(epoch),
    )
    assert sum(gradient is None for gradient in step[1].values()) == untrained
    parity.check_train(*step, "mshnet", mode)


def test_keys_and_shapes_are_the_published_ones(parity: Parity) -> None:
    shapes = parity.shapes("mshnet")
    config = MSHNet.read_config(shapes)
    assert config == MSHNetConfig(in_channels=3)
    own, names = MSHNet.own_shapes(config), MSHNet.published_keys(config)
    assert {published: own[key] for published, key in names.items()} == shapes
    assert sorted(names.values()) == sorted(own)


def test_size_is_the_published_one() -> None:
    network = create("mshnet", in_channels=3)
    assert sum(values.numel() for values in network.parameters()) == 4_065_513


@pytest.mark.parametrize("levels", [2, 3, 6])
def test_other_depths(levels: int) -> None:
    widths = (2, 3, 4, 5, 6, 7)[:levels]
    network = create("mshnet", widths=widths, blocks=(1, 2, 1, 1, 1, 1)[:levels]).eval()
    heads = network.heads(torch.zeros(1, 1, 64, 32))
    assert [head.shape[2] for head in heads] == [64 >> k for k in range(levels - 1)] + [64]


def test_without_deep_supervision_only_the_prediction_is_supervised() -> None:
    torch.manual_seed(0)
    config = {"widths": (2, 4, 8), "blocks": (1, 1, 1)}
    with_heads, without = (
        create("mshnet", **config),
        create("mshnet", **config, deep_supervision=False),
    )
    without.load_state_dict(with_heads.state_dict())
    frames = torch.randn(1, 1, 16, 20)
    (head,) = without.eval().heads(frames)
    assert torch.equal(head, with_heads.eval().heads(frames)[-1])
    (warm,) = without.heads(frames, warming_up=True)
    assert torch.equal(warm, with_heads.heads(frames)[0])


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"widths": (4,), "blocks": (1,)}, "two positive widths"),
        ({"widths": (4, 0), "blocks": (1, 1)}, "two positive widths"),
        ({"widths": (4, 8)}, "a positive number of blocks for each of 2 widths"),
        ({"in_channels": 0}, "at least one channel"),
    ],
)
def test_mistakes(config: dict[str, object], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        create("mshnet", **config)


def test_other_weights_are_refused(parity: Parity) -> None:
    with pytest.raises(WeightsError, match="kernel conv_init.weight of MSHNet"):
        MSHNet.read_config(parity.shapes("dnanet"))
    cut = {k: s for k, s in parity.shapes("mshnet").items() if not k.startswith("middle")}
    with pytest.raises(WeightsError, match="kernel middle_layer.0.conv1.weight"):
        MSHNet.read_config(cut)
