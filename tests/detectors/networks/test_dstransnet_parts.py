"""Parts of DSTransNet that are computed in another way than they are defined."""

from __future__ import annotations

import math
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402, N812

from sirst5k.detectors.networks.central_difference import CentralDifferenceConv  # noqa: E402
from sirst5k.detectors.networks.channel_attention import ChannelAttention  # noqa: E402
from sirst5k.detectors.networks.cross_scale import (  # noqa: E402
    CrossScaleTransformer,
    FeedForward,
    Reconstruction,
)
from sirst5k.detectors.networks.gated_decoder import SkipGate  # noqa: E402
from sirst5k.detectors.networks.three_branches import WaveletResidual  # noqa: E402


def normal(*shape: int) -> Any:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("share", [0.0, 0.7, 1.0])
def test_difference_is_a_convolution_less_its_answer_to_a_flat_field(share: float) -> None:
    torch.manual_seed(0)
    module, frames = CentralDifferenceConv(2, 3, share).double(), normal(2, 2, 5, 6)
    weight, bias = module.weight, module.bias
    flat = F.conv2d(frames, weight.sum(dim=(2, 3), keepdim=True), bias)
    expected = F.conv2d(frames, weight, bias, padding=1) - share * flat
    torch.testing.assert_close(module(frames), expected)
    found = torch.autograd.grad(module(frames).square().sum(), module.parameters())
    wanted = torch.autograd.grad(expected.square().sum(), module.parameters())
    torch.testing.assert_close(found, wanted)


def test_reconstruction_may_interpolate_last() -> None:
    torch.manual_seed(0)
    module, tokens = Reconstruction(4).double().train(), normal(2, 4, 3, 5)
    raised = F.interpolate(tokens, scale_factor=8, mode="bilinear", align_corners=False)
    expected = F.relu(module.norm(module.convolution(raised)))
    torch.testing.assert_close(module(tokens, (24, 40)), expected)


def test_gate_is_that_of_the_raised_feature() -> None:
    torch.manual_seed(0)
    module, deep, skip = SkipGate(4).double(), normal(2, 4, 3, 5), normal(2, 4, 6, 10).relu()
    raised = deep.repeat_interleave(2, 2).repeat_interleave(2, 3)
    channels = module.from_deep(raised.mean((2, 3))) + module.from_skip(skip.mean((2, 3)))
    peaks = torch.cat((raised.amax(1, keepdim=True), skip.amax(1, keepdim=True)), dim=1)
    expected = skip * channels.sigmoid()[:, :, None, None] * module.spatial(peaks).sigmoid()
    torch.testing.assert_close(module(deep, skip), expected)
    assert (expected >= 0).all()  # why no ReLU is needed


def test_feed_forward_gates_channels_by_their_neighbours() -> None:
    torch.manual_seed(0)
    module, tokens = FeedForward(6).double(), normal(2, 6, 3, 4)
    assert module.small.out_channels == 15  # 2.66 × 6, rounded down
    first, second = module.expand(tokens).split(15, dim=1)
    wide = torch.cat((module.small(first).relu(), module.large(second).relu()), dim=1)
    mixed = module.contract(wide)
    padded = F.pad(mixed.mean((2, 3)), (1, 1))
    before, own, after = module.gate.weight.flatten()
    gate = before * padded[:, :-2] + own * padded[:, 1:-1] + after * padded[:, 2:]
    torch.testing.assert_close(module(tokens), mixed * gate.sigmoid()[:, :, None, None])


def attended(queries: Any, keys: Any, values: Any) -> Any:
    """One sample's channels, normalised by hand."""
    scores = queries @ keys.T / math.sqrt(len(keys))
    scores = (scores - scores.mean()) / (scores.var(unbiased=False) + 1e-5).sqrt()
    return scores.exp() / scores.exp().sum(dim=1, keepdim=True) @ values


def test_attention_is_that_of_channels() -> None:
    torch.manual_seed(0)
    module = ChannelAttention((2, 4)).double()
    scales, joint = [normal(2, 2, 3, 3), normal(2, 4, 3, 3)], normal(2, 6, 3, 3)
    found = module(scales, joint)
    for sample in range(2):
        query, key, value = (
            project(joint)[sample].flatten(1)
            for project in (module.query, module.key, module.value)
        )
        context = attended(
            query / query.norm(dim=1, keepdim=True), key / key.norm(dim=1, keepdim=True), value
        )
        for k in range(2):
            own = module.scale_queries[k](scales[k])[sample].flatten(1)
            mixed = attended(own / own.norm(dim=1, keepdim=True), context, context)
            expected = module.outputs[k](mixed.view(1, -1, 3, 3))[0]
            torch.testing.assert_close(found[k][sample], expected)


def test_attention_is_in_single_precision_under_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    module, seen = ChannelAttention((2, 4)), []
    softmax = torch.Tensor.softmax
    monkeypatch.setattr(
        torch.Tensor,
        "softmax",
        lambda scores, dim: seen.append(scores) or softmax(scores, dim),
    )
    scales = [normal(1, 2, 3, 3).float(), normal(1, 4, 3, 3).float()]
    joint = torch.cat(scales, dim=1)
    with torch.autocast("cpu", torch.bfloat16):
        module(scales, joint)
    assert len(seen) == 3
    for scores in seen:
        assert scores.dtype == torch.float32
        assert not torch.equal(scores, scores.bfloat16().float())  # not rounded before either


@pytest.mark.parametrize("value", [0.0, 1e-30, 1e6])
def test_flat_tokens_stay_finite(value: float) -> None:
    torch.manual_seed(0)
    transformer = CrossScaleTransformer((2, 4), (4, 2), layers=2)
    skips = [torch.full((1, 2, 16, 16), value), torch.full((1, 4, 8, 8), value)]
    skips = [skip.requires_grad_() for skip in skips]
    with torch.autocast("cpu", torch.bfloat16):
        found = transformer(skips)
    sum(maps.float().sum() for maps in found).backward()
    assert [maps.shape for maps in found] == [skip.shape for skip in skips]
    assert all(maps.isfinite().all() for maps in found)
    assert all(skip.grad.isfinite().all() for skip in skips)


def test_equal_widths_need_no_convolution_in_the_shortcut() -> None:
    assert not list(WaveletResidual(4, 4, 1).shortcut.parameters())
    assert list(WaveletResidual(2, 4, 1).shortcut.parameters())
