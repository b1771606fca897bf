"""Batches that do not fit: what is said, and what is found to fit instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sirst5k.errors import TrainingError

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("lightning_fabric")

from sirst5k.detectors import create  # noqa: E402
from sirst5k.detectors.networks.unet import UNet  # noqa: E402
from sirst5k.training import fit  # noqa: E402
from sirst5k.training.sizing import largest_batch  # noqa: E402

OutOfMemory = getattr(torch, "OutOfMemoryError", torch.cuda.OutOfMemoryError)


def train(out: Path, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "network": {"widths": [4, 8]},
        "augmentation": {"crop": 32},
        "steps": 2,
        "validate_every": 2,
        "device": "cpu",
        "cache": False,
        "jobs": 1,
    }
    return fit("demo:n=30,size=48,seed=2", "unet", out, **{**values, **changes})


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that gives memory to so many frames; it returns the list of sizes tried."""
    heads = UNet.heads

    def give(frames_that_fit: int) -> list[int]:
        tried: list[int] = []

        def cramped(network: Any, frames: Any, warming_up: bool = False) -> Any:
            if network.training:
                tried.append(len(frames))
                if len(frames) > frames_that_fit:
                    raise OutOfMemory("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return heads(network, frames, warming_up)

        monkeypatch.setattr(UNet, "heads", cramped)
        return tried

    torch.set_num_threads(1)
    return give


def test_auto_on_a_cpu_halves_the_protocols_batch(tmp_path: Path, room: Any) -> None:
    tried = room(5)
    batches: list[int] = []
    train(tmp_path / "run", batch_size="auto", started=lambda *told: batches.append(told[2]))
    assert tried == [16, 8, 4, 4, 4]  # three trials, two steps
    assert batches == [4]
    assert yaml.safe_load((tmp_path / "run/config.yaml").read_text())["training"]["batch_size"] == 4
    del tried[:]
    train(tmp_path / "run", batch_size="auto")  # goes on with what was found
    assert tried == []


def test_auto_takes_what_the_protocol_says_where_it_fits(tmp_path: Path, room: Any) -> None:
    tried = room(100)
    train(tmp_path / "run", batch_size="auto")
    assert tried == [16, 16, 16]


def test_a_batch_that_does_not_fit_names_one_that_does(tmp_path: Path, room: Any) -> None:
    tried = room(5)
    with pytest.raises(TrainingError) as raised:
        train(tmp_path / "run", batch_size=12)
    assert str(raised.value) == (
        "Expected a batch of 12 frames to fit, but the memory ran out. 4 would fit: --batch-size 4."
    )
    assert tried == [12, 8, 4]
    train(tmp_path / "run", batch_size=4, overwrite=True)


@pytest.mark.parametrize("batch_size", ["auto", 2])
def test_where_nothing_fits(tmp_path: Path, room: Any, batch_size: Any) -> None:
    room(0)
    with pytest.raises(TrainingError, match=r"No smaller batch fits either: .* \(--size\)"):
        train(tmp_path / "run", batch_size=batch_size)


def test_another_error_is_not_taken_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(UNet, "heads", broken)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        train(tmp_path / "run", batch_size="auto")


class Card:
    """A GPU of which only the bookkeeping is there: so many bytes a frame, beside a level."""

    def __init__(self, free: int, level: int, per_frame: int) -> None:
        self.free, self.level, self.per_frame, self.peak = free, level, per_frame, 0

    def step(self, _network: Any, frames: int) -> None:
        self.peak = self.level + frames * self.per_frame
        if self.peak > self.free:
            raise OutOfMemory("CUDA out of memory.")


@pytest.mark.parametrize(
    ("free", "per_frame", "most", "found"),
    [
        (1000, 10, None, 64),  # 85 % of it, less the level, are 83 frames
        (1000, 10, 40, 32),
        (1000, 10, 16, 16),
        (135, 60, None, 2),  # four did not fit, two did
        (100, 60, None, 1),
        (50, 60, None, 0),
    ],
)
def test_a_gpu_is_measured_by_two_small_steps(
    monkeypatch: pytest.MonkeyPatch, free: int, per_frame: int, most: int | None, found: int
) -> None:
    card = Card(free, 15, per_frame)
    fake = {
        "empty_cache": lambda: None,
        "memory_allocated": lambda _: 0,
        "reset_peak_memory_stats": lambda _: None,
        "max_memory_allocated": lambda _: card.peak,
        "mem_get_info": lambda _: (card.free, card.free),
    }
    for name, function in fake.items():
        monkeypatch.setattr(torch.cuda, name, function)
    network = torch.nn.Identity()
    monkeypatch.setattr(network, "to", lambda _: network)
    monkeypatch.setattr("sirst5k.training.sizing.deepcopy", lambda it: it)
    assert largest_batch(network, torch.device("cuda"), card.step, most) == found


def test_the_network_that_is_tried_is_a_copy(tmp_path: Path, room: Any) -> None:
    room(5)
    network = create("unet", widths=[4, 8])
    before = {key: value.clone() for key, value in network.state_dict().items()}

    def step(trial: Any, frames: int) -> None:
        trial.heads(torch.rand(frames, 1, 32, 32))[-1].sum().backward()

    assert largest_batch(network, torch.device("cpu"), step, 9) == 4
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    assert all(weight.grad is None for weight in network.parameters())
