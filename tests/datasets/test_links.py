"""Symbolic links: inside the folder they are files, out of it they are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import make_tiny

from sirst5k import open_dataset
from sirst5k.datasets import convert_dataset
from sirst5k.datasets.links import Fence
from sirst5k.errors import DatasetError, PairingError, ParameterError, SplitError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_tiny(tmp_path / "source")


@pytest.fixture
def secret(tmp_path: Path, root: Path) -> Path:
    """A real image outside of the dataset."""
    path = tmp_path / "secret.png"
    path.write_bytes((root / "images" / "000006.png").read_bytes())
    return path


def link(path: Path, to: Path) -> None:
    path.unlink()
    path.symlink_to(to)


@pytest.mark.parametrize("place", ["images", "masks"])
def test_a_file_that_leads_out(root: Path, secret: Path, place: str) -> None:
    link(root / place / "000006.png", secret)
    with pytest.raises(PairingError, match=rf"000006\.png: it is a link to {secret}.*follow_links"):
        open_dataset(root)
    with pytest.raises(PairingError, match="is a link to"):
        open_dataset(root, "test")
    assert len(open_dataset(root, "train")) == 4
    assert list(open_dataset(root, on_error="skip").skipped) == ["000006"]
    assert len(open_dataset(root, follow_links=True)) == 6


def test_the_environment_allows_links(root: Path, secret: Path, monkeypatch) -> None:
    link(root / "images" / "000006.png", secret)
    monkeypatch.setenv("SIRST5K_FOLLOW_LINKS", "1")
    assert len(open_dataset(root)) == 6
    with pytest.raises(PairingError):
        open_dataset(root, follow_links=False)
    monkeypatch.setenv("SIRST5K_FOLLOW_LINKS", "yes")
    with pytest.raises(ParameterError, match="0 or 1, got 'yes'"):
        open_dataset(root)


def test_a_relative_link_that_climbs_out(root: Path, secret: Path) -> None:
    link(root / "images" / "000006.png", Path("../../../secret.png"))
    with pytest.raises(PairingError, match="is a link to"):
        open_dataset(root)


def test_a_chain_of_links_that_ends_outside(root: Path, secret: Path) -> None:
    (root / "inner").mkdir()
    (root / "inner" / "link").symlink_to(secret)
    link(root / "images" / "000006.png", root / "inner" / "link")
    with pytest.raises(PairingError, match="is a link to"):
        open_dataset(root)


def test_links_inside_the_folder_are_files(root: Path) -> None:
    (root / "store").mkdir()
    for place in ("images", "masks"):
        (root / place / "000006.png").rename(root / "store" / f"{place}.png")
        (root / place / "000006.png").symlink_to(f"../store/{place}.png")
    assert len(open_dataset(root)) == 6
    assert open_dataset(root).get("000006").mask.any()


def test_the_folder_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert len(open_dataset(tmp_path / "link")) == 6


def test_a_folder_that_leads_out(root: Path, tmp_path: Path) -> None:
    (root / "images").rename(tmp_path / "elsewhere")
    (root / "images").symlink_to(tmp_path / "elsewhere")
    for on_error in ("stop", "skip"):
        with pytest.raises(DatasetError, match=r"images/ leads to .*elsewhere.*follow_links"):
            open_dataset(root, on_error=on_error)
    assert len(open_dataset(root, follow_links=True)) == 6


def test_a_folder_within_that_leads_out(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (root / "images" / "more").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DatasetError, match="more leads to"):
        open_dataset(root)


def test_a_list_that_leads_out(root: Path, tmp_path: Path) -> None:
    (tmp_path / "passwords").write_text("hunter2\n")
    link(root / "50_50" / "train.txt", tmp_path / "passwords")
    with pytest.raises(DatasetError, match=r"train\.txt leads to") as caught:
        open_dataset(root, "train")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(SplitError, match="hunter2"):  # allowed, it is read, and names nothing
        open_dataset(root, "train", follow_links=True)


def test_links_in_a_circle_end(root: Path) -> None:
    for number in range(30):
        (root / "images" / f"loop{number}").symlink_to(root / "images")
    link(root / "images" / "000006.png", root / "images" / "000006.png")
    assert len(open_dataset(root, "train")) == 4


def test_a_folder_is_looked_into_once(root: Path) -> None:
    for place in ("images", "masks"):
        (root / place / "again").symlink_to(root / place)
        (root / place / "sub").mkdir()
        (root / place / "000006.png").rename(root / place / "sub" / "000006.png")
        (root / place / "other").symlink_to("sub")
    (root / "50_50" / "test.txt").write_text("000005\nsub/000006\n")
    assert set(open_dataset(root).ids) == {*(f"00000{k}" for k in range(1, 6)), "sub/000006"}


def test_a_conversion_follows_links_only_where_it_may(root: Path, secret: Path, tmp_path) -> None:
    link(root / "images" / "000006.png", secret)
    with pytest.raises(PairingError, match="is a link"):
        convert_dataset(root, tmp_path / "out", "sirst")
    assert not (tmp_path / "out").exists()
    report = convert_dataset(root, tmp_path / "out", "sirst", follow_links=True)
    assert report.samples == 6
    assert not (tmp_path / "out" / "images" / "000006.png").is_symlink()


def test_a_name_that_only_begins_like_the_root_is_outside(tmp_path: Path) -> None:
    for name in ("data", "data2"):
        (tmp_path / name).mkdir()
    fence = Fence(str(tmp_path / "data"))
    assert fence.holds(str(tmp_path / "data" / "x"))
    assert not fence.holds(str(tmp_path / "data2"))
