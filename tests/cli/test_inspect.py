"""`sirst5k inspect`: the table, JSON, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tiny import make_tiny

from sirst5k.datasets import LAYOUTS
from sirst5k.datasets.sequences.registry import SEQUENCE_LAYOUTS
from sirst5k_cli.inspect import command


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_table_fits_80_columns(tmp_path: Path) -> None:
    result = run(make_tiny(tmp_path, "sirst-v1", n=12))
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()[1:]  # the first is the path, of any length
    assert max(map(len, lines)) <= 80
    for part in ("sirst-v1", "idx_427/test 4", "grey uint8 12", "40 × 48 12", "no problem found"):
        assert part in result.output


def test_problems_give_exit_code_1(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, n=30)
    for path in sorted((root / "masks").iterdir())[:25]:
        path.write_bytes(b"")
    result = run(root, "--quiet")
    assert result.exit_code == 1
    assert "25 problems found" in result.output
    assert "and 5 more" in result.output
    assert max(map(len, result.output.splitlines())) < 200


def test_json(tmp_path: Path) -> None:
    result = run(make_tiny(tmp_path), "--split", "train", "--json")
    found = json.loads(result.stdout)
    assert (found["images"], found["split"]) == (4, "50_50/train")


def test_jobs_are_checked(tmp_path: Path) -> None:
    assert run(make_tiny(tmp_path), "--jobs", "0").exit_code == 2


@pytest.mark.parametrize("where", ["none", "."])
def test_bad_input_is_one_message_and_exit_code_2(tmp_path: Path, where: str) -> None:
    code = "import sys; from sirst5k_cli import main; sys.argv[0] = 'sirst5k'; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "inspect", str(tmp_path / where)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("sirst5k: Expected a dataset")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_known_layouts_are_listed() -> None:
    done = run("--layouts")
    assert done.exit_code == 0
    for layout in (*LAYOUTS.values(), *SEQUENCE_LAYOUTS.values()):
        assert any(
            line.split(maxsplit=1) == [layout.name, layout.looks_for]
            for line in done.output.splitlines()
        ), layout.name
