"""Torch networks as detectors; skipped where torch is not installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sirst5k.detectors import NetworkDetector, as_detector, load_weights, save_weights
from sirst5k.detectors.normalisation import IMAGENET, Normalisation
from sirst5k.errors import ParameterError, ShapeError, Sirst5kWarning, WeightsError
from sirst5k.evaluation import predict_map

torch = pytest.importorskip("torch")

from checkpoints import published_state, small  # noqa: E402


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


def test_frames_are_normalised_first() -> None:
    frames = np.random.default_rng(3).random((2, 1, 8, 8), np.float32)
    network = stand_in(3)
    plain = as_detector(network, device="cpu").respond(frames)
    given = as_detector(network, device="cpu", normalisation=IMAGENET).respond(frames)
    wanted = network(IMAGENET(torch.from_numpy(frames).expand(-1, 3, -1, -1)))
    np.testing.assert_allclose(given, wanted.detach().numpy(), atol=1e-6)
    assert not np.allclose(given, plain)
    network.normalisation = IMAGENET
    np.testing.assert_array_equal(as_detector(network, device="cpu").respond(frames), given)
    none = as_detector(network, device="cpu", normalisation=Normalisation())
    np.testing.assert_array_equal(none.respond(frames), plain)


def test_a_layer_called_normalisation_is_no_normalisation() -> None:
    network = stand_in()
    network.normalisation = torch.nn.BatchNorm2d(1)
    assert NetworkDetector(network, device="cpu").normalisation == Normalisation()


def test_grey_networks_have_one_normalisation() -> None:
    with pytest.raises(ParameterError, match="1 or 1 channels, got 3"):
        NetworkDetector(stand_in(), device="cpu", normalisation=IMAGENET)


def test_weights_bring_their_normalisation(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    network = small("unet")
    network.normalisation = Normalisation((0.4,), (0.1,))
    save_weights(network, tmp_path / "w.safetensors")
    frames = np.random.default_rng(4).random((1, 1, 20, 24), np.float32)
    wanted = network((torch.from_numpy(frames) - 0.4) / 0.1).detach().numpy()
    file = tmp_path / "w.safetensors"
    for detector in (
        as_detector(file, device="cpu"),
        as_detector(str(file), device="cpu"),
        as_detector("unet", file, device="cpu"),
        as_detector(None, weights=file, device="cpu"),
    ):
        np.testing.assert_allclose(detector.respond(frames), wanted, rtol=1e-5)
        assert detector.name == "unet"
    other = as_detector(file, device="cpu", normalisation="none")
    assert not np.allclose(other.respond(frames), wanted)


def test_other_weights_are_another_configuration(tmp_path: Path) -> None:
    """What a folder of predictions compares before it goes on."""
    pytest.importorskip("safetensors")
    words = []
    for seed in (0, 1):
        save_weights(small("unet", seed), tmp_path / f"{seed}.safetensors")
        words.append(repr(as_detector(tmp_path / f"{seed}.safetensors", device="cpu")))
    assert words[0] != words[1]
    assert words[0].startswith("NetworkDetector(unet, cpu, float32, weights ")


def test_unknown_normalisation_is_told(tmp_path: Path) -> None:
    network = small("mshnet", in_channels=1)
    torch.save(published_state(network), tmp_path / "w.pth")
    with pytest.warns(Sirst5kWarning, match="Nothing tells the normalisation"):
        as_detector("mshnet", tmp_path / "w.pth", device="cpu")
    as_detector("mshnet", tmp_path / "w.pth", device="cpu", normalisation="none")
    loaded = load_weights("mshnet", tmp_path / "w.pth")
    NetworkDetector(loaded, device="cpu", normalisation=Normalisation((0.4,), (0.1,)))


def test_networks_without_weights_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"--weights FILE .* weights=FILE"):
        as_detector("unet")
    with pytest.raises(WeightsError, match="there is no nothing.pth"):
        as_detector("nothing.pth")
    with pytest.raises(ParameterError, match="Did you mean 'device'"):
        as_detector(stand_in(), devise="cpu")
    with pytest.raises(ParameterError, match="name of a network for the weights"):
        as_detector(stand_in(), "w.pth")


def test_mistakes() -> None:
    with pytest.raises(ParameterError, match="precision"):
        NetworkDetector(stand_in(), precision="float8")
    with pytest.raises(ParameterError, match="device"):
        NetworkDetector(stand_in(), device="tpu")
    wrong = NetworkDetector(torch.nn.MaxPool2d(2), device="cpu")
    with pytest.raises(ShapeError, match="Expected logits"):
        wrong.scores(np.zeros((1, 1, 8, 8), np.float32))
