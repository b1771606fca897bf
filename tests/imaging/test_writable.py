"""Outputs that could not be written are found before the work."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sirst5k.errors import OutputError
from sirst5k.imaging.writable import check_file_path, check_folder_path, check_own_folder


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to("nothing")
    return tmp_path


@pytest.mark.parametrize("name", ["folder", "new", "folder/new", "new/newer/newest", "."])
def test_a_folder_that_can_be_made_is_not_made(here: Path, name: str) -> None:
    before = sorted(here.iterdir())
    check_folder_path(name)
    assert sorted(here.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("file", "Expected a folder to write to, but file is a file."),
        ("file/a/b", "at file/a/b, but file is a file."),
        ("link", "but link is a broken link."),
        ("link/a", "at link/a, but link is a broken link."),
    ],
)
def test_a_folder_that_cannot_be_made(name: str, said: str) -> None:
    with pytest.raises(OutputError, match=said):
        check_folder_path(name)


@pytest.mark.parametrize(
    ("name", "ending", "said"),
    [
        ("folder", "", "but folder is a folder. Name a file in it"),
        ("none/a.png", ".png", "there is no folder none. Make it first"),
        ("file/a.png", ".png", "but file is a file"),
        ("a.jpg", ".png", r"ends with .png, got 'a.jpg'. Name it a.png"),
    ],
)
def test_a_file_that_cannot_be_written(name: str, ending: str, said: str) -> None:
    with pytest.raises(OutputError, match=said):
        check_file_path(name, ending)


def test_a_file_that_can_be_written() -> None:
    check_file_path("a.PNG", ".png")
    check_file_path("file")
    check_file_path("none/a.html", make_folder=True)


@pytest.mark.parametrize("check", [check_file_path, check_folder_path])
def test_a_folder_that_is_read_only(check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "folder")
    with pytest.raises(OutputError, match="the folder folder is read-only"):
        check("folder/new")


def test_a_folder_of_our_own() -> None:
    here = Path("ours")
    check_own_folder(here, "a run")  # need not exist
    here.mkdir()
    (here / ".DS_Store").touch()
    (here / "metrics.jsonl").touch()
    check_own_folder(here, "a run", {"metrics.jsonl", "curves.png"})
    (here / "thesis.tex").touch()
    with pytest.raises(OutputError, match=r"a run to go on with, .* \(there is 'thesis.tex'\)"):
        check_own_folder(here, "a run", {"metrics.jsonl"})
    with pytest.raises(OutputError, match=r"there is 'metrics.jsonl'"):
        check_own_folder(here, "a run")
