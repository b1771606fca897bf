"""Training a small network on embedded scenes: to the end, interrupted, and done wrong."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from sirst5k import open_dataset
from sirst5k.errors import (
    OutputError,
    ParameterError,
    SplitError,
    TrainingError,
    WeightsError,
)

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("lightning_fabric")

from sirst5k.training import Interrupted, fit  # noqa: E402
from sirst5k.training.records import read_records  # noqa: E402
from sirst5k.training.run_folder import LAST, STATE  # noqa: E402

SMALL: dict[str, Any] = {
    "network": {"widths": [4, 8]},
    "augmentation": {"crop": 32},
    "batch_size": 4,
    "steps": 24,
    "validate_every": 12,
    "device": "cpu",
    "cache": False,
    "jobs": 1,
}
DATA = "demo:n=14,size=48,seed=2"


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def train(out: Path, **changes: Any) -> Any:
    data, detector = changes.pop("data", DATA), changes.pop("detector", "unet")
    return fit(data, detector, out, **{**SMALL, **changes})


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / LAST)


def assert_same(one: Path, two: Path) -> None:
    left, right = weights(one), weights(two)
    assert left.keys() == right.keys()
    assert all(torch.equal(left[key], right[key]) for key in left)


def differ(one: Path, two: Path) -> bool:
    left, right = weights(one), weights(two)
    return any(not torch.equal(left[key], right[key]) for key in left)


class StopAfter:
    """Asks a run to stop after some steps."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def __call__(self, total: int, done: int, batch: int) -> Any:
        def observe(shown: dict[str, float]) -> None:
            if shown["step"] == done + self.steps:
                signal.raise_signal(signal.SIGINT)

        return observe


