"""What may be a name, and which two names a disk takes for one."""

from __future__ import annotations

import posixpath
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tiny import make_tiny, write_list

from sirst5k import open_dataset
from sirst5k.datasets import names
from sirst5k.datasets.export import convert_dataset
from sirst5k.datasets.lists import parse_list
from sirst5k.datasets.names import check_apart, check_lengths, leads_out, unusable
from sirst5k.errors import DatasetError, OutputError, SplitError

parts = st.sampled_from(["..", ".", "", "a", "b c", "..a", "a..", "...", "C:", "\0", "é"])


@given(st.lists(parts, min_size=1, max_size=5), st.sampled_from(["/", "\\"]))
@example(["..", "a"], "/")
def test_nothing_that_leads_out_is_let_through(pieces: list[str], slash: str) -> None:
    name = slash.join(pieces)
    if not leads_out(name):
        landed = posixpath.normpath("/root/folder/" + name.replace("\\", "/"))
        assert landed == "/root/folder" or landed.startswith("/root/folder/")
        assert "\0" not in name
        assert not name.startswith(("/", "\\", "C:"))


@pytest.mark.parametrize(
    "line", ["../a", "a/../../b", "/etc/passwd", "C:/a", "C:a", r"..\a", r"\\server\a", ".."]
)
def test_lists_cannot_lead_out(tmp_path: Path, line: str) -> None:
    root = make_tiny(tmp_path)
    write_list(root / "50_50" / "train.txt", ["000001", line])
    with pytest.raises(SplitError, match=r"line 2 of .*train\.txt is .* which leads out of it"):
        open_dataset(root, "train")
    with pytest.raises(SplitError, match="leads out"):  # skipping does not help
        open_dataset(root, "train", on_error="skip")


def test_only_line_ends_divide_a_list(tmp_path: Path) -> None:
    path = write_list(tmp_path / "a.txt", ["a\u2028b", "c\x85d", " e\x1cf\t"])
    assert [entry.id for entry in parse_list(path)] == ["a\u2028b", "c\x85d", "e\x1cf"]
    path.write_bytes(b"a\rb\r\nc\n\r\nd")
    assert [(entry.line, entry.id) for entry in parse_list(path)] == [
        (1, "a"),
        (2, "b"),
        (3, "c"),
        (5, "d"),
    ]


def test_lists_longer_than_any_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_list(tmp_path / "a.txt", list("abcdef"))
    monkeypatch.setattr("sirst5k.datasets.lists.MAX_LINES", 6)
    assert len(parse_list(path)) == 6
    monkeypatch.setattr("sirst5k.datasets.lists.MAX_LINES", 4)
    with pytest.raises(SplitError, match="at most 4 ids"):
        parse_list(path)
    monkeypatch.setattr("sirst5k.datasets.lists.MAX_BYTES", 10)
    with pytest.raises(SplitError, match=r"a\.txt cannot be read: it has 12 bytes"):
        parse_list(path)


@pytest.mark.parametrize(("listed", "stored"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_accents_in_two_codings_are_one_name_to_lists(tmp_path, listed: str, stored: str) -> None:
    root = make_tiny(tmp_path)
    name, wanted = (unicodedata.normalize(form, "ö") for form in (stored, listed))
    for place in ("images", "masks"):
        (root / place / "000001.png").rename(root / place / f"{name}.png")
    write_list(root / "50_50" / "train.txt", [wanted, "000002.png"])
    assert open_dataset(root, "train").ids == (name, "000002")


def test_a_name_of_blanks_at_its_ends_is_found(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    for place in ("images", "masks"):
        (root / place / "000001.png").rename(root / place / " 000001 .png")
    write_list(root / "50_50" / "train.txt", [" 000001 ", " 000002 "])
    assert open_dataset(root, "train").ids == (" 000001 ", "000002")


def test_what_is_no_text_is_unusable() -> None:
    for name in ("a\nb", "a\x1b[0m", "a\x7f", "a\x85", "half\udcff"):
        assert unusable(name), name
    for name in ("a b", "é", "日本", "a\u3000b", "a\u00a0", "\U0001f600"):
        assert not unusable(name), name


class TestDisksThatFoldCase:
    def test_this_disk_is_asked(self, tmp_path: Path) -> None:
        (tmp_path / "a").touch()
        assert names.folds_names(tmp_path) == (tmp_path / "A").exists()
        assert [path.name for path in tmp_path.iterdir()] == ["a"]

    def test_a_folder_that_cannot_be_written_is_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(OutputError, match="Expected to write into"):
            names.folds_names(tmp_path / "none")

    @pytest.mark.parametrize(
        "pair",
        [
            ("Misc_1", "misc_1"),
            ("ö", unicodedata.normalize("NFD", "ö")),
            ("STRASSE", "straße"),
            ("A/b", "a/B"),
        ],
    )
    def test_names_that_it_cannot_tell_apart(self, tmp_path, monkeypatch, pair) -> None:
        monkeypatch.setattr(names, "folds_names", lambda folder: False)
        check_apart(["x", *pair], tmp_path)
        monkeypatch.setattr(names, "folds_names", lambda folder: True)
        check_apart(["x", pair[0], "y"], tmp_path)
        with pytest.raises(OutputError, match="takes .* for one"):
            check_apart(["x", *pair], tmp_path)

    def test_a_conversion_overwrites_nothing(self, tmp_path: Path, monkeypatch) -> None:
        root = make_tiny(tmp_path / "source")
        for place in ("images", "masks"):
            (root / place / "000001.png").rename(root / place / "ABC.png")
            (root / place / "000002.png").rename(root / place / "abc.png")
        write_list(root / "50_50" / "train.txt", ["ABC", "abc", "000003", "000004"])
        monkeypatch.setattr(names, "folds_names", lambda folder: True)
        with pytest.raises(OutputError, match="'ABC' and .*'images/abc' for one|images/ABC"):
            convert_dataset(root, tmp_path / "out", "dnanet")
        assert not list((tmp_path / "out").rglob("*.png"))
        monkeypatch.setattr(names, "folds_names", lambda folder: False)
        assert convert_dataset(root, tmp_path / "out", "dnanet").samples == 6


def test_lengths_count_in_bytes() -> None:
    check_lengths(["x" * 250, "44/" + "y" * 200], ".tiff")
    check_lengths(["é" * 125], ".tiff")
    for name in ("x" * 251, "é" * 126, "folder/" + "x" * 251):
        with pytest.raises(OutputError, match="at most 255 bytes"):
            check_lengths([name], ".tiff")


def test_an_unreadable_name_leaves_the_rest_usable(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    for place in ("images", "masks"):
        (root / place / "000006.png").rename(root / place / "new\nline.png")
    (root / "50_50" / "test.txt").write_text("000005\n")
    assert len(open_dataset(root, "train")) == 4
    with pytest.raises(DatasetError, match=r"new\\nline\.png: it holds a control character"):
        open_dataset(root)
    assert len(open_dataset(root, on_error="skip")) == 5
