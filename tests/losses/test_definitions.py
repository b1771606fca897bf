"""Each loss against its formula, written out in NumPy pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sirst5k.losses import (  # noqa: E402
    BCELoss,
    DiceLoss,
    FocalLoss,
    SLSIoULoss,
    SoftIoULoss,
    TverskyLoss,
)

RNG = np.random.default_rng(7)
LOGITS = RNG.normal(-1, 2, (3, 1, 6, 8))
MASK = RNG.random((3, 1, 6, 8)) > 0.75
SOFT = RNG.random((3, 1, 6, 8))


def value(loss: Any, mask: Any = MASK, **context: Any) -> float:
    return float(loss(torch.from_numpy(LOGITS), torch.from_numpy(mask), **context))


def probability() -> np.ndarray:
    return 1 / (1 + np.exp(-LOGITS))


def sums(axes: Any, mask: Any = MASK) -> tuple[Any, Any, Any]:
    p = probability()
    return (p * mask).sum(axes), p.sum(axes), mask.sum(axes)


@pytest.mark.parametrize("mask", [MASK, SOFT], ids=["hard", "soft"])
@pytest.mark.parametrize("smooth", [0.0, 1.0, 5.0])
@pytest.mark.parametrize(("reduction", "axes"), [("batch", None), ("sample", (1, 2, 3))])
def test_region_losses(mask: Any, smooth: float, reduction: str, axes: Any) -> None:
    shared, predicted, true = sums(axes, mask)
    iou = np.mean((shared + smooth) / (predicted + true - shared + smooth))
    assert value(SoftIoULoss(reduction, smooth), mask) == pytest.approx(1 - iou)
    dice = np.mean((2 * shared + smooth) / (predicted + true + smooth))
    assert value(DiceLoss(reduction, smooth), mask) == pytest.approx(1 - dice)
    alarms, misses = predicted - shared, true - shared
    index = np.mean((shared + smooth) / (shared + 0.2 * alarms + 0.9 * misses + smooth))
    tversky = TverskyLoss(0.2, 0.9, reduction, smooth)
    assert value(tversky, mask) == pytest.approx(1 - index)


def test_tversky_contains_the_soft_iou_and_dice() -> None:
    iou = SoftIoULoss("sample", smooth=2)
    assert value(TverskyLoss(1, 1, smooth=2)) == pytest.approx(value(iou))
    dice = DiceLoss(smooth=2)
    assert value(TverskyLoss(0.5, 0.5, smooth=1)) == pytest.approx(value(dice))


@pytest.mark.parametrize("mask", [MASK, SOFT], ids=["hard", "soft"])
@pytest.mark.parametrize("gamma", [0, 0.5, 2])
def test_focal(mask: Any, gamma: float) -> None:
    p = probability()
    target = -0.3 * mask * (1 - p) ** gamma * np.log(p)
    background = -0.7 * (1 - mask.astype(float)) * p**gamma * np.log(1 - p)
    assert value(FocalLoss(0.3, gamma), mask) == pytest.approx((target + background).mean())


def test_focal_without_focus_is_half_the_cross_entropy() -> None:
    assert value(FocalLoss(0.5, 0)) == pytest.approx(value(BCELoss()) / 2)


def test_scale_and_location() -> None:
    p, y = probability(), MASK.astype(float)
    rows, columns = np.mgrid[:6, :8]

    def centre(values: Any) -> tuple[float, float]:
        return (values * columns / 8).mean(), (values * rows / 6).mean()

    ious, scaled, location = [], [], []
    for b in range(3):
        shared, predicted, true = (p[b] * y[b]).sum(), p[b].sum(), y[b].sum()
        iou = shared / (predicted + true - shared)
        delta = ((predicted - true) / 2) ** 2
        alpha = (min(predicted, true) + delta) / (max(predicted, true) + delta)
        (cx, cy), (tx, ty) = centre(p[b, 0]), centre(y[b, 0])
        angle = 4 / np.pi**2 * (np.arctan(cy / (cx + 1e-8)) - np.arctan(ty / (tx + 1e-8))) ** 2
        r, t = (np.sqrt(u * u + v * v + 1e-8) for u, v in ((cx, cy), (tx, ty)))
        ious.append(iou)
        scaled.append(alpha * iou)
        location.append(1 - min(r, t) / (max(r, t) + 1e-8) + angle)
    late = 1 - np.mean(scaled) + np.mean(location)
    assert value(SLSIoULoss(warm_up_epochs=2), epoch=2) == pytest.approx(1 - np.mean(ious))
    assert value(SLSIoULoss(warm_up_epochs=2), epoch=3) == pytest.approx(late)
    assert value(SLSIoULoss(warm_up_epochs=2)) == pytest.approx(late)
    assert value(SLSIoULoss(warm_up_epochs=-1), epoch=0) == pytest.approx(late)
    plain = SLSIoULoss(location=False)
    assert value(plain) == pytest.approx(1 - np.mean(scaled))


def test_smoothing_lets_an_empty_mask_teach_silence() -> None:
    for smooth, learns in ((0.0, False), (1.0, True)):
        logits = torch.zeros(1, 1, 4, 4, requires_grad=True)
        loss = SLSIoULoss(location=False, smooth=smooth)
        loss(logits, torch.zeros(1, 1, 4, 4), epoch=0).backward()
        assert bool(logits.grad.any()) == learns


def test_cross_entropy_pulls_back_where_the_published_one_has_let_go() -> None:
    for loss, pulls in ((BCELoss(), True), (BCELoss(published=True), False)):
        logits = torch.full((1, 1, 2, 2), 30.0, requires_grad=True)
        loss(logits, torch.zeros(1, 1, 2, 2)).backward()
        assert bool((logits.grad > 0).all()) == pulls
