"""`sirst5k verify` and shards as a user types them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tiny import make_tiny

from sirst5k import open_dataset
from sirst5k_cli import main

SETS = ["--set", "sampling.size=16", "--set", "sampling.guard=2", "--set", "variants=2"]


@pytest.fixture
def sirst5k(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the command line in this process: (exit code, standard output, standard error)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sirst5k", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        out, err = capsys.readouterr()
        return int(stopped.value.code or 0), out, err

    return run


@pytest.fixture(params=[[], ["--format", "shards", "--shard-size", 4]], ids=["folder", "shards"])
def out(request: pytest.FixtureRequest, sirst5k, tmp_path: Path) -> Path:
    source = make_tiny(tmp_path / "source", n=6, size=(64, 56))
    assert sirst5k("synth", source, tmp_path / "out", "-j", 1, *SETS, *request.param)[0] == 0
    return tmp_path / "out"


def test_what_is_as_it_was_passes(sirst5k, out: Path, tmp_path: Path) -> None:
    assert len(open_dataset(out, "train")) == 12
    code, text, err = sirst5k("verify", out, "-j", 1)
    assert (code, err) == (0, "")
    assert "14 samples as they were written, 8 made again and equal" in text
    assert sirst5k("verify", out, "-j", 1, "--quiet") == (0, "", "")
    source = tmp_path / "source/dnanet"
    code, text, _ = sirst5k("verify", out, "--sample", 3, "--source", source, "--json", "-j", 1)
    report = json.loads(text)
    assert code == 0
    assert (report["samples"], report["recomputed"], report["faults"]) == (14, 3, [])


def test_what_is_wrong_is_listed(sirst5k, out: Path) -> None:
    (out / "noise.npz").unlink()
    (out / "stranger.txt").write_text("?")
    for arguments in ([], ["--quiet"]):
        code, text, err = sirst5k("verify", out, "-j", 1, *arguments)
        assert (code, err) == (1, "")
        assert "2 things wrong" in text
        assert "missing: noise.npz is missing." in text
        assert "stranger: stranger.txt does not belong" in text
        assert "run the same sirst5k synth command again" in text
    code, text, _ = sirst5k("verify", out, "-j", 1, "--json")
    assert code == 1
    assert [fault["where"] for fault in json.loads(text)["faults"]] == ["noise.npz", "stranger.txt"]


def test_long_lists_are_cut_short(sirst5k, out: Path) -> None:
    for number in range(30):
        (out / f"{number}.txt").write_text("?")
    code, text, _ = sirst5k("verify", out, "-j", 1)
    assert code == 1
    assert text.count("stranger:") == 20
    assert "and 10 more" in text


def test_bad_input_is_refused(sirst5k, out: Path, tmp_path: Path) -> None:
    for arguments, sentence in (
        ([tmp_path / "none"], "Expected an output folder"),
        ([out, "--source", tmp_path / "none"], "there is no"),
        ([out, "--sample", -1], "--sample"),
        ([], "OUT"),
    ):
        code, text, err = sirst5k("verify", *arguments)
        assert (code, text) == (2, "")
        assert sentence in err


def test_a_raised_limit_goes_on(sirst5k, tmp_path: Path) -> None:
    source = make_tiny(tmp_path / "source", n=6, size=(64, 56))
    line = ["synth", source, tmp_path / "out", "-j", 1, "--json", *SETS]
    assert json.loads(sirst5k(*line, "--limit", 5)[1])["written"] == 7
    assert json.loads(sirst5k(*line, "--limit", 9)[1])["written"] == 6
    code, _, err = sirst5k(*line, "--limit", 4)
    assert code == 2
    assert "limit: 9 there, 4 now" in err


def test_a_dry_run_counts_targets_over_processes(sirst5k, tmp_path: Path) -> None:
    source = make_tiny(tmp_path / "source", n=6, size=(64, 56))
    line = ["synth", source, tmp_path / "out", "--dry-run", "--json", "-r", "reference"]
    one, two = (json.loads(sirst5k(*line, "-j", jobs)[1]) for jobs in (1, 2))
    assert one == two
    assert one["outputs"] > 4
