"""Torch networks as detectors; skipped where torch is not installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sirst5k.detectors import NetworkDetector, as_detector
from sirst5k.errors import ParameterError, ShapeError
from sirst5k.evaluation import predict_map

torch = pytest.importorskip("torch")


def stand_in(channels: int = 1) -> Any:
    """A network of one known convolution, with dropout that evaluation mode must turn off."""

    class Tiny(torch.nn.Module):  # type: ignore[misc, name-defined]
        multiple = 8
        in_channels = channels

        def __init__(self) -> None:
            super().__init__()
            self.blur = torch.nn.Conv2d(channels, 1, 3, padding=1)
            self.drop = torch.nn.Dropout(0.5)
            torch.nn.init.constant_(self.blur.weight, 1 / 9 / channels)
            torch.nn.init.constant_(self.blur.bias, -0.5)

        def forward(self, x: Any) -> Any:
            assert x.shape[2] % 8 == x.shape[3] % 8 == 0
            return self.drop(20 * self.blur(x))

    return Tiny()


@pytest.mark.parametrize("channels", [1, 3])
def test_probabilities_are_the_sigmoid_of_logits(channels: int) -> None:
    detector = as_detector(stand_in(channels), device="cpu")
    assert isinstance(detector, NetworkDetector)
    assert (detector.multiple, detector.in_channels) == (8, channels)
    frames = np.random.default_rng(0).random((2, 1, 16, 24), np.float32)
    scores = detector.scores(frames)
    middle = 20 * (frames[1, 0, 4:7, 9:12].mean() - 0.5)
    assert scores.shape == frames.shape
    assert scores[1, 0, 5, 10] == pytest.approx(1 / (1 + np.exp(-middle)), abs=1e-4)


def test_any_size_is_padded_and_cropped() -> None:
    detector = as_detector(stand_in(), device="cpu")
    image = np.random.default_rng(1).integers(0, 65536, (45, 61), dtype=np.uint16)
    probability = predict_map(detector, image)
    assert probability.shape == image.shape
    assert 0 <= probability.min() <= probability.max() <= 1


def test_low_precision_stays_near() -> None:
    frames = np.random.default_rng(2).random((1, 1, 16, 16), np.float32)
    exact = as_detector(stand_in(), device="cpu").scores(frames)
    low = as_detector(stand_in(), device="cpu", precision="bfloat16").scores(frames)
    assert low.dtype == np.float32
    np.testing.assert_allclose(low, exact, atol=0.05)


def test_mistakes() -> None:
    with pytest.raises(ParameterError, match="precision"):
        NetworkDetector(stand_in(), precision="float8")
    with pytest.raises(ParameterError, match="device"):
        NetworkDetector(stand_in(), device="tpu")
    wrong = NetworkDetector(torch.nn.MaxPool2d(2), device="cpu")
    with pytest.raises(ShapeError, match="Expected logits"):
        wrong.scores(np.zeros((1, 1, 8, 8), np.float32))
