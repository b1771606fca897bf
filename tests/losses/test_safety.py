"""No NaN and no overflow, whatever the logits; half precision; gradients; no wait for a device."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

torch = pytest.importorskip("torch")

from torch._subclasses.fake_tensor import (  # noqa: E402
    DataDependentOutputException,
    FakeTensorMode,
)

from sirst5k.errors import ParameterError, ShapeError  # noqa: E402
from sirst5k.losses import (  # noqa: E402
    BCELoss,
    DiceLoss,
    FocalLoss,
    SLSIoULoss,
    SoftIoULoss,
    TverskyLoss,
    create,
    names,
)

EVERY = [
    BCELoss(),
    BCELoss(published=True),
    DiceLoss("batch"),
    DiceLoss(smooth=0),
    FocalLoss(),
    FocalLoss(gamma=0.5),
    FocalLoss(gamma=0),
    SLSIoULoss(),
    SLSIoULoss(smooth=1.0),
    SLSIoULoss(location=False),
    SLSIoULoss(warm_up_epochs=-1),
    SoftIoULoss(),
    SoftIoULoss("sample", smooth=0),
    TverskyLoss(),
    TverskyLoss(smooth=0, reduction="batch"),
    TverskyLoss(alpha=0, beta=0, smooth=0),
]
# Around -88 the sigmoid leaves the normal numbers of float32, and 17 rounds it to 1.
WILD = st.one_of(
    st.floats(-200, 200, width=32),
    st.floats(-90, -85, width=32),
    st.sampled_from([0.0, -3e38, 3e38, 17.4, -103.9, -104.0]),
)


def one(loss: Any, logits: Any, mask: Any) -> tuple[float, np.ndarray]:
    logits = torch.as_tensor(logits).requires_grad_()
    value = loss(logits, torch.as_tensor(mask), epoch=3)
    value.backward()
    return value.item(), logits.grad.numpy()


@pytest.mark.parametrize("loss", EVERY, ids=repr)
@settings(max_examples=60, deadline=None)
@given(
    arrays(np.float32, (2, 1, 3, 4), elements=WILD),
    arrays(np.bool_, (2, 1, 3, 4)),
    st.booleans(),
)
def test_finite_for_any_logits(loss: Any, logits: Any, mask: Any, empty: bool) -> None:
    logits = logits.clip(-1e30, 1e30)  # a mean of 3e38 is beyond float32 whatever is done
    value, gradient = one(loss, logits, mask & (not empty))
    assert np.isfinite(value)
    assert value > -1e-6
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("loss", EVERY, ids=repr)
@pytest.mark.parametrize("level", np.linspace(-104, -86, 37))
def test_fading_prediction_of_nothing(loss: Any, level: float) -> None:
    """Through the numbers below the normal ones, where reciprocals overflow."""
    logits = np.full((1, 1, 1, 1), level, np.float32)
    value, gradient = one(loss, logits, np.zeros_like(logits))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_published_nan_spreads_over_the_batch() -> None:
    logits = np.full((2, 1, 4, 4), -200, np.float32)
    logits[0] = 3
    mask = np.zeros((2, 1, 4, 4), bool)
    mask[0] = True
    assert np.isnan(one(SLSIoULoss(published=True), logits, mask)[0])
    value, gradient = one(SLSIoULoss(), logits, mask)
    assert value == pytest.approx(1 - 0.5 / (1 + np.exp(-3)), abs=1e-6)
    assert gradient[0].any()


@pytest.mark.parametrize("name", names())
def test_half_precision_logits(name: str) -> None:
    """Sums over 512 × 512 pixels would overflow float16 and drown in bfloat16."""
    rng = np.random.default_rng(0)
    exact = torch.from_numpy(rng.normal(-2, 2, (1, 1, 512, 512)).astype(np.float32))
    mask = torch.zeros(1, 1, 512, 512, dtype=torch.uint8)
    mask[..., 100:104, 200:204] = 1
    for dtype in (torch.bfloat16, torch.float16):
        low = exact.to(dtype).requires_grad_()
        with torch.autocast("cpu", torch.bfloat16):
            value = create(name)(low, mask)
        value.backward()
        assert value.dtype == torch.float32
        assert low.grad.dtype == dtype
        assert value.item() == pytest.approx(create(name)(low.detach().float(), mask).item())


@pytest.mark.parametrize("loss", EVERY, ids=repr)
def test_gradients_are_those_of_the_value(loss: Any) -> None:
    rng = np.random.default_rng(1)
    logits = torch.from_numpy(rng.normal(0, 2, (2, 1, 4, 5))).requires_grad_()
    mask = torch.from_numpy(rng.random((2, 1, 4, 5)) > 0.7)
    for epoch in (0, None):
        assert torch.autograd.gradcheck(lambda x: loss(x, mask, epoch=epoch), logits)  # noqa: B023


@pytest.mark.parametrize("loss", EVERY, ids=repr)
@pytest.mark.parametrize("kind", ["bool", "uint8", "float16", "float64"])
def test_masks_of_any_kind(loss: Any, kind: str) -> None:
    logits = torch.randn(2, 1, 6, 7, generator=torch.Generator().manual_seed(0))
    mask = torch.rand(2, 1, 6, 7, generator=torch.Generator().manual_seed(1)) > 0.8
    assert torch.equal(loss(logits, mask.to(getattr(torch, kind))), loss(logits, mask.float()))


@pytest.mark.parametrize("loss", EVERY, ids=repr)
def test_nothing_waits_for_the_device(loss: Any) -> None:
    """Fake tensors hold no numbers to wait for: ``.item()`` would fail."""
    with FakeTensorMode():
        logits = torch.zeros(2, 1, 8, 8)
        assert loss(logits, torch.zeros_like(logits), epoch=1).shape == ()
        with pytest.raises(DataDependentOutputException):
            logits.sum().item()


@pytest.mark.parametrize(
    ("logits", "mask", "sentence"),
    [
        (torch.zeros(1, 1, 4, 4), torch.zeros(1, 4, 4), r"one shape \(B, 1, H, W\)"),
        (torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 2, 2), "DeepSupervision brings"),
        (torch.zeros(4, 4), torch.zeros(4, 4), "one shape"),
        (torch.zeros(0, 1, 4, 4), torch.zeros(0, 1, 4, 4), "one shape"),
        (torch.zeros(1, 1, 4, 4, dtype=torch.int64), torch.zeros(1, 1, 4, 4), "floating logits"),
    ],
)
@pytest.mark.parametrize("name", names())
def test_misfits(name: str, logits: Any, mask: Any, sentence: str) -> None:
    with pytest.raises(ShapeError, match=sentence):
        create(name)(logits, mask)


def test_other_device() -> None:
    with pytest.raises(ParameterError, match="on the device of the logits, cpu, got meta"):
        BCELoss()(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 2, device="meta"))
