"""What a run says where memory or disk run out, and that it goes on afterwards."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("lightning_fabric")

from sirst5k.detectors.networks.unet import UNet  # noqa: E402
from sirst5k.errors import OutputError, TrainingError  # noqa: E402
from sirst5k.training import fit  # noqa: E402
from sirst5k.training.halving import in_batches_that_fit  # noqa: E402
from sirst5k.training.records import Records  # noqa: E402
from sirst5k.training.run_folder import LAST  # noqa: E402


def train(out: Path, **more: Any) -> Any:
    torch.set_num_threads(1)
    return fit(
        "demo:n=40,size=48,seed=2",
        "unet",
        out,
        network={"widths": [4, 8]},
        augmentation={"crop": 32},
        batch_size=4,
        steps=6,
        validate_every=3,
        device="cpu",
        cache=False,
        jobs=1,
        **more,
    )


def narrow(monkeypatch: pytest.MonkeyPatch, fits: int) -> list[int]:
    """Let no more frames than these through a network at once, outside of training steps."""
    seen: list[int] = []
    heads = UNet.heads

    def limited(self: Any, frames: Any, *more: Any) -> Any:
        if not self.training:
            seen.append(len(frames))
            if len(frames) > fits:
                raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return heads(self, frames, *more)

    monkeypatch.setattr(UNet, "heads", limited)
    return seen


def test_held_out_frames_are_scored_in_batches_that_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = train(tmp_path / "plain")
    with monkeypatch.context() as patch:
        seen = narrow(patch, 1)
        narrowed = train(tmp_path / "narrow")
    whole = seen.index(1)  # tried first: all, then halves of it
    assert seen[0] > 1
    assert set(seen[whole:]) == {1}  # the second validation begins with what fitted
    assert narrowed.validation == pytest.approx(plain.validation, nan_ok=True)


def test_not_even_one_frame_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        narrow(patch, 0)
        with pytest.raises(TrainingError, match=r"held-out images to fit one by one .* --device"):
            train(tmp_path)
    assert train(tmp_path).steps == 6


def test_other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    def wrong(size: int) -> None:
        raise RuntimeError("shape mismatch")

    with pytest.raises(RuntimeError, match="shape mismatch"):
        in_batches_that_fit(8, wrong, "images", "leave some out")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_records_on_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.symlink_to("/dev/full")
    records = Records(path)
    sentence = r"Cannot write .*metrics.jsonl: No space left on device. Make room, and run the same"
    with pytest.raises(OutputError, match=sentence):
        records.add(step=1, loss=0.5)
    with pytest.raises(OutputError, match=sentence):
        records.close()


def test_a_disk_that_fills_up_stops_a_run_that_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def observed(steps: int, done: int, batch: int) -> Any:
        def step(shown: dict[str, float]) -> None:
            if shown["step"] == 2:
                patch.setattr("sirst5k.imaging.encoding.os.write", full)

        return step

    with monkeypatch.context() as patch:
        sentence = r"write .*best.safetensors, but cannot: No space left on device. Check that"
        with pytest.raises(OutputError, match=sentence):
            train(tmp_path, started=observed)
    assert not list(tmp_path.rglob("*.part"))
    assert train(tmp_path).steps == 6
    assert (tmp_path / LAST).is_file()
