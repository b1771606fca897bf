"""Wavelet convolution: its filters, and its definition as convolutions with them."""

from __future__ import annotations

from typing import Any

import pytest
from detectors.networks.parity import Parity
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402, N812

from sirst5k.detectors.networks.wavelet import (  # noqa: E402
    HALF,
    WaveletConv,
    analyse,
    synthesise,
)

SIGNS = [[[1, 1], [1, 1]], [[1, 1], [-1, -1]], [[1, -1], [1, -1]], [[1, -1], [-1, 1]]]
BANK = HALF * torch.tensor(SIGNS, dtype=torch.float64)

sizes = st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 13), st.integers(1, 13))


def split(frames: Any) -> Any:
    """Each channel under the four filters, with stride 2; odd sides completed by zeros."""
    batch, channels, height, width = frames.shape
    frames = F.pad(frames, (0, width % 2, 0, height % 2))
    filters = BANK[:, None].repeat(channels, 1, 1, 1)
    bands = F.conv2d(frames, filters, stride=2, groups=channels)
    return bands.reshape(batch, channels, 4, *bands.shape[-2:])


def join(bands: Any) -> Any:
    channels = bands.shape[1]
    filters = BANK[:, None].repeat(channels, 1, 1, 1)
    return F.conv_transpose2d(bands.flatten(1, 2), filters, stride=2, groups=channels)


def normal(*shape: int) -> Any:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def test_the_filters_are_the_published_ones(parity: Parity) -> None:
    assert torch.equal(BANK.float(), torch.from_numpy(parity.fixture("dstransnet.fixed")["bank"]))
    assert float(BANK.abs().max().float()) == HALF


@settings(max_examples=25, deadline=None)
@given(shape=sizes)
def test_bands_are_convolutions_with_fixed_filters(shape: tuple[int, int, int, int]) -> None:
    frames = normal(*shape)
    bands = analyse(frames)
    torch.testing.assert_close(bands, split(frames), atol=1e-14, rtol=0)
    torch.testing.assert_close(synthesise(bands), join(bands), atol=1e-14, rtol=0)


@settings(max_examples=25, deadline=None)
@given(shape=sizes)
def test_synthesis_undoes_analysis(shape: tuple[int, int, int, int]) -> None:
    frames = normal(*shape)
    again = synthesise(analyse(frames))[..., : shape[2], : shape[3]]
    torch.testing.assert_close(again, frames, atol=1e-6, rtol=0)  # HALF is not quite one half


@settings(max_examples=15, deadline=None)
@given(shape=sizes, levels=st.integers(1, 4), seed=st.integers(0, 9))
def test_equals_the_definition(shape: tuple[int, int, int, int], levels: int, seed: int) -> None:
    torch.manual_seed(seed)
    module = WaveletConv(shape[1], levels).double()
    for scale in (module.base.scale, *(level.scale for level in module.levels)):
        torch.nn.init.normal_(scale)
    frames = normal(*shape)
    lows, filtered = [frames], []
    for level in module.levels:
        bands = split(lows[-1])
        lows.append(bands[:, :, 0])
        mixed = level.scale * level.convolution(bands.flatten(1, 2))
        filtered.append(mixed.view_as(bands))
    raised = torch.zeros_like(lows[-1])
    for low, bands in zip(reversed(lows[:-1]), reversed(filtered), strict=True):
        added = torch.cat((bands[:, :, :1] + raised[:, :, None], bands[:, :, 1:]), dim=2)
        raised = join(added)[..., : low.shape[2], : low.shape[3]]
    expected = module.base.scale * module.base.convolution(frames) + raised
    torch.testing.assert_close(module(frames), expected, atol=1e-12, rtol=0)


def test_starts_as_published() -> None:
    module = WaveletConv(3, 2)
    assert module.base.scale.unique().tolist() == [1]
    assert module.levels[1].scale.unique().tolist() == pytest.approx([0.1])
    assert module.base.convolution.bias is not None
    assert module.levels[0].convolution.bias is None
    assert module.levels[0].convolution.weight.shape == (12, 1, 5, 5)


def test_each_level_doubles_what_a_pixel_sees() -> None:
    torch.manual_seed(0)
    reach = []
    for levels in (1, 2, 3):
        module = WaveletConv(1, levels, side=3)
        for weight in module.parameters():
            torch.nn.init.uniform_(weight, 0.5, 1)  # so that nothing cancels
        frames = torch.zeros(1, 1, 1, 128, requires_grad=True)
        module(frames)[0, 0, 0, 64].backward()
        seen = frames.grad[0, 0, 0].nonzero()
        reach.append(int(seen.max() - seen.min()) + 1)
    assert reach == [6, 12, 24]
