"""Two processes of one run: the same weights in both, one writer, and a way to go on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning_fabric")

from sirst5k.errors import ParameterError  # noqa: E402
from sirst5k.training import TrainingConfig  # noqa: E402
from sirst5k.training.devices import check_shares, is_first_process  # noqa: E402
from sirst5k.training.records import read_records  # noqa: E402
from sirst5k.training.sampling import ShuffledBatches  # noqa: E402
from sirst5k.training.stepping import BatchMaker  # noqa: E402

# What each process has in memory at the end is saved beside what the run wrote, and what the
# statistics of its first norm would be if they came from its own shares alone.
SCRIPT = """
import signal, sys
from pathlib import Path
import torch
from safetensors.torch import save_file
from sirst5k.training import Interrupted, fit, loop

out, devices, stop_at = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
run = loop.Loop.run

def saving(self, stop):
    name, norm = next(
        (key, module) for key, module in self.network.named_modules()
        if isinstance(module, torch.nn.BatchNorm2d)
    )
    seen = norm.running_mean.clone()
    def look(module, inputs):
        if module.training:
            mean = inputs[0].detach().mean((0, 2, 3))
            seen.copy_((1 - norm.momentum) * seen + norm.momentum * mean)
    norm.register_forward_pre_hook(look)
    run(self, stop)
    own = dict(self.network.named_parameters()) | {f"seen/{name}.running_mean": seen}
    save_file(own, out / f"own-{self.fabric.global_rank}")
    return self.progress

def started(steps, done, batch):
    return lambda shown: shown["step"] == stop_at and signal.raise_signal(signal.SIGINT)

loop.Loop.run = saving
try:
    fit("demo:n=14,size=48,seed=2", "mshnet", out, devices=devices, device="cpu", steps=44,
        network={"widths": [4, 8], "blocks": [1, 1]}, augmentation={"crop": 32}, batch_size=4,
        validate_every=11, patience=100, cache=False, jobs=1, started=started)
except Interrupted:
    print("interrupted")
"""


def start(
    folder: Path,
    *words: str,
    launcher: tuple[str, ...] = (),
    script: str = SCRIPT,
    limit: float = 600,
) -> str:
    file = folder / "script.py"
    file.write_text(script)
    clean = {k: v for k, v in os.environ.items() if "RANK" not in k and "WORLD" not in k}
    done = subprocess.run(
        [sys.executable, *launcher, str(file), *words],
        env={**clean, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_two_processes_train_as_one_and_go_on(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    from sirst5k.training.run_folder import LAST

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    start(tmp_path, str(whole), "2", "-1")
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    said = start(tmp_path, str(parts), "1", "5", launcher=torchrun)
    assert said.count("interrupted") == 2  # both, after the step on which they agreed
    start(tmp_path, str(parts), "1", "-1", launcher=torchrun)

    starts = json.loads((parts / "environment.json").read_text())["starts"]
    assert [(s["from_step"], s["processes"]) for s in starts] == [(0, 2), (20, 2)]
    for folder in (whole, parts):
        rows = read_records(folder / "metrics.jsonl")
        assert [row["step"] for row in rows if "loss" in row] == [20, 40, 44]
        assert [row["step"] for row in rows if "validation" in row] == [11, 22, 33, 44]
        first, second, kept = (load_file(folder / name) for name in ("own-0", "own-1", LAST))
        norm = next(key for key in first if key.startswith("seen/"))
        seen = first.pop(norm), second.pop(norm)
        if folder == whole:  # of the first process's shares
            torch.testing.assert_close(seen[0], kept[norm.removeprefix("seen/")])
            assert not torch.allclose(*seen)
        assert all(torch.equal(first[key], second[key]) for key in first)
        assert all(torch.equal(first[key], kept[key]) for key in first)
    one, other = load_file(whole / LAST), load_file(parts / LAST)
    assert all(torch.equal(one[key], other[key]) for key in one)


# One of two processes goes wrong in step 7, or at the validation after it.
BROKEN = """
import sys
from dataclasses import replace
from pathlib import Path
from torch import nn
from sirst5k.errors import TrainingError
from sirst5k.training import fit
from sirst5k.training.mask_task import MaskTask

out, what, rank = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
loss, score = MaskTask.loss, MaskTask.score

def broken_loss(self, wrapped, batch, step):
    found = loss(self, wrapped, batch, step)
    if self.maker.rank == rank and step == 7:
        if what == "loss":
            return replace(found, total=found.total * float("nan"))
        if what == "memory":
            raise MemoryError
    return found

def broken_score(self, network, autocast, step):
    if what == "predictions":
        nn.init.constant_(next(network.parameters()), float("nan"))
    if what == "score":
        raise OSError("the disk has gone")
    return score(self, network, autocast, step)

MaskTask.loss, MaskTask.score = broken_loss, broken_score
try:
    fit("demo:n=14,size=48,seed=2", "unet", out, devices=2, device="cpu", steps=44,
        network={"widths": [4, 8]}, augmentation={"crop": 32}, batch_size=4, validate_every=11,
        cache=False, jobs=1)
except (TrainingError, OSError) as error:
    print(type(error).__name__, error)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "rank", "said", "elsewhere", "saved"),
    [
        ("loss", 0, "finite loss in step 7, got NaN or infinity, on demo_", "in another", "-7-"),
        ("loss", 1, "finite loss in step 7, got NaN or infinity, on demo_", "in another", "-7-"),
        ("predictions", 0, "predictions after step 10, got NaN or", "another one has", "-10-"),
        ("score", 0, "OSError the disk has gone", "another one has stopped", None),
        ("memory", 1, "2 would fit: --batch-size 2", "another one has stopped", None),
    ],
)
def test_what_goes_wrong_in_one_process_stops_both(
    tmp_path: Path, what: str, rank: int, said: str, elsewhere: str, saved: str | None
) -> None:
    run = tmp_path / "run"
    printed = start(tmp_path, str(run), what, str(rank), script=BROKEN, limit=120).splitlines()
    lines = [line for line in printed if "Error" in line]
    assert len(lines) == 2
    assert sum(said in line for line in lines) == 1
    assert sum(elsewhere in line for line in lines) == 1
    files = [path.name for path in run.glob("diverged-*")]
    assert files == ([f"diverged-step{saved}process-{rank}.npz"] if saved else [])


def config(**values: Any) -> TrainingConfig:
    return TrainingConfig("unet", steps=1, **values)


def test_shares_are_equal() -> None:
    batches = ShuffledBatches(7, 4, drop_last=False)
    makers = [
        BatchMaker(SimpleNamespace(batches=batches), config(), torch.device("cpu"), rank, 2)
        for rank in (0, 1)
    ]
    for step, whole in ((0, 4), (1, 3)):
        shares = [maker.indices(step) for maker in makers]
        assert [len(share) for share in shares] == [2, 2]
        assert len(np.unique(np.concatenate(shares))) == whole
        np.testing.assert_array_equal(np.unique(shares), np.unique(batches.at(step)))


def test_what_cannot_be_shared_is_refused() -> None:
    check_shares(config(batch_size=5), 1)
    check_shares(config(batch_size=6), 3)
    with pytest.raises(ParameterError, match="got 5 frames. Try --batch-size 6"):
        check_shares(config(batch_size=5), 2)
    with pytest.raises(ParameterError, match="one device for batching=negatives"):
        check_shares(config(batching="negatives"), 2)


def test_one_process_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert is_first_process()
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert not is_first_process()
    monkeypatch.setenv("RANK", "0")
    assert is_first_process()
