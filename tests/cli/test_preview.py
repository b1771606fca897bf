"""`sirst5k preview`: what it draws, what it says, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image
from tiny import make_tiny

from sirst5k.errors import Sirst5kError
from sirst5k_cli.preview import command
from sirst5k_cli.synth import command as synth

QUICK = ("--set", "sampling.size=8")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make_tiny(tmp_path)


@pytest.fixture
def out(tmp_path: Path, source: Path) -> Path:
    target = tmp_path / "out"
    arguments = [str(source), str(target), "--set", "sampling.size=8", "--jobs", "1", "--quiet"]
    result = CliRunner().invoke(synth, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return target


def test_of_a_dataset(source: Path, tmp_path: Path) -> None:
    picture = tmp_path / "sheet.png"
    result = run(source, "-o", picture, *QUICK, "--samples", 2, "--variants", 2)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{picture}: 1612 × ")
    assert "recipe sirst5k" in result.stdout
    with Image.open(picture) as read:
        assert (read.width, read.mode) == (1612, "RGB")


def test_of_outputs(out: Path, tmp_path: Path) -> None:
    result = run(out, "-o", tmp_path / "a.png", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["recipe"] == "sirst5k"
    assert len(found["shown"]) == 3
    for source_id, variants in found["shown"].items():
        assert len(variants) == 3
        assert all(name.startswith(f"{source_id}_v") for name in variants)
    again = run(out, "-o", tmp_path / "b.png", "--quiet")
    assert again.output == ""
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_of_an_unfinished_run(out: Path, tmp_path: Path) -> None:
    whole = run(out, "-o", tmp_path / "a.png")
    (out / "dataset.json").rename(out / "unfinished.json")
    (out / "50_50" / "train.txt").unlink()
    part = run(out, "-o", tmp_path / "b.png")
    assert (whole.exit_code, part.exit_code) == (0, 0)
    # It says that it is not finished.
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()


def test_of_embedded_scenes(tmp_path: Path) -> None:
    picture = tmp_path / "demo.png"
    result = run("demo:n=6,size=96", "-o", picture, "--ids", "demo_sea_0001", "--variants", 1)
    assert result.exit_code == 0, result.output
    assert picture.is_file()


@pytest.mark.parametrize("option", [("--recipe", "reference"), ("--split", "train"), QUICK])
def test_outputs_are_not_made_anew(out: Path, tmp_path: Path, option: tuple[str, str]) -> None:
    result = run(out, "-o", tmp_path / "a.png", *option)
    assert result.exit_code == 2
    assert f"{option[0]} cannot change" in result.output
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("-o", "a.jpg"), "ends with .png"),
        (("-o", "none/a.png"), "no folder"),
        (("-o", "a.png", "--ids", "00001"), "Did you mean '000001'"),
        (("-o", "a.png", "--ids", "000006"), "no source image '000006'"),  # of the test split
        (("-o", "a.png", "--split", "test"), "never synthesised from"),
        (("-o", "a.png", "--split", "tset"), "no split 'tset'"),
        (("-o", "a.png", "--recipe", "refrence"), "Did you mean 'reference'"),
        (("-o", "a.png", "--noise", "none.npz"), "No noise bank"),
    ],
)
def test_bad_input_is_one_sentence_and_no_picture(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], says: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    result = run(source, *arguments)
    assert isinstance(result.exception, Sirst5kError), result.output
    assert says in str(result.exception)
    assert "\n" not in str(result.exception)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    result = run(tmp_path / "none", "-o", tmp_path / "a.png")
    assert isinstance(result.exception, Sirst5kError)
    assert "none" in str(result.exception)


def test_no_training_part_must_be_said(tmp_path: Path) -> None:
    plain = make_tiny(tmp_path, "plain")
    refused = run(plain, "-o", tmp_path / "a.png", *QUICK)
    assert "--split all" in str(refused.exception)
    done = run(plain, "-o", tmp_path / "a.png", *QUICK, "--split", "all", "--quiet")
    assert (done.exit_code, done.output) == (0, "")


def test_ids_without_a_name_are_refused(source: Path, tmp_path: Path) -> None:
    result = run(source, "-o", tmp_path / "a.png", "--ids", " , ")
    assert result.exit_code == 2
    assert "--ids" in result.output


def test_real_images_with_both_recipes(shared: Path, tmp_path: Path) -> None:
    real = shared / "data" / "sirst-v1"
    noise = shared / "data" / "nudt-demo" / "noise" / "noise.png"
    ids = "Misc_44,Misc_57"
    for name in ("sirst5k", "reference"):
        picture = tmp_path / f"{name}.png"
        result = run(
            real, "-o", picture, "--recipe", name, "--noise", noise, "--split", "trainval",
            "--ids", ids,
        )  # fmt: skip
        assert result.exit_code == 0, result.output
        assert 100_000 < picture.stat().st_size < 1_500_000
