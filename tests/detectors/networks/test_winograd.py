"""Convolutions in tiles: the same as PyTorch's, to rounding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from sirst5k.detectors.networks.winograd import WinogradConvolution, transforms  # noqa: E402


@settings(max_examples=20, deadline=None)
@given(
    batch=st.integers(1, 3),
    inputs=st.integers(1, 5),
    outputs=st.integers(1, 5),
    height=st.integers(1, 13),
    width=st.integers(1, 13),
    bias=st.booleans(),
)
def test_equals_the_convolution(
    batch: int, inputs: int, outputs: int, height: int, width: int, bias: bool
) -> None:
    torch.manual_seed(0)
    plain = torch.nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias).double()
    features = torch.randn(batch, inputs, height, width, dtype=torch.float64)
    with torch.inference_mode():
        found = WinogradConvolution(plain)(features)
        torch.testing.assert_close(found, plain(features), atol=1e-12, rtol=1e-10)


def test_rounding_is_no_larger_than_of_the_usual_way() -> None:
    torch.manual_seed(0)
    plain = torch.nn.Conv2d(128, 64, 3, padding=1)
    features = torch.randn(1, 128, 24, 24)
    with torch.inference_mode():
        found = WinogradConvolution(plain)(features)
        exact = plain.double()(features.double())
    assert (found - exact).abs().max() <= 5e-6 * exact.abs().max()


def test_half_precision_goes_the_usual_way() -> None:
    torch.manual_seed(0)
    plain, features = torch.nn.Conv2d(8, 4, 3, padding=1), torch.randn(1, 8, 9, 9)
    quick = WinogradConvolution(plain)
    with torch.inference_mode():
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(quick(features), plain(features))
        half = features.bfloat16()
        assert torch.equal(quick.bfloat16()(half), plain.bfloat16()(half))


def test_a_signal_by_hand() -> None:
    signal, kernel, result = transforms((0.0, 1.0, -1.0), outputs=2)
    taps, values = np.array([2.0, 3.0, 5.0]), np.array([1.0, 4.0, 9.0, 16.0])
    found = result @ ((kernel @ taps) * (signal @ values))
    np.testing.assert_allclose(found, [2 + 12 + 45, 8 + 27 + 80])
