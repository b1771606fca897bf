"""Training narrow video networks on embedded sequences: to the end, interrupted, done wrong."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("lightning_fabric")

from sirst5k.detectors import read_metadata  # noqa: E402
from sirst5k.detectors.registry import VIDEO  # noqa: E402
from sirst5k.errors import ParameterError, TrainingError  # noqa: E402
from sirst5k.training import Interrupted, fit  # noqa: E402
from sirst5k.training.clips.validating import SCORES  # noqa: E402
from sirst5k.training.records import read_records  # noqa: E402
from sirst5k.training.run_folder import LAST  # noqa: E402

DATA = "demo:sequences=4,frames=6,size=32,seed=2"
SMALL: dict[str, Any] = {
    "network": {"width": 0.05},
    "augmentation": {"crop": 64},
    "batch_size": 2,
    "steps": 6,
    "validate_every": 3,
    "device": "cpu",
    "jobs": 1,
}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def train(out: Path, **changes: Any) -> Any:
    data, detector = changes.pop("data", DATA), changes.pop("detector", "sstnet")
    return fit(data, detector, out, **{**SMALL, **changes})


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / LAST)


def assert_same(one: Path, two: Path) -> None:
    left, right = weights(one), weights(two)
    assert left.keys() == right.keys()
    assert all(torch.equal(left[key], right[key]) for key in left)


def stop_after(steps: int) -> Any:
    def started(total: int, done: int, batch: int) -> Any:
        def observe(shown: dict[str, float]) -> None:
            if shown["step"] == done + steps:
                signal.raise_signal(signal.SIGINT)

        return observe

    return started


@pytest.mark.parametrize("detector", sorted(VIDEO))
def test_a_run_leaves_its_folder(tmp_path: Path, detector: str) -> None:
    report = train(tmp_path / "run", detector=detector)
    assert report.steps == 6
    assert report.frames == 12  # two sequences of six frames; one is held out, one tests
    names = {path.name for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert {"config.yaml", "environment.json", "metrics.jsonl", "curves.png"} <= names
    document = yaml.safe_load((tmp_path / "run/config.yaml").read_text())
    assert document["training"]["select_by"] == "ap50"
    rows = read_records(tmp_path / "run/metrics.jsonl")
    assert [row["step"] for row in rows if "validation" in row] == [3, 6]
    assert set(report.validation) == set(SCORES)
    told = read_metadata(report.last_weights)
    assert (told.name, told.extra["letterbox"], told.extra["step"]) == (detector, "64", "6")


@pytest.mark.parametrize("detector", sorted(VIDEO))
def test_a_narrow_network_learns(tmp_path: Path, detector: str) -> None:
    """Sixty steps; benchmarks/video_learning.py is the same at a size that says something."""
    train(
        tmp_path / "run",
        detector=detector,
        data="demo:sequences=6,frames=8,size=32,seed=3,scr=20,targets=1",
        network={"width": 0.1},
        optimizer={"lr": 0.005},
        batch_size=4,
        steps=60,
        validate_every=60,
    )
    rows = [row for row in read_records(tmp_path / "run/metrics.jsonl") if "loss" in row]
    first, last = rows[0], rows[-1]
    assert last["loss"] < 0.85 * first["loss"]
    assert last["iou"] > first["iou"]


@pytest.mark.parametrize("protocol", ["fair", "published"])
def test_an_interrupted_run_goes_on_to_the_same_weights(tmp_path: Path, protocol: str) -> None:
    changes: dict[str, Any] = {}
    if protocol == "published":
        changes = {"protocol": "sstnet", "epochs_per_pass": 1, "seed": 3}
    train(tmp_path / "whole", **changes)
    with pytest.raises(Interrupted):
        train(tmp_path / "parts", started=stop_after(4), **changes)
    train(tmp_path / "parts", **changes)
    starts = json.loads((tmp_path / "parts/environment.json").read_text())["starts"]
    assert [start["from_step"] for start in starts] == [0, 4]
    assert_same(tmp_path / "whole", tmp_path / "parts")
    timeless = [
        [{k: v for k, v in row.items() if k != "seconds"} for row in read_records(folder)]
        for folder in (tmp_path / "whole/metrics.jsonl", tmp_path / "parts/metrics.jsonl")
    ]
    assert timeless[0] == timeless[1]


def test_published_parameters_in_no_group_stay(tmp_path: Path) -> None:
    """The scalars of the frames keep their quarter, as in every published checkpoint."""
    train(tmp_path / "published", protocol="sstnet")
    train(tmp_path / "fair")
    left, right = weights(tmp_path / "published"), weights(tmp_path / "fair")
    quarter = [key for key, value in left.items() if value.numel() == 1 and (value == 0.25).all()]
    assert quarter
    assert any(not torch.equal(right[key], torch.full_like(right[key], 0.25)) for key in quarter)


def test_a_detector_of_masks_learns_from_key_frames(tmp_path: Path) -> None:
    report = train(
        tmp_path / "run", detector="unet", network={"widths": [2, 4]}, augmentation={"crop": 32}
    )
    assert report.frames == 12
    assert "miou" in report.validation


@pytest.mark.parametrize("detector", ["stmenet", "unet"])
def test_whole_clips_alone_are_trained_on_if_asked_for(tmp_path: Path, detector: str) -> None:
    """Of six frames two have four before them, in each of two sequences."""
    network = {"widths": [2, 4]} if detector == "unet" else {"width": 0.05}
    crop = {"crop": 32 if detector == "unet" else 64}
    report = train(
        tmp_path / "run",
        detector=detector,
        network=network,
        augmentation=crop,
        whole_clips=True,
        steps=2,
        validate_every=2,
    )
    assert report.frames == 4


def test_a_loss_that_is_not_finite_names_its_clips(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"step \d+, got NaN or infinity, on demo_"):
        train(tmp_path / "run", optimizer={"name": "sgd", "lr": 1e30}, gradient_clip=1e30)
    assert list((tmp_path / "run").glob("diverged-step-*.npz"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"data": "demo:n=6,size=32"}, "looks at clips"),
        ({"batching": "negatives"}, "expected shuffled for clips"),
        ({"transform": "sirst5k"}, "no operations on clips"),
        ({"loss": "dice"}, "expected published"),
        ({"select_by": "miou"}, "select_by: expected one of ap50"),
        ({"augmentation": {"crop": 64, "blur": 0.5}}, r"augmentation\.blur"),
        ({"protocol": "mshnet"}, "not for detectors of boxes"),
        ({"loss_config": {"box_wait": 1}}, "Did you mean .box_weight"),
        (
            {"data": "demo:n=6,size=32", "detector": "unet", "network": {}, "whole_clips": True},
            "whole_clips: expected sequences",
        ),
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        train(tmp_path / "run", **changes)
