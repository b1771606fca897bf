"""Images without masks, and the noise that is sampled from them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from sirst5k.datasets.unlabelled import UnlabelledImages
from sirst5k.errors import DatasetError
from sirst5k.imaging import encode_png
from sirst5k.noise import NoiseBank
from sirst5k_cli import main


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Give twelve frames of one standing camera, of 16 bits, with a level that says which."""
    folder = tmp_path / "frames"
    folder.mkdir()
    scene = np.random.default_rng(1).integers(0, 400, (48, 64))
    for number in range(12):
        noise = np.random.default_rng(number).normal(20 * number, 30, scene.shape)
        levels = np.clip(3000 + scene + noise, 0, 65535).astype(np.uint16)
        (folder / f"frame{number}.png").write_bytes(encode_png(levels))
    return folder


def test_images_stand_in_the_order_of_their_numbers(frames: Path) -> None:
    images = UnlabelledImages(frames)
    assert images.ids == tuple(f"frame{number}" for number in range(12))
    levels = [float(sample.image.mean()) for sample in images]
    assert levels == sorted(levels)
    assert images[-1].image.dtype == np.uint16
    assert not any(sample.mask.any() for sample in images[2:5])
    bank = NoiseBank.sample(images, size=16, guard=0, sequence=True)
    assert bank.full_scale == 65535
    assert bank.std == pytest.approx(30, rel=0.15)


def test_a_folder_without_images(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Expected images in"):
        UnlabelledImages(tmp_path)


def sampled(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["sirst5k", "noise", "sample", *map(str, words)])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def test_noise_needs_no_masks(
    frames: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bank = frames.parent / "n.npz"
    words = (frames, "-o", bank, "--sequence", "--size", 16)
    assert sampled(monkeypatch, *words) == 0
    assert "has no masks: its 12 images are taken as free of targets" in capsys.readouterr().err
    assert NoiseBank.load(bank).std == pytest.approx(30, rel=0.15)
    assert sampled(monkeypatch, *words, "--split", "train") == 2  # it has no lists
    (frames / "empty").mkdir()
    assert sampled(monkeypatch, frames / "empty", "-o", bank) == 2
    assert "is empty. The simplest has images in images/" in capsys.readouterr().err
