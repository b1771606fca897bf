"""`sirst5k evaluate`: tables, JSON, files, exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from tiny import make_tiny, write
from wrong_calls import refusal

from sirst5k import open_dataset
from sirst5k.metrics import PROFILES
from sirst5k_cli.evaluate import command


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_tiny(tmp_path, n=6)


@pytest.fixture
def masks(data: Path, tmp_path: Path) -> Path:
    """Perfect masks of the test split, under names of another toolbox."""
    folder = tmp_path / "masks"
    for sample in open_dataset(data, "test"):
        write(folder / f"{int(sample.id)}_pred.png", sample.mask.astype(np.uint8) * 255)
    return folder


def test_table(data: Path, masks: Path) -> None:
    result = run("--data", data, "--predictions", masks)
    assert result.exit_code == 0, result.output
    assert "split 50_50/test, 2 images" in result.output
    assert "zero padding" in result.output
    assert re.search(r"^  mIoU +1\.0000$", result.output, re.MULTILINE)


def test_profiles_side_by_side_within_80_columns(data: Path) -> None:
    result = run(
        "--data", data, "--detector", "tophat", "--profile", "all", "--bootstrap", 20, "--split",
        "train",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()[1:]
    assert max(map(len, lines)) <= 80
    assert set(PROFILES) <= set(result.output.split())
    assert "20 resamples of images, seed 0" in result.output


def test_json_is_one_document(data: Path, masks: Path) -> None:
    next(masks.iterdir()).unlink()
    result = run(
        "--data", data, "--predictions", masks, "--json", "--bootstrap", 10, "--seed", 4,
        "--profile", "corrected", "--profile", "dnanet",
    )  # fmt: skip
    document = json.loads(result.stdout)
    assert list(document["profiles"]) == ["corrected", "dnanet"]
    assert document["profiles"]["corrected"]["scores"]["pd"] < 1
    assert document["bootstrap"]["seed"] == 4
    assert len(document["predictions"]["missing"]) == 1
    assert document["profiles"]["dnanet"]["scores"]["auc"] is None


def test_quiet_says_only_what_is_wrong(data: Path, masks: Path) -> None:
    assert run("--data", data, "--predictions", masks, "--quiet").output == ""
    next(masks.iterdir()).unlink()
    output = run("--data", data, "--predictions", masks, "--quiet").output
    assert output.startswith("  1 image without prediction: 00000")


def test_files(data: Path, tmp_path: Path) -> None:
    result = run(
        "--data", data, "--detector", "mpcm", "--set", "k=5", "--per-image", tmp_path / "a.csv",
        "--plots", tmp_path / "plots",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 3
    assert {"roc.png", "pr.png", "pd_fa.png"} <= {p.name for p in (tmp_path / "plots").iterdir()}


def test_everything_where_there_are_no_lists(tmp_path: Path) -> None:
    result = run("--data", make_tiny(tmp_path, "plain", n=3), "--detector", "tophat")
    assert "split all, 3 images" in result.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "--predictions DIR or --detector NAME"),
        (["--predictions", "{none}"], "there is no"),
        (["--predictions", "{data}/images"], "000005"),
        (["--detector", "tophats"], "Did you mean 'tophat'?"),
        (["--detector", "tophat", "--profile", "corected"], "Did you mean 'corrected'?"),
        (["--detector", "tophat", "--split", "tests"], "Did you mean"),
        (["--detector", "tophat", "--set", "k"], "KEY=VALUE"),
        (["--predictions", "{data}/masks", "--set", "k=3"], "saved predictions have none"),
        (["--detector", "tophat", "--threshold", "2"], "in [0, 1)"),
        (["--detector", "tophat", "--per-image", "{none}/a.csv"], "CSV"),
        (["--detector", "tophat", "--plots", "{data}/50_50/test.txt"], "is a file"),
    ],
)
def test_mistakes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    data: Path,
    tmp_path: Path,
    arguments: list[str],
    sentence: str,
) -> None:
    words = [word.format(data=data, none=tmp_path / "none") for word in arguments]
    if "/images" in "".join(words):  # images of another size in the place of predictions
        for path in (data / "images").iterdir():
            write(path.parent.parent / "wrong" / path.name, np.zeros((5, 7), np.uint8))
        words = ["--predictions", str(data / "wrong")]
    line = " ".join(["evaluate", "--data", str(data), *words])
    assert sentence in refusal(monkeypatch, capsys, line)


def test_no_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    line = f"evaluate --data {tmp_path / 'none'} --detector tophat"
    assert "there is no" in refusal(monkeypatch, capsys, line)


def test_real_images(shared: Path) -> None:
    """The no-training yardstick, as the documentation quotes it."""
    data = shared / "data" / "sirst-v1"
    document = json.loads(run("--data", data, "--detector", "tophat", "--json").stdout)
    scores = document["profiles"]["corrected"]["scores"]
    assert document["images"] == 86
    assert scores["targets"] == 109
    assert scores["miou"] == pytest.approx(0.5227, abs=2e-3)
    assert scores["pd"] == pytest.approx(0.9541, abs=1e-2)
