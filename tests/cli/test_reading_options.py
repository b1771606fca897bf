"""`--max-pixels` and `--follow-links`: the same in every command that reads images."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tiny import make_tiny

from sirst5k.errors import DatasetError, Sirst5kError

PIXELS = 48 * 40


def run(name: str, *words: object) -> Any:
    command = import_module(f"sirst5k_cli.{name}").command
    return CliRunner().invoke(command, [str(word) for word in words])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_tiny(tmp_path / "data", n=6)


@pytest.fixture
def linked(tmp_path: Path, data: Path) -> Path:
    """A dataset whose images are links to another's."""
    root = make_tiny(tmp_path / "linked", n=6)
    for image in (root / "images").iterdir():
        image.unlink()
        image.symlink_to(data / "images" / image.name)
    return root


def lines(root: Path, out: Path) -> dict[str, list[object]]:
    """Return the words of a command line for each command, which each reads `root`."""
    sets = ["--set", "sampling.size=16", "--set", "sampling.guard=2"]
    return {
        "synth": [root, out, "-j", 1, "--set", "displacement=null"],
        "preview": [root, "-o", out.with_suffix(".png"), *sets],
        "convert": [root, out, "--to", "sirst", "-j", 1],
        "evaluate": ["--data", root, "--detector", "tophat"],
        "predict": ["tophat", root, out, "-j", 1],
        "noise": ["sample", root, "-o", out.with_suffix(".npz"), "--size", 16, "--guard", 2],
    }


COMMANDS = list(lines(Path(), Path("out")))


@pytest.mark.parametrize("name", COMMANDS)
def test_larger_images_are_refused_and_the_option_is_named(
    data: Path, tmp_path: Path, name: str
) -> None:
    words = lines(data, tmp_path / "out")[name]
    refused = run(name, *words, "--max-pixels", PIXELS - 1)
    assert isinstance(refused.exception, Sirst5kError)
    assert f"--max-pixels {PIXELS}" in str(refused.exception)
    assert "SIRST5K_MAX_PIXELS" not in os.environ
    assert run(name, *words, "--max-pixels", PIXELS).exit_code == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_links_out_of_a_dataset_are_followed_where_asked(
    linked: Path, tmp_path: Path, name: str
) -> None:
    words = lines(linked, tmp_path / "out")[name]
    refused = run(name, *words)
    assert isinstance(refused.exception, DatasetError)
    assert "--follow-links" in str(refused.exception)
    assert run(name, *words, "--follow-links").exit_code == 0
    assert "SIRST5K_FOLLOW_LINKS" not in os.environ


def test_inspect_counts_them_as_problems(data: Path, linked: Path) -> None:
    small = run("inspect", data, "-j", 1, "--max-pixels", PIXELS - 1)
    assert small.exit_code == 1
    assert "at most 1,919 pixels" in " ".join(small.output.split())
    assert run("inspect", linked, "-j", 1, "--follow-links").exit_code == 0


def test_links_out_of_a_plain_folder_of_images_are_not_followed(
    linked: Path, tmp_path: Path
) -> None:
    words = ["tophat", linked / "images", tmp_path / "out", "-j", 1, "--masks"]
    refused = run("predict", *words)
    assert isinstance(refused.exception, DatasetError)
    assert ".png leads to" in str(refused.exception)
    assert run("predict", *words, "--follow-links").exit_code == 0


def test_a_value_of_the_environment_comes_back(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIRST5K_MAX_PIXELS", "5000")
    assert run("inspect", data, "-j", 1, "--max-pixels", PIXELS).exit_code == 0
    assert os.environ["SIRST5K_MAX_PIXELS"] == "5000"
