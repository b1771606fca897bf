"""Frames that do not fit into memory: how that is noticed, and that nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sirst5k import open_dataset
from sirst5k.training.frames.memory import available_memory, expected_bytes

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("lightning_fabric")

from sirst5k.training import fit  # noqa: E402
from sirst5k.training.run_folder import LAST  # noqa: E402


def machine(root: Path, **files: str) -> Path:
    for name, text in files.items():
        file = root / name.replace("__", "/").replace("_DOT_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


MEMINFO = "MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable:    600 kB\n"


def test_the_memory_of_the_machine_and_of_the_container(tmp_path: Path) -> None:
    group = {"sys__fs__cgroup__memory_DOT_current": "100000\n"}
    free = machine(tmp_path / "free", proc__meminfo=MEMINFO)
    assert available_memory(free) == 600 * 1024
    unlimited = {"sys__fs__cgroup__memory_DOT_max": "max\n", **group}
    assert available_memory(machine(tmp_path / "a", proc__meminfo=MEMINFO, **unlimited)) == 614400
    limited = {"sys__fs__cgroup__memory_DOT_max": "300000\n", **group}
    assert available_memory(machine(tmp_path / "b", proc__meminfo=MEMINFO, **limited)) == 200_000
    full = {"sys__fs__cgroup__memory_DOT_max": "90000\n", **group}
    assert available_memory(machine(tmp_path / "c", **full)) == 0


def test_what_samples_would_take() -> None:
    dataset = open_dataset("demo:n=20,size=48,seed=2")
    assert expected_bytes(dataset) == 20 * 48 * 48 * 2  # a byte for a level, one for the mask
    assert expected_bytes([]) == 0


@pytest.mark.parametrize("jobs", [1, 2])
def test_streamed_variants_train_to_the_same_weights(tmp_path: Path, jobs: int) -> None:
    from safetensors.torch import load_file

    torch.set_num_threads(1)

    def weights(name: str, memory: int | None, jobs: int) -> dict[str, Any]:
        fit(
            "demo:n=14,size=96,seed=2",
            "unet",
            tmp_path / name,
            recipe="sirst5k",
            memory=memory,
            network={"widths": [4, 8]},
            augmentation={"crop": 32},
            batch_size=4,
            steps=6,
            validate_every=6,
            device="cpu",
            cache=False,
            jobs=jobs,
        )
        start = json.loads((tmp_path / name / "environment.json").read_text())["starts"][0]
        assert start["frames"].startswith("streamed" if memory == 0 else "resident")
        return load_file(tmp_path / name / LAST)

    held, streamed = weights("held", None, 1), weights("streamed", 0, jobs)
    assert all(torch.equal(held[key], streamed[key]) for key in held)


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="asks the kernel of Linux")
@pytest.mark.parametrize(
    ("memory", "jobs", "last"),
    [(None, 1, 50), (0, 1, 50), pytest.param(0, 3, 500, marks=pytest.mark.slow)],
)
def test_memory_does_not_grow_with_the_steps(
    tmp_path: Path, memory: int | None, jobs: int, last: int
) -> None:
    torch.set_num_threads(1)
    held: dict[int, int] = {}

    def started(steps: int, done: int, batch: int) -> Any:
        def observe(shown: dict[str, float]) -> None:
            if shown["step"] in (20, last):
                lines = Path("/proc/self/status").read_text().splitlines()
                (found,) = (line.split()[1] for line in lines if line.startswith("VmRSS"))
                held[int(shown["step"])] = int(found)

        return observe

    fit(
        "demo:n=14,size=64,seed=2",
        "unet",
        tmp_path / "run",
        memory=memory,
        network={"widths": [4, 8]},
        augmentation={"crop": 64},
        batch_size=8,
        steps=last,
        validate_every=10,
        device="cpu",
        cache=False,
        jobs=jobs,
        started=started,
    )
    # Thirty batches that somebody kept would be 7.5 MiB: eight images and masks of 64 x 64 each.
    assert held[last] - held[20] < 4 * 1024  # KiB
