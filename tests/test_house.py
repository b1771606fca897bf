"""What the repository says about itself holds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

import sirst5k
from sirst5k.errors import MissingDependencyError

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["demo", "test"])
def test_readme_names_the_two_commands(command: str) -> None:
    assert f"python3 bootstrap.py {command}" in text("README.md")


def test_versions_agree() -> None:
    assert yaml.safe_load(text("CITATION.cff"))["version"] == sirst5k.__version__
    newest = re.search(r"^## (\S+)", text("CHANGELOG.md"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == sirst5k.__version__


def test_every_package_is_listed(pyproject: dict[str, Any]) -> None:
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "sirst5k").rglob("__init__.py")
    }
    assert {*found, "sirst5k_cli"} == set(pyproject["tool"]["setuptools"]["packages"])


def test_every_python_folder_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "sirst5k").rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("name", sirst5k.__all__)
def test_public_name_resolves(name: str) -> None:
    assert name in dir(sirst5k)
    try:
        assert getattr(sirst5k, name) is not None
    except MissingDependencyError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("room", sirst5k._ROOMS)
def test_public_names_of_rooms_resolve_and_are_documented(room: str) -> None:
    try:
        module = import_module(f"sirst5k.{room}")
    except MissingDependencyError as error:
        pytest.skip(str(error))
    for name in module.__all__:
        try:
            value = getattr(module, name)
        except MissingDependencyError as error:
            pytest.skip(str(error))
        assert not callable(value) or value.__doc__, f"sirst5k.{room}.{name} has no docstring"


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_into_the_repository_lead_somewhere(document: str) -> None:
    links = [link for link in LINK.findall(text(document)) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_heavy_packages_are_extras_only(pyproject: dict[str, Any]) -> None:
    core = {re.split(r"[^\w-]", line)[0].lower() for line in pyproject["project"]["dependencies"]}
    assert core == {
        "numpy",
        "scipy",
        "opencv-python-headless",
        "joblib",
        "click",
        "tqdm",
        "pyyaml",
        "zlib-ng",
    }


def test_bootstrap_deletes_no_folder_of_others(tmp_path: Path) -> None:
    """A folder that bootstrap.py did not make survives being named by mistake."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    done = subprocess.run(
        [sys.executable, ROOT / "bootstrap.py", "demo"],
        env={"SIRST5K_VENV": str(mine)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "left alone" in done.stderr
    assert (mine / "thesis.txt").read_text() == "years of work"


def test_the_image_copies_what_is_there_and_ignores_the_rest() -> None:
    copied = re.findall(r"^COPY (.+) /src", text("Dockerfile"), re.MULTILINE)
    names = [name for line in copied for name in line.split()]
    assert [name for name in names if not (ROOT / name).exists()] == []
    let_through = re.findall(r"^!(.+)$", text(".dockerignore"), re.MULTILINE)
    assert sorted(let_through) == sorted(names)


def test_the_server_runs_the_same_checks(pyproject: dict[str, Any]) -> None:
    jobs = yaml.safe_load(text(".github/workflows/ci.yml"))["jobs"]
    (job,) = jobs.values()
    assert {"run": "bash .ci/run"} in job["steps"]
    stated = [line for line in pyproject["project"]["classifiers"] if ":: 3." in line]
    assert job["strategy"]["matrix"]["python"] == [line.split()[-1] for line in stated]


def test_the_oldest_dependencies_go_with_the_oldest_python(pyproject: dict[str, Any]) -> None:
    oldest = pyproject["project"]["requires-python"].removeprefix(">=").split(".")
    assert f"sys.version_info[:2] != ({', '.join(oldest)})" in text(".ci/run")


def test_a_shell_completes_commands_and_options() -> None:
    def completed(words: str, place: int) -> str:
        return subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys; sys.argv[0] = 'sirst5k'; from sirst5k_cli import main; main()",
            ],
            env={
                **os.environ,
                "_SIRST5K_COMPLETE": "bash_complete",
                "COMP_WORDS": words,
                "COMP_CWORD": str(place),
            },
            capture_output=True,
            text=True,
            check=False,
        ).stdout

    assert completed("sirst5k ver", 1).split() == ["plain,verify"]
    assert "plain,--recipe" in completed("sirst5k synth --re", 2).split()
