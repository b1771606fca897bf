"""Deformable convolution: its definition, tap by tap, and torchvision's operator."""

from __future__ import annotations

import pickle
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from sirst5k.detectors.networks import deformable  # noqa: E402
from sirst5k.detectors.networks.deformable import (  # noqa: E402
    DeformableConv,
    choose_operator,
    deform_conv2d,
)
from sirst5k.errors import MissingDependencyError, ParameterError  # noqa: E402


def arguments(
    batch: int, channels: int, height: int, width: int, side: int, shift: float = 2.0, seed: int = 0
) -> list[Any]:
    """Frames, offsets, modulation, weight and bias, in float64."""
    generator = torch.Generator().manual_seed(seed)
    taps = side * side

    def normal(*shape: int) -> Any:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    return [
        normal(batch, channels, height, width),
        shift * normal(batch, 2 * taps, height, width),
        normal(batch, taps, height, width),
        normal(3, channels, side, side),
        normal(3),
    ]


def by_definition(frames: Any, offsets: Any, modulation: Any, weight: Any, bias: Any) -> Any:
    """Every number by itself: no vector, no library."""
    x, shifts, share, kernel, start = (
        tensor.detach().numpy() for tensor in (frames, offsets, modulation, weight, bias)
    )
    batch, channels, height, width = x.shape
    outputs, side = len(kernel), kernel.shape[-1]

    def pixel(b: int, c: int, row: int, column: int) -> float:
        inside = 0 <= row < height and 0 <= column < width
        return float(x[b, c, row, column]) if inside else 0.0

    def between(b: int, c: int, y: float, x_: float) -> float:
        top, left = int(np.floor(y)), int(np.floor(x_))
        down, right = y - top, x_ - left
        return (
            (1 - down) * (1 - right) * pixel(b, c, top, left)
            + (1 - down) * right * pixel(b, c, top, left + 1)
            + down * (1 - right) * pixel(b, c, top + 1, left)
            + down * right * pixel(b, c, top + 1, left + 1)
        )

    result = np.empty((batch, outputs, height, width))
    for b, o, row, column in product(*map(range, (batch, outputs, height, width))):
        total = float(start[o])
        for c, i, j in product(range(channels), range(side), range(side)):
            tap = side * i + j
            y = row - side // 2 + i + shifts[b, 2 * tap, row, column]
            x_ = column - side // 2 + j + shifts[b, 2 * tap + 1, row, column]
            total += kernel[o, c, i, j] * share[b, tap, row, column] * between(b, c, y, x_)
        result[b, o, row, column] = total
    return torch.from_numpy(result)


@settings(max_examples=12, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(1, 6), st.integers(1, 6)),
    side=st.sampled_from([1, 3, 5]),
    shift=st.sampled_from([0.0, 0.4, 3.0, 50.0]),  # 50: nearly all beyond the border
    seed=st.integers(0, 99),
)
def test_equals_the_definition(
    shape: tuple[int, int, int, int], side: int, shift: float, seed: int
) -> None:
    given_ = arguments(*shape, side, shift, seed)
    torch.testing.assert_close(deform_conv2d(*given_), by_definition(*given_), atol=1e-12, rtol=0)


def test_single_precision_is_as_exact_as_positions_allow() -> None:
    given_ = arguments(1, 2, 9, 12, 5)
    found = deform_conv2d(*(tensor.float() for tensor in given_))
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), by_definition(*given_), atol=1e-4, rtol=0)


def test_without_shifts_it_is_a_convolution() -> None:
    frames, offsets, modulation, weight, bias = arguments(2, 3, 8, 5, 3, shift=0.0)
    ordinary = torch.nn.functional.conv2d(frames, weight, bias, padding=1)
    found = deform_conv2d(frames, offsets, torch.ones_like(modulation), weight, bias)
    torch.testing.assert_close(found, ordinary)


