"""Names, roles, families, and lists that people's editors have been at."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import make_tiny, write_list

from sirst5k import open_dataset
from sirst5k.datasets import Splits
from sirst5k.datasets.lists import parse_list
from sirst5k.datasets.splits import role_of
from sirst5k.errors import Sirst5kWarning, SplitError

TWO_FAMILIES = Splits({"50_50/train": ["a"], "50_50/test": ["b"], "60_40/train": ["a", "b"]})


def test_is_a_mapping_of_ids() -> None:
    assert TWO_FAMILIES["50_50/train"] == ("a",)
    assert list(TWO_FAMILIES) == ["50_50/train", "50_50/test", "60_40/train"]
    assert "train" not in TWO_FAMILIES
    with pytest.raises(KeyError):
        TWO_FAMILIES["train"]


def test_names_roles_and_candidates() -> None:
    assert TWO_FAMILIES.resolve("60_40/train") == "60_40/train"
    assert TWO_FAMILIES.resolve("50_50/train.txt") == "50_50/train"
    assert TWO_FAMILIES.resolve("test") == "50_50/test"
    with pytest.raises(SplitError, match="50_50/train, 60_40/train"):
        TWO_FAMILIES.resolve("train")
    with pytest.raises(SplitError, match="'val' split"):
        TWO_FAMILIES.resolve("val")
    with pytest.raises(SplitError, match="Did you mean '50_50/train'"):
        TWO_FAMILIES.resolve("5050/train")
    assert TWO_FAMILIES.roles == {"test": "50_50/test"}


def test_canonical_lists_settle_roles() -> None:
    lists = {"idx_427/train": ["a"], "50_50/train": ["b"], "train": ["c"]}
    splits = Splits(lists, {"train": "idx_427/train"})
    assert splits.resolve("train") == "idx_427/train"
    assert splits.resolve("train.txt") == "train"
    assert splits.roles["train"] == "idx_427/train"


@pytest.mark.parametrize(
    ("name", "sibling"),
    [
        ("idx_427/trainval", "idx_427/test"),
        ("img_idx/train_NUDT-SIRST", "img_idx/test_NUDT-SIRST"),
        ("trainval", "test"),
        ("50_50/train", None),
        ("splits/mini_train", None),
    ],
)
def test_siblings(name: str, sibling: str | None) -> None:
    names = ["idx_427/trainval", "idx_427/test", "img_idx/train_NUDT-SIRST"]
    names += ["img_idx/test_NUDT-SIRST", "trainval", "test", "50_50/train", "splits/mini_train"]
    assert Splits({n: ["x"] for n in names}).sibling(name, "test") == sibling


def test_roles_of_names() -> None:
    assert role_of("splits/trainval_full") == "trainval"
    assert role_of("training") is None
    assert role_of("testing/notes") is None


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_any_text_file_is_a_list(tmp_path: Path, newline: str) -> None:
    path = tmp_path / "train.txt"
    path.write_bytes(f"\ufeffa{newline}{newline}  b (1)\t{newline}c/d".encode())
    assert [entry.id for entry in parse_list(path)] == ["a", "b (1)", "c/d"]
    assert [entry.line for entry in parse_list(path)] == [1, 3, 4]


@given(st.lists(st.from_regex(r"[\w()\-]+(/[\w()\-]+)?", fullmatch=True)), st.sampled_from("\n\r"))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lists_round_trip(tmp_path: Path, ids: list[str], end: str) -> None:
    path = write_list(tmp_path / "train.txt", ids, end)
    assert [entry.id for entry in parse_list(path)] == ids


@pytest.mark.parametrize(
    "line", ["../outside", "a/../../b", "..", "/etc/passwd", "C:\\x", "..\\x", "c:/x", "a/.."]
)
def test_ids_that_climb_out_are_refused(tmp_path: Path, line: str) -> None:
    root = make_tiny(tmp_path)
    path = write_list(root / "50_50" / "train.txt", ["000001", line])
    with pytest.raises(SplitError, match="leads out of it") as caught:
        open_dataset(root, "train")
    assert str(path) in str(caught.value)
    assert "line 2" in str(caught.value)
    assert len(open_dataset(root, "test")) == 2
    assert len(open_dataset(root)) == 6


def test_slashes_are_forgiven_where_the_layout_has_them(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, "irdst-real")
    write_list(root / "train_IRDST-real.txt", ["/44//1(0)", "44/1(1)", "\\44\\1(2)"])
    assert open_dataset(root, "train").ids == ("44/1(0)", "44/1(1)", "44/1(2)")


def test_a_listed_id_without_file_names_list_line_and_id(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    path = write_list(root / "50_50" / "train.txt", ["000001", "", "nothing", "nor this"])
    with pytest.raises(SplitError, match=r"Line 3 of .* 'nothing' .and 1 more") as caught:
        open_dataset(root, "train")
    assert str(path) in str(caught.value)
    skipping = open_dataset(root, "train", on_error="skip")
    assert skipping.ids == ("000001",)
    assert set(skipping.skipped) == {"nothing", "nor this"}


def test_endings_in_lists_are_forgiven(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    write_list(root / "50_50" / "train.txt", ["000002.png", "000001"])
    assert open_dataset(root, "train").ids == ("000002", "000001")


def test_duplicates_are_reported_and_used_once(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    write_list(root / "50_50" / "train.txt", ["000002", "000001", "000002", "000002.png"])
    with pytest.warns(Sirst5kWarning, match="'000002' in lines 1 and 3"):
        assert open_dataset(root, "train").ids == ("000002", "000001")


def test_lists_are_read_only_when_asked_for(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    (root / "50_50" / "test.txt").write_bytes(b"\xff\xfe\x00binary")
    assert len(open_dataset(root, "train")) == 4
    with pytest.raises(SplitError, match="UTF-8"):
        open_dataset(root, "test")
    (root / "50_50" / "test.txt").write_bytes(b"a\0b\n")
    with pytest.raises(SplitError, match="zero bytes"):
        open_dataset(root, "test")


def test_several_basicirstd_lists_are_settled_by_the_folders_name(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, "basicirstd")
    write_list(root / "img_idx" / "train_other.txt", ["000001"])
    assert len(open_dataset(root, "train")) == 4
    renamed = root.rename(root.with_name("renamed"))
    with pytest.raises(SplitError, match="train_basicirstd, img_idx/train_other"):
        open_dataset(renamed, "train")
