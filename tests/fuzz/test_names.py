"""Names are data: odd ones go through every command, and none leads anywhere else."""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import make_scene, write, write_list

from sirst5k import open_dataset
from sirst5k.datasets import convert_dataset
from sirst5k.errors import DatasetError, OutputError
from sirst5k_cli import main

COMPOSED, TAKEN_APART = unicodedata.normalize("NFC", "éã"), unicodedata.normalize("NFD", "ö")
ODD = [
    "with blank",
    COMPOSED,
    TAKEN_APART,
    "日本語",
    "-leading-dash",
    "--help",
    'it\'s "quoted"',
    "$(touch PWNED)",
    "`touch PWNED`",
    "%s %d {0}",
    "a.b.png",
    "*?[1]",
    "~root",
    "#comment",
    "semi;colon,comma",
    "&lt;b&gt;<b>",
    "back\\slash",
    "10:30:05",
    "y" * 246,  # with its ending, a file name of 250 characters
    "x" * 250,
]


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


def make_odd(folder: Path, ids: list[str] = ODD) -> Path:
    """Write a dataset with these names: the last one is for testing."""
    root = folder / "odd source's folder"
    rng = np.random.default_rng(0)
    for sample_id in ids:
        image, mask = make_scene(rng, (40, 48))
        for place, array in (("images", image), ("masks", mask.astype(np.uint8) * 255)):
            data = write(root / place / "picture.png", array)
            data.rename(root / place / f"{sample_id}.png")
    write_list(root / "50_50" / "train.txt", ids[:-1])
    write_list(root / "50_50" / "test.txt", ids[-1:])
    return root


def test_odd_names_are_found_and_listed(tmp_path: Path) -> None:
    dataset = open_dataset(make_odd(tmp_path))
    assert set(dataset.ids) == set(ODD)
    assert dataset.splits["50_50/train"] == tuple(ODD[:-1])
    assert dataset.get(ODD[-1]).id == ODD[-1]


@pytest.mark.parametrize("to", ["dnanet", "irstd1k", "grokcv", "coco", "yolo"])
def test_convert_keeps_odd_names(sirst5k, tmp_path: Path, to: str) -> None:
    root = make_odd(tmp_path)
    out = tmp_path / "-out"
    code, said, err = sirst5k("convert", "--to", to, "-j", 1, "--", root, out)
    assert (code, err) == (0, ""), err
    assert f"{len(ODD)} images" in said
    if to == "yolo":
        assert {path.stem for path in (out / "labels").iterdir()} == set(ODD)
        return
    back, source = open_dataset(out), open_dataset(root)
    roles = back.splits.roles
    learn = back.of_split("train" if "train" in roles else "trainval")
    assert {name.removeprefix("trainval/") for name in learn.ids} == set(ODD[:-1])
    for sample in learn:
        original = source.get(sample.id.removeprefix("trainval/"))
        np.testing.assert_array_equal(sample.image, original.image)
        np.testing.assert_array_equal(sample.mask, original.mask)


def test_a_name_too_long_for_a_layout_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"at most 255 bytes.*_pixels0\.png"):
        convert_dataset(make_odd(tmp_path), tmp_path / "out", "sirst")
    assert not (tmp_path / "out").exists()


# What a file may be called on Linux, as far as it is text; lists strip blanks at the ends.
names = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="/"),
    min_size=1,
    max_size=60,
).filter(
    lambda name: not name.startswith((".", "__MACOSX")) and name.upper() == name.upper().strip()
)


@settings(max_examples=25, deadline=None)
@given(st.lists(names, min_size=2, max_size=4, unique=True))
def test_any_text_is_a_name(tmp_path_factory: pytest.TempPathFactory, ids: list[str]) -> None:
    folder = tmp_path_factory.mktemp("names")
    root = make_odd(folder, ids)
    try:
        source = open_dataset(root)
        lists = {name: source.splits[name] for name in source.splits}
    except DatasetError as error:
        # `C:x` is a place on Windows; `ä` in two codings is two files, but one of them to lists.
        if not any(reason in str(error) for reason in ("leads out", "claim the same id")):
            raise
        return
    assert {name for members in lists.values() for name in members} == set(ids)
    convert_dataset(root, folder / "out", "coco")
    back = open_dataset(folder / "out")
    assert set(back.ids) == set(ids)
    for name in ids:
        np.testing.assert_array_equal(back.get(name).mask, source.get(name).mask)


@pytest.mark.parametrize("bad", ["two\nlines", "bell\a", "escape\x1b[31m", "half\udcff"])
def test_names_that_are_no_text_are_left_out_or_refused(tmp_path: Path, bad: str, sirst5k) -> None:
    root = make_odd(tmp_path, ["good", "better"])
    for place in ("images", "masks"):
        data = (root / place / "good.png").read_bytes()
        (root / place / f"{bad}.png").write_bytes(data)
    with pytest.raises(DatasetError, match="no list can name|not in UTF-8") as caught:
        open_dataset(root)
    assert str(caught.value).isprintable()
    dataset = open_dataset(root, on_error="skip")
    assert set(dataset.ids) == {"good", "better"}
    assert len(dataset.fingerprint()) == 64
    code, said, _ = sirst5k(
        "convert", root, tmp_path / "out", "--to", "coco", "--on-error", "skip", "--json"
    )
    assert code == 0
    assert len(json.loads(said)["skipped"]) == 1


def test_commands_take_odd_names(sirst5k, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    root = make_odd(tmp_path)
    assert sirst5k("inspect", root, "-j", 1)[0] == 0
    out = tmp_path / "out"
    settings = ["--set", "sampling.size=16", "--set", "sampling.guard=2", "--set", "variants=2"]
    code, _, err = sirst5k("synth", root, out, "-j", 1, *settings)
    assert (code, err) == (0, ""), err
    assert len(open_dataset(out, "train")) == 2 * (len(ODD) - 1) + len(ODD) - 1
    assert sirst5k("preview", out, "-o", tmp_path / "-sheet.png")[0] == 0
    assert sirst5k("verify", out)[0] == 0
    predictions = tmp_path / "predictions"
    code, _, err = sirst5k("predict", "tophat", root, predictions, "--masks", "--maps", "-j", 1)
    assert (code, err) == (0, ""), err
    code, said, err = sirst5k(
        "evaluate",
        "--data",
        root,
        "--split",
        "all",
        "--json",
        "--predictions",
        predictions / "maps",
    )
    assert (code, err) == (0, ""), err
    assert not any((tmp_path / name / "PWNED").exists() for name in (".", "out", "predictions"))
    assert json.loads(said)