@pytest.mark.parametrize(("height", "width"), [(3, 4), (1, 2)])
def test_gradients(height: int, width: int) -> None:
    given_ = [tensor.requires_grad_() for tensor in arguments(1, 2, height, width, 3)]
    assert torch.autograd.gradcheck(deform_conv2d, given_)


def test_taps_on_their_pixels_have_the_derivative_to_the_lower_right() -> None:
    # Interpolation has a kink on every pixel, and a regular start puts all taps there.
    given_ = [tensor.float() for tensor in arguments(1, 2, 16, 8, 3, shift=0.0)]
    beside = [tensor.double() for tensor in given_]
    beside[1] = torch.full_like(beside[1], 1e-6)
    gradients = []
    for frames, offsets, *others in (given_, beside):
        offsets.requires_grad_()
        deform_conv2d(frames, offsets, *others).square().sum().backward()
        gradients.append(offsets.grad.double())
    torch.testing.assert_close(*gradients, atol=1e-3, rtol=1e-3)


def test_parts_make_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    given_ = [tensor.requires_grad_() for tensor in arguments(2, 3, 7, 5, 3)]
    whole = deform_conv2d(*given_)
    expected = torch.autograd.grad(whole.square().sum(), given_)
    seen = []
    convolve = deformable._convolve
    monkeypatch.setattr(deformable, "_rows_at_once", lambda frames, taps: 3)
    monkeypatch.setattr(
        deformable, "_convolve", lambda *a: seen.append(a[1].shape[2]) or convolve(*a)
    )
    parts = deform_conv2d(*given_)
    assert seen == [3, 3, 1]
    torch.testing.assert_close(parts, whole)
    torch.testing.assert_close(torch.autograd.grad(parts.square().sum(), given_), expected)


def test_large_frames_are_taken_in_parts_of_eight_megabytes() -> None:
    frames = torch.empty(4, 32, 128, 128, device="meta")
    assert deformable._rows_at_once(frames, 25) == 128
    frames = torch.zeros(1).expand(4, 32, 128, 128)
    rows = deformable._rows_at_once(frames, 25)
    assert rows == 5
    assert rows * 4 * 25 * 4 * 32 * 128 <= 8 << 20
    assert deformable._rows_at_once(torch.zeros(1).expand(1, 1, 4, 1 << 20), 25) == 1


def test_positions_stay_exact_under_autocast() -> None:
    # Far from the left, bfloat16 knows every second pixel only.
    frames = (torch.arange(512) % 2.0).expand(1, 1, 1, 512)
    offsets = torch.zeros(1, 2, 1, 512)
    offsets[:, 1] = 0.25
    given_ = frames, offsets, torch.ones(1, 1, 1, 512), torch.ones(1, 1, 1, 1), torch.zeros(1)
    with torch.autocast("cpu", torch.bfloat16):
        found = deform_conv2d(*given_)
    assert found.dtype == torch.bfloat16
    expected = 0.25 + 0.5 * (torch.arange(511) % 2)
    torch.testing.assert_close(found[0, 0, 0, :511].float(), expected)


def stand_in(
    input: Any,
    offset: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = (1, 1),
    padding: Any = (0, 0),
    dilation: Any = (1, 1),
    mask: Any = None,
) -> Any:
    """What torchvision.ops.deform_conv2d documents, for what is asked of it here."""
    assert (stride, padding, dilation) == ((1, 1), weight.shape[-1] // 2, (1, 1))
    assert offset.shape[1] == 2 * mask.shape[1] == 2 * weight.shape[-1] ** 2
    return by_definition(input, offset, mask, weight, bias)


def steered(side: int = 3) -> Any:
    torch.manual_seed(1)
    module = DeformableConv(2, 3, side).double()
    torch.nn.init.normal_(module.steering.weight, std=0.5)
    torch.nn.init.normal_(module.steering.bias, std=0.5)
    return module


def test_torchvision_gets_the_same_in_its_own_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deformable, "_torchvision", lambda: stand_in)
    module, frames = steered(), torch.randn(1, 2, 4, 5, dtype=torch.float64)
    plain = module(frames)
    choose_operator(torch.nn.Sequential(module), "torchvision")
    compiled = module(frames)
    assert not compiled.requires_grad  # so it came from the stand-in
    torch.testing.assert_close(compiled, plain.detach())
    choose_operator(module, "plain")
    assert module(frames).requires_grad


