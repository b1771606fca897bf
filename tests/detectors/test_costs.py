"""Parameters and multiplications: equal to the published tables, and to counting by hand."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from sirst5k.detectors import create  # noqa: E402
from sirst5k.detectors.costs import count_macs, count_parameters  # noqa: E402
from sirst5k.errors import ShapeError  # noqa: E402

# Name, options, parameters, GMAC of all heads at 1×3×256×256, as far as they are printed.
DESCRIBED: list[tuple[str, dict[str, Any], int, float]] = [
    ("dnanet", {}, 4_696_888, 13.930),
    ("dnanet", {"backbone": "resnet_10"}, 2_612_196, 10.902),
    ("dnanet", {"backbone": "resnet_34"}, 8_792_702, 19.678),
    ("dnanet", {"backbone": "vgg_10"}, 2_456_020, 10.060),
    ("dnanet", {"channels": "four"}, 18_751_992, 55.486),
    ("mshnet", {}, 4_065_513, 6.0015),
]


@pytest.mark.parametrize(("name", "options", "parameters", "gmacs"), DESCRIBED)
def test_published_costs(name: str, options: dict[str, Any], parameters: int, gmacs: float) -> None:
    network = create(name, in_channels=3, **options)
    digits = len(str(gmacs).partition(".")[2].ljust(3, "0"))
    assert count_parameters(network) == parameters
    assert round(count_macs(network, (1, 3, 256, 256), heads=True) / 1e9, digits) == gmacs


def test_the_single_head_of_dnanet() -> None:
    network = create("dnanet", in_channels=3, deep_supervision=False)
    assert count_parameters(network) == 4_696_837


def test_a_convolution_counted_by_hand() -> None:
    # 5 × 5 taps of 3 channels, for each of 4 channels at 10 × 10 pixels.
    assert count_macs(torch.nn.Conv2d(3, 4, 5, padding=2), (1, 3, 10, 10)) == 30_000
    assert count_macs(torch.nn.Conv2d(4, 4, 3, groups=4), (2, 4, 10, 10)) == 2 * 9 * 4 * 64
    assert count_macs(torch.nn.Linear(7, 11), (1, 1, 5, 7)) == 5 * 7 * 11


def test_cost_grows_with_the_padded_area_and_the_batch() -> None:
    network = create("unet", widths=(4, 8))
    one = count_macs(network, (1, 1, 64, 64))
    assert one == 3_997_696
    assert count_macs(network, (3, 1, 64, 64)) == 3 * one
    assert count_macs(network, (1, 1, 63, 127)) == 2 * one
    assert count_macs(network, (1, 1, 4096, 4096)) == 4096 * one  # in no time


def test_the_network_is_left_as_it_was() -> None:
    network = create("unet", widths=(4, 8)).train()
    network.encoder[0].eval()
    before = {key: values.clone() for key, values in network.state_dict().items()}
    count_macs(network, (2, 1, 16, 16))
    assert network.training
    assert not network.encoder[0].training
    assert not network.encoder[0][1].training
    assert network.decoder[0][1].training
    assert all(torch.equal(before[key], values) for key, values in network.state_dict().items())


def test_frozen_parameters_are_told_apart() -> None:
    network = torch.nn.Linear(3, 2)
    network.bias.requires_grad_(False)
    assert count_parameters(network) == 6
    assert count_parameters(network, trainable=False) == 8


@pytest.mark.parametrize("shape", [(1, 64, 64), (1, 1, 0, 64)])
def test_mistakes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="Expected a shape"):
        count_macs(create("unet", widths=(4, 8)), shape)
