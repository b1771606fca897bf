from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError

import pytest
from click.testing import CliRunner

from sirst5k import doctor
from sirst5k.errors import Sirst5kError
from sirst5k_cli.main import cli

LINES = [
    "numpy>=1.26",
    "zlib-ng>=1.0; python_version < '3.15' and platform_machine in 'x86_64'",
    'torch>=2.4; extra == "train"',
    "albumentations<2.1,>=2.0.8; extra == 'albumentations'",
    'sirst5k[test]; extra == "dev"',
]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What seems to be installed: the test changes it."""
    here = {"numpy": "2.4.6", "zlib-ng": "1.0.0"}
    broken = {"albumentations"}

    def version(name: str) -> str:
        if name not in here:
            raise PackageNotFoundError(name)
        return here[name]

    def import_module(name: str) -> None:
        if name in broken:
            raise ImportError("no such symbol")

    monkeypatch.setattr(doctor, "requires", lambda _: LINES)
    monkeypatch.setattr(doctor, "version", version)
    monkeypatch.setattr(doctor, "import_module", import_module)
    return here


def test_a_core_installation_is_sound_and_says_what_is_missing(installed: dict[str, str]) -> None:
    found = doctor.examine()
    assert [package.name for package in found.packages] == [
        "numpy",
        "zlib-ng",
        "torch",
        "albumentations",
    ]
    assert found.problems == []
    assert found.missing == {"train": ["torch"], "albumentations": ["albumentations"]}
    assert found.devices == ()


def test_what_is_too_old_or_too_new_or_broken_is_told(installed: dict[str, str]) -> None:
    installed.update(numpy="1.25.9", albumentations="2.0.8")
    assert doctor.examine().problems == [
        "numpy: 1.25.9 is installed, >=1.26 is needed. pip install 'numpy>=1.26'",
        "albumentations: 2.0.8 is installed but cannot be imported (no such symbol). "
        "Install it again",
    ]
    installed["albumentations"] = "2.1.0"
    assert "2.1.0 is installed, <2.1,>=2.0.8 is needed" in doctor.examine().problems[1]


def test_a_missing_core_package_is_a_problem(installed: dict[str, str]) -> None:
    del installed["numpy"]
    assert doctor.examine().problems == ["numpy is not installed. pip install sirst5k"]


def test_source_without_installation_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def requires(name: str) -> list[str]:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "requires", requires)
    with pytest.raises(Sirst5kError, match=r"Install it: pip install \."):
        doctor.examine()


@pytest.mark.parametrize(
    ("found", "asked", "yes"),
    [
        ("2.4", ">=2.4", True),
        ("2.4.0", ">=2.4", True),
        ("2.3.9", ">=2.4", False),
        ("2.10", ">=2.9", True),
        ("2.13.0+cpu", ">=2.4", True),
        ("2.1", "<2.1,>=2.0.8", False),
        ("2.0.9", "<2.1,>=2.0.8", True),
        ("2026.7.1", "", True),
    ],
)
def test_versions_are_compared_by_their_numbers(found: str, asked: str, yes: bool) -> None:
    assert doctor.fits(found, asked) is yes


def test_the_command_says_it_for_people_and_for_programs(installed: dict[str, str]) -> None:
    run = CliRunner().invoke(cli, ["doctor"], standalone_mode=False)
    assert run.return_value == 0
    assert "numpy 2.4.6, zlib-ng 1.0.0" in run.output
    assert "missing: torch\n  pip install 'sirst5k[train]'" in run.output
    installed["numpy"] = "1.0"
    run = CliRunner().invoke(cli, ["doctor", "--json"], standalone_mode=False)
    assert run.return_value == 1
    assert json.loads(run.output)["problems"][0].startswith("numpy: 1.0 is installed")


def test_this_installation_is_sound() -> None:
    found = doctor.examine()
    assert found.problems == []
    assert {"numpy", "scipy", "click"} <= {package.name for package in found.packages}
