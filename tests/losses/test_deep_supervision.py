"""Several heads: sizes, weights, what is handed on."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from sirst5k.errors import ParameterError, ShapeError  # noqa: E402
from sirst5k.losses import BCELoss, DeepSupervision, SLSIoULoss, SoftIoULoss  # noqa: E402


def heads_of(*sizes: tuple[int, int]) -> list[Any]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(2, 1, *size, generator=generator) for size in sizes]


def mask_of(height: int, width: int) -> Any:
    mask = torch.zeros(2, 1, height, width, dtype=torch.bool)
    mask[0, 0, -1, -1] = mask[1, 0, height // 2, width // 3] = True
    return mask


def test_mean_sum_and_weights() -> None:
    heads, mask, loss = heads_of((8, 8), (8, 8), (8, 8)), mask_of(8, 8), BCELoss()
    a, b, c = (float(loss(head, mask)) for head in heads)
    for reduction, weights, wanted in [
        ("mean", None, (a + b + c) / 3),
        ("sum", None, a + b + c),
        ("mean", (1, 2, 5), (a + 2 * b + 5 * c) / 8),
        ("sum", (1, 2, 5), a + 2 * b + 5 * c),
        ("sum", (0, 0, 1), c),
    ]:
        together = DeepSupervision(loss, reduction, weights)
        assert float(together(heads, mask)) == pytest.approx(wanted)


def test_odd_sizes_are_halved_and_rounded_up() -> None:
    seen: list[Any] = []

    def note(head: Any, mask: Any) -> Any:
        seen.append(mask)
        assert mask.shape == head.shape
        return head.mean()

    heads = heads_of((45, 61), (23, 31), (12, 16), (6, 8))
    DeepSupervision(note)(heads, mask_of(45, 61))
    for mask in seen:
        assert float(mask[0].sum()) == float(mask[1].sum()) == 1
        assert mask[0, 0, -1, -1] == 1  # the corner alone makes up the last, cut window


def test_down_to_one_pixel() -> None:
    value = DeepSupervision(SoftIoULoss())(heads_of((1, 1), (1, 3), (3, 10)), mask_of(3, 10))
    assert torch.isfinite(value)


def test_a_tensor_is_one_head() -> None:
    head, mask = heads_of((8, 8))[0], mask_of(8, 8)
    assert DeepSupervision(BCELoss())(head, mask) == BCELoss()(head, mask)
    # The mean of one is that one, so that weights need not change in a warm-up.
    assert DeepSupervision(BCELoss(), weights=(1, 2))(head, mask) == BCELoss()(head, mask)


def test_context_is_handed_on() -> None:
    heads, mask = heads_of((8, 8), (4, 4)), mask_of(8, 8)
    together = DeepSupervision(SLSIoULoss(warm_up_epochs=3))
    early, late = (float(together(heads, mask, epoch=epoch)) for epoch in (3, 4))
    assert early != late
    assert (together.warming_up(3), together.warming_up(4)) == (True, False)
    assert not DeepSupervision(torch.nn.L1Loss()).warming_up(0)
    with pytest.raises(TypeError):
        DeepSupervision(torch.nn.L1Loss())(heads_of((8, 8)), mask.float(), epoch=1)


def test_gradients_reach_every_head() -> None:
    heads = [head.requires_grad_() for head in heads_of((16, 16), (8, 8), (4, 4))]
    DeepSupervision(SLSIoULoss())(heads, mask_of(16, 16), epoch=9).backward()
    assert all(head.grad.any() for head in heads)


def test_misfits() -> None:
    together = DeepSupervision(BCELoss())
    with pytest.raises(ShapeError, match="halves, rounded up.*got 30 × 30"):
        together(heads_of((64, 64), (30, 30)), mask_of(64, 64))
    with pytest.raises(ShapeError, match="got 48 × 64"):  # padding that was not cut off
        together(heads_of((48, 64)), mask_of(45, 61))
    with pytest.raises(ShapeError, match=r"mask of shape \(B, 1, H, W\)"):
        together(heads_of((8, 8)), torch.zeros(2, 8, 8))
    with pytest.raises(ParameterError, match="at least one head"):
        together([], mask_of(8, 8))
    with pytest.raises(ParameterError, match="Expected 2 heads"):
        DeepSupervision(BCELoss(), weights=(1, 2))(heads_of((8, 8), (8, 8), (8, 8)), mask_of(8, 8))
    with pytest.raises(ParameterError, match="Did you mean 'mean'"):
        DeepSupervision(BCELoss(), "meen")
    for weights in ((), (0, 0), (1, -1), (float("nan"),)):
        with pytest.raises(ParameterError, match="weight"):
            DeepSupervision(BCELoss(), weights=weights)
