"""`sirst5k compare` and `sirst5k report`: words in, files and exit codes out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("torch")
pytest.importorskip("jinja2")

from comparison.faking import DATA, fake_training

from sirst5k.comparison import Experiment
from sirst5k_cli.main import cli

SMALL = ["--data", DATA, "--arms", "none,sirst5k", "--seeds", 1, "--steps", 4]
SMALL += ["--net", "unet.widths=[4,8]", "--size", 32, "--device", "cpu", "-j", 1]


def sirst5k(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return fake_training(monkeypatch)


def test_everything_is_written(trained: list[str], tmp_path: Path) -> None:
    out = tmp_path / "cmp"
    done = sirst5k("compare", *SMALL, "--out", out)
    assert done.exit_code == 0, done.output
    assert "2/2 runs/unet/sirst5k/seed0: done" in done.output
    for name in ("report.html", "results.json", "results.csv", "table.tex", "experiment.yaml"):
        assert (out / name).is_file(), name
    again = sirst5k("compare", *SMALL, "--out", out, "--json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["finished"] == 2
    assert len(trained) == 2


def test_settings_reach_the_experiment(trained: list[str], tmp_path: Path) -> None:
    del trained
    words = ["--arm", "noise=sirst5k:negatives=null;variants=2", "--fractions", "0.5,1", "--shift"]
    words += ["--also-test", "demo:n=2,size=48", "--profiles", "dnanet", "--time-limit", "1e-9"]
    done = sirst5k("compare", *SMALL, "--out", tmp_path, *words)
    assert done.exit_code == 0, done.output
    assert "6 runs are left" in done.output
    found = Experiment.load(tmp_path)
    recipe = found.arm("noise").recipe
    assert recipe is not None
    assert recipe.negatives is None
    assert recipe.variants == 2
    assert found.fractions == (0.5, 1.0)
    assert found.shift == (0.0, 0.5, 1.0, 2.0, 4.0)
    assert found.also_test == ("demo:n=2,size=48",)
    assert found.profiles == ("corrected", "dnanet")
    assert found.settings == ("augmentation.crop=32",)
    assert found.networks == {"unet": {"widths": [4, 8]}}


def test_a_failed_run_is_exit_code_1(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_training(monkeypatch, lambda name: "/sirst5k/" in name)
    done = sirst5k("compare", *SMALL, "--out", tmp_path)
    assert done.exit_code == 1
    assert "failed: runs/unet/sirst5k/seed0: RuntimeError: the sky fell" in done.output
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "the sky fell" in page


@pytest.mark.parametrize(
    "words",
    [
        ["--detectors", "unett"],
        ["--arms", "none,nothing-like-it"],
        ["--epochs", 3],
        ["--fractions", "half"],
        ["--net", "widths=[4]"],
        ["--arm", "x=none:variants=2"],
    ],
)
def test_wrong_words_are_refused(words: list[object], tmp_path: Path) -> None:
    done = sirst5k("compare", *SMALL, "--out", tmp_path / "no", *words)
    assert done.exit_code != 0
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--net", "unet.widht=3"], "no parameter 'widht'. Did you mean 'widths'?"),
        (["--net", "dnanet.width=3"], "got --net dnanet.… for --detectors unet."),
        (["--detectors", "unet,tophat"], "tophat is a classical detector"),
        (["--profiles", "dnanett"], "Did you mean 'dnanet'?"),
        (["--net", "unte.widths=[4]"], "Did you mean 'unet'?"),
    ],
)
def test_what_every_run_would_fail_of_is_refused_before_any_training(
    trained: list[str], tmp_path: Path, words: list[str], said: str
) -> None:
    done = sirst5k("compare", *SMALL, "--out", tmp_path / "no", *words)
    assert said in str(done.exception)
    assert not trained
    assert not (tmp_path / "no").exists()


def test_a_folder_of_something_else_is_refused(trained: list[str], tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("chapter 1")
    done = sirst5k("compare", *SMALL, "--out", tmp_path)
    assert "holds something else (there is 'thesis.tex')" in str(done.exception)
    assert not trained
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_length_is_asked_for(tmp_path: Path) -> None:
    done = sirst5k("compare", "--data", DATA, "--out", tmp_path / "no")
    assert "got neither --steps nor --epochs. Give --steps" in str(done.exception)


def test_report_merges_folders(trained: list[str], tmp_path: Path) -> None:
    del trained
    for name in ("one", "two"):
        assert sirst5k("compare", *SMALL, "--out", tmp_path / name, "-q").exit_code == 0
    folders = [tmp_path / "one", tmp_path / "two"]
    done = sirst5k("report", *folders, "--out", tmp_path / "both", "--bootstrap", 100)
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "both" / "results.json").read_text(encoding="utf-8"))
    assert list(found["detectors"]) == ["unet", "unet (2)"]
    assert sirst5k("report", tmp_path / "nowhere").exit_code != 0