def test_torchvision_never_gets_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def note(*given: Any, **options: Any) -> Any:
        seen.extend(tensor.dtype for tensor in (*given, options["mask"]))
        return torch.zeros(1, 3, 4, 5)

    monkeypatch.setattr(deformable, "_torchvision", lambda: note)
    module, frames = DeformableConv(2, 3, 3), torch.zeros(1, 2, 4, 5)
    choose_operator(module, "torchvision")
    with torch.autocast("cpu", torch.bfloat16):
        assert module(frames).dtype == torch.bfloat16
    assert module.bfloat16()(frames.bfloat16()).dtype == torch.bfloat16
    assert set(seen) == {torch.float32}


def test_by_default_torchvision_is_for_gpus_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deformable, "_torchvision", lambda: stand_in)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    module = DeformableConv(1, 1, 3)
    assert module._compiled is stand_in
    assert module(torch.zeros(1, 1, 4, 4)).requires_grad  # ours: the frames are on the CPU
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert DeformableConv(1, 1, 3)._compiled is None


def test_exports_never_hold_torchvisions_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deformable, "_torchvision", lambda: stand_in)
    module = DeformableConv(1, 1, 3).eval()
    choose_operator(module, "torchvision")
    program = torch.export.export(module, (torch.zeros(1, 1, 4, 4),))
    assert any("grid_sample" in str(node.target) for node in program.graph.nodes)


def test_a_missing_or_wrong_operator_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deformable, "_torchvision", lambda: None)
    with pytest.raises(MissingDependencyError, match=r"sirst5k\[torchvision\]"):
        choose_operator(DeformableConv(1, 1), "torchvision")
    with pytest.raises(ParameterError, match="Did you mean 'plain'"):
        choose_operator(DeformableConv(1, 1), "plane")


@pytest.mark.parametrize("failure", [ImportError, RuntimeError, OSError, AttributeError])
def test_a_torchvision_that_does_not_load_is_none(
    monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
) -> None:
    def fails(name: str) -> None:
        raise failure(name)

    monkeypatch.setattr(deformable, "import_module", fails)
    assert deformable._torchvision.__wrapped__() is None


def test_starts_regular_and_can_be_pickled() -> None:
    module = DeformableConv(2, 3, 3)
    frames = torch.randn(1, 2, 5, 6)
    half = torch.nn.functional.conv2d(frames, 0.5 * module.weight, module.bias, padding=1)
    torch.testing.assert_close(module(frames), half)
    torch.testing.assert_close(pickle.loads(pickle.dumps(module))(frames), half)


DEVICES = [
    "cpu",
    pytest.param(
        "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
    ),
]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("shape", [(2, 3, 9, 7), (1, 1, 1, 1), (3, 2, 16, 16)])
def test_equals_torchvision(device: str, shape: tuple[int, int, int, int]) -> None:
    if deformable._torchvision() is None:
        pytest.skip("needs torchvision, built for this torch")
    given_ = [tensor.to(device).requires_grad_() for tensor in arguments(*shape, 5)]
    frames, offsets, modulation, weight, bias = given_
    compiled = deformable._torchvision()(frames, offsets, weight, bias, padding=2, mask=modulation)
    plain = deform_conv2d(*given_)
    torch.testing.assert_close(plain, compiled, atol=1e-11, rtol=0)
    wanted = torch.randn_like(plain)
    torch.testing.assert_close(
        torch.autograd.grad(plain, given_, wanted),
        torch.autograd.grad(compiled, given_, wanted),
        atol=1e-11,
        rtol=0,
    )
