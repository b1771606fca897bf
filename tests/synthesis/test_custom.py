"""Operations that another package brings, by the example in examples/custom_operation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sirst5k import NoiseBank, Recipe, SyntheticDataset, open_dataset
from sirst5k.errors import ParameterError, RecipeError
from sirst5k.synthesis import custom

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom_operation"


def announce(folder: Path, **operations: str) -> None:
    """Make a folder look like an installed package that announces operations."""
    info = folder / "sirst5k_vignette-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sirst5k-vignette\nVersion: 1.0\n")
    lines = [f"{name} = {value}" for name, value in operations.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{custom.GROUP}]", *lines]))


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    told = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]["entry-points"]
    broken = {"missing": "no_such_module:X", "none": "sirst5k_vignette:Nothing", "odd": "odd:Odd"}
    announce(tmp_path / "site", **told[custom.GROUP], **broken)
    (tmp_path / "site" / "odd.py").write_text(ODD)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.syspath_prepend(str(EXAMPLE))
    custom._made.cache_clear()
    return tmp_path


ODD = """
class Odd:
    def __init__(self, drawn=None, image=None, **known):
        self.drawn, self.image = drawn or {}, image
        if known:
            raise ValueError("no such parameter")
    def draw(self, image, mask, rng):
        return {"value": float("nan")} if self.drawn == "nan" else self.drawn
    def apply(self, image, mask, drawn):
        if self.image == "int":
            return image.astype(int), mask
        if self.image == "float":
            return image.astype("float32"), mask
        if self.image == "small":
            return image[1:], mask[1:]
        image[:], mask[:] = 0, False  # into its own copy
        return image, mask
"""


def made_with(operations: dict[str, Any], **other: Any) -> SyntheticDataset:
    recipe = Recipe(variants=2, custom=operations, **other)
    return SyntheticDataset(open_dataset("demo:n=3,size=64"), recipe)


def test_the_examples_operation_is_drawn_recorded_and_replayed(installed: Path) -> None:
    synthetic = made_with({"vignette": {"strength_range": [0.2, 0.4]}})
    original, one, two = synthetic[0], synthetic[1], synthetic[2]
    (record,) = one.meta["operations"]
    assert record["op"], record["from"] == ("custom", "sirst5k-vignette 1.0")
    assert 0.2 <= record["strength"] <= 0.4
    assert record["strength"] != two.meta["operations"][0]["strength"]
    corner, middle = (
        one.image[0, 0] / original.image[0, 0],
        one.image[32, 32] / original.image[32, 32],
    )
    assert corner == pytest.approx(1 - record["strength"], abs=0.02)
    assert middle == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(one.mask, original.mask)
    again = synthetic.replay(one.id, original.id, json.loads(json.dumps(one.meta["operations"])))
    np.testing.assert_array_equal(again.image, one.image)


def test_it_comes_after_the_scene_and_before_the_sensors_noise(installed: Path) -> None:
    bank = NoiseBank.from_windows(
        np.random.default_rng(0).normal(99, 2, (4, 8, 8)).round().astype(np.uint8)
    )
    recipe = Recipe.load("sirst5k").override(["custom.vignette.strength_range=[0.1,0.2]"])
    synthetic = SyntheticDataset(open_dataset("demo:n=3,size=64"), recipe, bank)
    assert [operation["op"] for operation in synthetic[1].meta["operations"]] == [
        "turn",
        "custom",
        "displace",
    ]


def test_recipes_keep_their_custom_operations_and_others_their_old_form(installed: Path) -> None:
    recipe = Recipe.load(EXAMPLE / "recipe.yaml")
    assert Recipe.from_text(recipe.to_text()) == recipe
    assert recipe.to_dict()["custom"] == {"vignette": {"strength_range": [0.2, 0.4]}}
    assert "custom" not in Recipe.load("sirst5k").to_dict()
    changed = Recipe.load("sirst5k").override(["custom.vignette={}"])
    assert changed.custom == {"vignette": {}}


@pytest.mark.parametrize(
    ("operations", "says"),
    [
        ({"vignete": {}}, "custom.vignete: no installed package brings.*Did you mean 'vignette'"),
        ({"vignette": 3}, "custom.vignette: expected a mapping of keys to values, got 3"),
        ({"vignette": {"power": 3}}, "parameters do not fit: .*power"),
        ({"vignette": {"strength_range": [0.5, 0.1]}}, r"expected 0 <= low <= high < 1"),
        ({"missing": {}}, "expected no_such_module:X to be importable"),
        ({"none": {}}, "expected sirst5k_vignette:Nothing to be importable"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_recipe(
    installed: Path, operations: dict[str, Any], says: str
) -> None:
    with pytest.raises(RecipeError, match=says):
        Recipe(custom=operations)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"drawn": "nan"}, "plain finite values"),
        ({"drawn": {"op": 1}}, "may not return a value called 'op'"),
        ({"image": "int"}, "returned no image with its mask"),
        ({"image": "float"}, r"expected an image of \(64, 64\) uint8 back, got .*float32"),
        ({"image": "small"}, r"got \(63, 64\) uint8"),
    ],
)
def test_what_an_operation_returns_is_checked(
    installed: Path, parameters: dict[str, Any], says: str
) -> None:
    with pytest.raises(ParameterError, match=says):
        made_with({"odd": parameters})[1]


def test_an_operation_cannot_change_its_source(installed: Path) -> None:
    synthetic = made_with({"odd": {}})
    assert not synthetic[1].image.any()
    assert synthetic[0].image.any()
    assert not synthetic[2].image.any()


def test_where_none_is_installed_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custom, "available_operations", dict)
    custom._made.cache_clear()
    with pytest.raises(RecipeError, match="None is installed here"):
        Recipe(custom={"vignette": {}})


def test_transforms_refuse_what_they_cannot_do(installed: Path) -> None:
    from sirst5k.transforms import from_recipe

    with pytest.raises(ParameterError, match="asks for vignette, which transforms do not apply"):
        from_recipe(Recipe(custom={"vignette": {}}))


def test_the_command_makes_the_same_with_any_number_of_workers(installed: Path) -> None:
    path = os.pathsep.join([str(installed / "site"), str(EXAMPLE), *sys.path])
    outs = []
    for jobs in ("1", "2"):
        out = installed / f"out{jobs}"
        words = ["synth", "demo:n=3,size=64", str(out), "--recipe", str(EXAMPLE / "recipe.yaml")]
        subprocess.run(
            [sys.executable, "-m", "sirst5k_cli", *words, "--jobs", jobs, "--quiet"],
            env={**os.environ, "PYTHONPATH": path},
            check=True,
        )
        outs.append({p.relative_to(out): p.read_bytes() for p in out.rglob("*.*")})
    assert outs[0] == outs[1]
    subprocess.run(
        [sys.executable, "-m", "sirst5k_cli", "verify", str(out), "--quiet"],
        env={**os.environ, "PYTHONPATH": path},
        check=True,
    )
