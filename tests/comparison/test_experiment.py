"""Arms and experiments: what they take, keep and refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from comparison.faking import experiment

from sirst5k.comparison.arms import Arm, parse_arm
from sirst5k.comparison.experiment import Experiment
from sirst5k.errors import OutputError, ParameterError, RecipeError
from sirst5k.synthesis import Recipe


def test_arms_by_word(tmp_path: Path) -> None:
    assert parse_arm("none") == Arm("none", "none")
    assert parse_arm("reference").recipe == Recipe.load("reference")
    assert parse_arm(str(tmp_path)) == Arm(tmp_path.name, "folder", folder=str(tmp_path))
    assert parse_arm(f"mine={tmp_path}").name == "mine"
    Recipe.load("sirst5k").save(tmp_path / "own.yaml")
    assert parse_arm(str(tmp_path / "own.yaml")).name == "own"
    arm = parse_arm("noise=sirst5k", ["negatives=null"])
    assert arm.name == "noise"
    assert arm.recipe is not None
    assert arm.recipe.negatives is None
    assert Arm.from_dict(arm.to_dict()) == arm


@pytest.mark.parametrize("word", ["refrence", "x/y=none", "", "=none", "no/such/folder"])
def test_wrong_arms_are_refused(word: str) -> None:
    with pytest.raises(ParameterError):
        parse_arm(word)


def test_settings_need_a_recipe(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="none"):
        parse_arm("none", ["size=1"])
    (tmp_path / "bad.yaml").write_text("version: [", encoding="utf-8")
    with pytest.raises(RecipeError, match="bad.yaml"):
        parse_arm(str(tmp_path / "bad.yaml"))


@pytest.mark.parametrize(
    "changes",
    [
        {"detectors": ("unett",)},
        {"detectors": ()},
        {"detectors": ("unet", "unet")},
        {"arms": ()},
        {"arms": (parse_arm("none"), parse_arm("none"))},
        {"seeds": ()},
        {"seeds": (0, 0)},
        {"seeds": (-1,)},
        {"steps": None},
        {"epochs": 3},
        {"fractions": (0.0,)},
        {"fractions": (0.5, 0.5)},
        {"shift": (-1.0,)},
        {"networks": {"nonet": {}}},
    ],
)
def test_wrong_experiments_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        experiment(**changes)


def test_cells_span_all_arms_first() -> None:
    cells = experiment(fractions=(0.5, 1.0)).cells()
    assert len({cell.name for cell in cells}) == len(cells) == 12
    assert {cell.seed for cell in cells[:6]} == {0}
    assert [cell.name for cell in cells[:4:3]] == [
        "runs/unet/none/seed0",
        "runs/unet/none/fraction0.5/seed0",
    ]


def test_saved_and_loaded(tmp_path: Path) -> None:
    whole = experiment(shift=(0.0, 1.0), also_test=("demo:n=2",), fractions=(0.1, 1.0))
    assert whole.save(tmp_path / "new") == whole
    assert Experiment.load(tmp_path / "new") == whole
    assert whole.save(tmp_path / "new") == whole


def test_another_start_adds_and_takes_nothing_away(tmp_path: Path) -> None:
    experiment().save(tmp_path)
    more = experiment(arms=(parse_arm("noise=sirst5k"),), seeds=(2,), shift=(1.0,))
    whole = more.save(tmp_path)
    assert [arm.name for arm in whole.arms] == ["none", "reference", "sirst5k", "noise"]
    assert (whole.seeds, whole.shift) == ((0, 1, 2), (1.0,))
    assert Experiment.load(tmp_path) == whole


@pytest.mark.parametrize(
    "changes",
    [
        {"data": "demo:n=8"},
        {"steps": 5},
        {"steps": None, "epochs": 1},
        {"split": "train"},
        {"protocol": "mshnet"},
        {"settings": ()},
        {"networks": {}},
        {"arms": (parse_arm("none=sirst5k"),)},
    ],
)
def test_another_experiment_is_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    experiment().save(tmp_path)
    before = (tmp_path / "experiment.yaml").read_bytes()
    with pytest.raises(OutputError, match="folder"):
        experiment(**changes).save(tmp_path)
    assert (tmp_path / "experiment.yaml").read_bytes() == before


@pytest.mark.parametrize("text", ["", "[1]", "data: demo", "{", "unknown: 1"])
def test_a_damaged_file_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "experiment.yaml").write_text(text, encoding="utf-8")
    with pytest.raises((OutputError, ParameterError), match="experiment"):
        Experiment.load(tmp_path)
