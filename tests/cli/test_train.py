"""`sirst5k train`, and what evaluate and predict make of its folder."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("lightning_fabric")

from sirst5k.training import FitReport
from sirst5k_cli.main import cli
from sirst5k_cli.train import _say as say

DATA = "demo:n=14,size=48,seed=2"
SMALL = ["--net", "widths=[4,8]", "--size", "32", "--batch-size", "4", "--device", "cpu"]
SMALL += ["--no-cache", "-j", "1"]


def sirst5k(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("train") / "run"
    done = sirst5k("train", "--data", DATA, "-d", "unet", "--out", out, "--steps", 6, *SMALL)
    assert done.exit_code == 0, done.output
    assert "held out, last: mIoU" in done.output
    return out


def test_done_is_done(run: Path) -> None:
    done = sirst5k(
        "train", "--data", DATA, "-d", "unet", "--out", run, "--steps", 6, *SMALL, "--json"
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["steps"] == 6


@pytest.mark.parametrize("checkpoint", ["last", "best"])
def test_a_run_is_scored(run: Path, checkpoint: str) -> None:
    words = ["--checkpoint", checkpoint, "--json"]
    done = sirst5k("evaluate", "--data", DATA, "--run", run, *words)
    assert done.exit_code == 0, done.output
    assert 0 <= json.loads(done.output)["profiles"]["corrected"]["scores"]["miou"] <= 1


def test_a_run_predicts(run: Path, tmp_path: Path) -> None:
    done = sirst5k("predict", run, DATA, tmp_path / "out", "--masks", "-j", "1")
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "out" / "masks").glob("*.png"))) == 14


def test_squashed_frames(run: Path) -> None:
    native, small = (
        json.loads(sirst5k("evaluate", "--data", DATA, "--run", run, "--json", *words).output)
        for words in ([], ["--frame", "32"])
    )
    assert native["profiles"]["corrected"]["scores"] != small["profiles"]["corrected"]["scores"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["train", "--data", DATA, "-d", "unet", "--out", "x", "--batch-size", "0"], "or auto"),
        (["train", "--data", DATA, "-d", "unet", "--out", "x", "--noise", "n.npz"], "--recipe"),
        (["evaluate", "--data", DATA, "--run", "nowhere"], "there is no folder nowhere"),
        (["evaluate", "--data", DATA, "--run", "a", "--weights", "b"], "got both"),
    ],
)
def test_mistakes_are_one_sentence(words: list[str], sentence: str) -> None:
    done = sirst5k(*words)
    assert done.exit_code != 0
    assert sentence in f"{done.output}{done.exception}"


def test_a_folder_of_something_else_is_refused_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_reading(*_: object, **__: object) -> None:
        pytest.fail("the data was looked at")

    monkeypatch.setattr("sirst5k.training.fitting.open_dataset", no_reading)
    (tmp_path / "thesis.tex").write_text("chapter 1")
    (tmp_path / "config.yaml").write_text("theme: dark\n")
    for more in ([], ["--overwrite"]):
        done = sirst5k("train", "--data", DATA, "-d", "unet", "--out", tmp_path, *more)
        assert "holds something else (there is 'config.yaml')" in str(done.exception)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml", "thesis.tex"]
    file = tmp_path / "thesis.tex"
    done = sirst5k("train", "--data", DATA, "-d", "unet", "--out", file)
    assert "is a file" in str(done.exception)


def test_a_folder_of_a_start_that_was_stopped_early_is_a_run_folder(tmp_path: Path) -> None:
    from sirst5k.training.run_folder import RunFolder, check_run_folder

    RunFolder(tmp_path)
    check_run_folder(tmp_path)
    (tmp_path / "config.yaml").write_text("training: {}\n")
    (tmp_path / "notes.txt").write_text("mine")
    check_run_folder(tmp_path)


def test_a_score_that_there_is_none_of_is_a_dash(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = {"ap50": 0.5, "precision": None, "recall": 0.0, "f1": math.nan, "best_f1": 0.25}
    files = (tmp_path / "best", tmp_path / "last")
    say(FitReport(tmp_path, 9, 3, 0.5, 3, found, 2.0, *files))  # type: ignore[arg-type]
    assert (
        "AP50 0.5000, precision –, recall 0.0000, F1 –, best F1 0.2500" in capsys.readouterr().out
    )