def test_a_run_leaves_its_folder(tmp_path: Path) -> None:
    report = train(tmp_path / "run")
    assert report.steps == 24
    assert report.best_step in (12, 24)
    names = {path.name for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert {
        "config.yaml",
        "environment.json",
        "metrics.jsonl",
        "curves.png",
        "last.safetensors",
        "best.safetensors",
        "state.safetensors",
    } <= names
    document = yaml.safe_load((tmp_path / "run/config.yaml").read_text())
    assert document["training"]["network"] == {"widths": [4, 8]}
    starts = json.loads((tmp_path / "run/environment.json").read_text())["starts"]
    assert [start["from_step"] for start in starts] == [0]
    rows = read_records(tmp_path / "run/metrics.jsonl")
    assert [row["step"] for row in rows if "validation" in row] == [12, 24]
    assert [row["step"] for row in rows if "loss" in row] == [20, 24]
    assert rows[-1]["validation"] == report.validation


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    train(tmp_path / "a")
    train(tmp_path / "b")
    train(tmp_path / "c", seed=1)
    assert_same(tmp_path / "a", tmp_path / "b")
    assert differ(tmp_path / "a", tmp_path / "c")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": {"name": "adagrad", "lr": 0.05}, "ema": 0.9},
        {"optimizer": {"name": "sgd", "lr": 0.05}, "gradient_clip": 1.0},
    ],
    ids=["adamw", "adagrad-ema", "sgd-clip"],
)
def test_an_interrupted_run_goes_on_to_the_same_weights(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    train(tmp_path / "whole", **changes)
    for stop_after in (5, 9):
        with pytest.raises(Interrupted):
            train(tmp_path / "parts", started=StopAfter(stop_after), **changes)
    report = train(tmp_path / "parts", **changes)
    assert report.steps == 24
    starts = json.loads((tmp_path / "parts/environment.json").read_text())["starts"]
    assert [start["from_step"] for start in starts] == [0, 5, 14]
    assert_same(tmp_path / "whole", tmp_path / "parts")
    timeless = [
        [{k: v for k, v in row.items() if k != "seconds"} for row in read_records(folder)]
        for folder in (tmp_path / "whole/metrics.jsonl", tmp_path / "parts/metrics.jsonl")
    ]
    assert timeless[0] == timeless[1]


def test_a_killed_process_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    """SIGKILL at a moment of its own choosing, through the command itself."""
    command = [
        *[sys.executable, "-m", "sirst5k_cli", "train", "--data", DATA, "--detector", "unet"],
        *["--net", "widths=[4,8]", "--size", "32", "--batch-size", "4", "--steps", "60"],
        *["--device", "cpu", "--no-cache", "-j", "1", "--set", "validate_every=6", "--quiet"],
    ]
    environment = {"OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train(whole, steps=60, validate_every=6)  # by Python, the same run
    process = subprocess.Popen([*command, "--out", parts], env=environment)
    deadline = time.monotonic() + 60
    while not (parts / STATE).is_file() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    subprocess.run([*command, "--out", parts], check=True, env=environment)
    starts = json.loads((parts / "environment.json").read_text())["starts"]
    assert len(starts) == 2
    assert starts[1]["from_step"] > 0
    assert_same(whole, parts)


def test_variants_on_the_fly_hold_out_the_same_images(tmp_path: Path) -> None:
    few: dict[str, Any] = {"data": "demo:n=14,size=96,seed=2", "steps": 6, "validate_every": 6}
    train(tmp_path / "none", **few)
    train(tmp_path / "recipe", recipe="sirst5k", **few)
    train(tmp_path / "transform", transform="sirst5k", **few)
    assert not list(tmp_path.glob("recipe/**/*.png")) or {
        path.name for path in tmp_path.glob("recipe/**/*.png")
    } == {"curves.png"}
    assert differ(tmp_path / "none", tmp_path / "recipe")
    assert differ(tmp_path / "none", tmp_path / "transform")


def test_the_published_scheme_of_negatives(tmp_path: Path) -> None:
    recipe = {"recipe": "reference", "batching": "negatives", "steps": 3, "validate_every": 3}
    dataset = open_dataset("demo:n=6,size=64", "train")
    report = train(tmp_path / "run", data=dataset, **recipe, augmentation={"crop": 64})
    assert report.steps == 3


def test_early_stop(tmp_path: Path) -> None:
    changes = {"validate_every": 2, "patience": 1, "steps": 40, "optimizer": {"lr": 1e-12}}
    assert train(tmp_path / "run", **changes).steps < 40


def test_a_loss_that_is_not_finite_names_its_batch(tmp_path: Path) -> None:
    with pytest.raises(
        TrainingError, match=r"loss in step \d+, got NaN or infinity, on demo_"
    ) as raised:
        train(tmp_path / "run", optimizer={"name": "sgd", "lr": 1e38})
    (saved,) = (tmp_path / "run").glob("diverged-step-*.npz")
    assert str(saved) in str(raised.value)
    with np.load(saved) as batch:
        assert batch["images"].shape == (4, 1, 32, 32)
        assert len(batch["ids"]) == 4


def test_predictions_that_are_not_finite_name_the_batch(tmp_path: Path) -> None:
    changes = {"validate_every": 1, "optimizer": {"name": "sgd", "lr": 1e38}}
    with pytest.raises(TrainingError, match=r"predictions after step 0, got NaN or"):
        train(tmp_path / "run", **changes)
    assert (tmp_path / "run/diverged-step-0.npz").is_file()


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"detector": "tophat"}, ParameterError, "classical detector"),
        ({"detector": "unett"}, ParameterError, "Did you mean 'unet'"),
        ({"data": "demo:n=14", "split": "test"}, SplitError, "test split"),
        ({"device": "cuda"}, ParameterError, "finds none"),
        ({"normalisation": "imagenet"}, ParameterError, "3 channels"),
        ({"loss": "iou"}, ParameterError, "Did you mean 'slsiou'"),
        ({"loss_config": {"smoth": 2}}, ParameterError, "Did you mean 'smooth'"),
    ],
)
def test_mistakes_are_one_sentence(
    tmp_path: Path, changes: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    if changes.get("device") == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(error) as raised:
        train(tmp_path / "run", **changes)
    assert sentence in str(raised.value)


def test_another_run_in_the_folder_is_not_touched(tmp_path: Path) -> None:
    train(tmp_path / "run", steps=4, validate_every=4)
    before = (tmp_path / "run" / LAST).read_bytes()
    with pytest.raises(OutputError, match=r"training\.seed was 0, now 1"):
        train(tmp_path / "run", steps=4, validate_every=4, seed=1)
    assert (tmp_path / "run" / LAST).read_bytes() == before
    train(tmp_path / "run", steps=4, validate_every=4, seed=1, overwrite=True)
    assert (tmp_path / "run" / LAST).read_bytes() != before


def test_a_damaged_state_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        train(tmp_path / "run", started=StopAfter(3))
    state = tmp_path / "run" / STATE
    state.write_bytes(state.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="start again with --overwrite"):
        train(tmp_path / "run")


def test_a_state_of_another_network_is_refused(tmp_path: Path) -> None:
    for name, widths in (("run", [4, 8]), ("other", [4, 6])):
        with pytest.raises(Interrupted):
            train(tmp_path / name, started=StopAfter(3), network={"widths": widths})
    (tmp_path / "other" / STATE).replace(tmp_path / "run" / STATE)
    with pytest.raises(WeightsError, match=r"holds \(6, 4, 3, 3\) for encoder.1.0.weight, exp"):
        train(tmp_path / "run")


def test_a_run_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine")
    with pytest.raises(OutputError, match="run folder"):
        train(tmp_path / "run")
    assert (tmp_path / "run").read_text() == "mine"


def test_images_of_the_test_split_among_the_training_ones_are_found(tmp_path: Path) -> None:
    import shutil

    from tiny import make_tiny

    root = make_tiny(tmp_path / "data")
    lists = {p.stem: p.read_text().split() for p in (root / "50_50").glob("*.txt")}
    shutil.copy(root / f"images/{lists['train'][0]}.png", root / f"images/{lists['test'][0]}.png")
    with pytest.raises(SplitError, match="same pixels"):
        train(tmp_path / "run", data=root)
