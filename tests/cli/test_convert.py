"""`sirst5k convert` as a user types it, right and wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tiny import make_tiny

from sirst5k import open_dataset
from sirst5k_cli import main


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


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make_tiny(tmp_path / "source", "sirst-v1", n=6, size=(20, 24))


def test_a_dataset_in_another_layout(sirst5k, source: Path, tmp_path: Path) -> None:
    code, out, err = sirst5k("convert", source, tmp_path / "out", "--to", "irstd1k", "-j", 1)
    assert (code, err) == (0, "")
    assert "6 images" in out
    assert "6 copied as they are, 0 encoded" in out
    assert "idx_427/trainval is now trainval" in out
    assert open_dataset(tmp_path / "out").layout == "irstd1k"


def test_json_and_quiet(sirst5k, source: Path, tmp_path: Path) -> None:
    arguments = ["convert", source, tmp_path / "a", "--to", "coco", "--split", "test"]
    code, out, _ = sirst5k(*arguments, "--json")
    report = json.loads(out)
    assert code == 0
    assert (report["to"], report["samples"], report["lists"]) == ("coco", 2, {"test": 2})
    arguments[2] = tmp_path / "b"
    assert sirst5k(*arguments, "--quiet") == (0, "", "")


def test_what_is_not_kept_is_said(sirst5k, source: Path, tmp_path: Path) -> None:
    code, out, _ = sirst5k("convert", source, tmp_path / "out", "--to", "grokcv")
    assert code == 0
    assert "not kept: 50_50/test, 50_50/train, idx_427/train, idx_427/val: grokcv has" in out


def test_yolo_boxes(sirst5k, source: Path, tmp_path: Path) -> None:
    code, _, _ = sirst5k(
        "convert", source, tmp_path / "out", "--to", "yolo", "--yolo-labels", "box"
    )
    assert code == 0
    line = next((tmp_path / "out" / "labels").glob("*.txt")).read_text().splitlines()[0]
    assert len(line.split()) == 5


def test_overwrite(sirst5k, source: Path, tmp_path: Path) -> None:
    arguments = ["convert", source, tmp_path / "out", "--to", "dnanet"]
    assert sirst5k(*arguments)[0] == 0
    code, _, err = sirst5k(*arguments)
    assert code == 2
    assert "--overwrite" in err
    assert sirst5k(*arguments, "--overwrite")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--to", "coc"], "Did you mean 'coco'?"),
        ([], "Missing option '--to'"),
        (["--to", "coco", "--split", "tset"], "Did you mean 'test'?"),
        (["--to", "coco", "--max-pixels", "100"], "at most 100 pixels"),
        (["--to", "coco", "--jobs", "0"], "number of processes"),
    ],
)
def test_mistakes_are_sentences(sirst5k, source, tmp_path, arguments, sentence) -> None:
    code, out, err = sirst5k("convert", source, tmp_path / "out", *arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err


def test_links_out_are_followed_only_when_asked(sirst5k, source: Path, tmp_path: Path) -> None:
    path = source / "images" / "Misc_1.png"
    path.rename(tmp_path / "elsewhere.png")
    path.symlink_to(tmp_path / "elsewhere.png")
    arguments = ["convert", source, tmp_path / "out", "--to", "dnanet"]
    code, _, err = sirst5k(*arguments)
    assert code == 2
    assert "is a link to" in err
    code, out, _ = sirst5k(*arguments, "--follow-links")
    assert code == 0
    assert "6 images" in out


def test_damaged_files_are_counted(sirst5k, source: Path, tmp_path: Path) -> None:
    (source / "images" / "Misc_2.png").write_bytes(b"no image")
    arguments = ["convert", source, tmp_path / "out", "--to", "dnanet", "-j", 1]
    code, _, err = sirst5k(*arguments)
    assert code == 2
    assert "Misc_2.png" in err
    code, out, _ = sirst5k(*arguments, "--on-error", "skip", "--overwrite")
    assert code == 0
    assert "1 left out: Misc_2" in out
