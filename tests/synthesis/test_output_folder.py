"""Reading an output folder back, whole, unfinished or damaged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tiny import make_tiny

from sirst5k.datasets import open_dataset
from sirst5k.errors import DatasetError, DatasetNotFoundError
from sirst5k.noise import NoiseBank
from sirst5k.synthesis import Recipe, SyntheticDataset, write_dataset
from sirst5k.synthesis.output_folder import OutputFolder, is_output_folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    dataset = open_dataset(make_tiny(tmp_path, n=6))
    bank = NoiseBank.from_windows(
        np.random.default_rng(0).normal(99, 2, (4, 8, 8)).round().astype(np.uint8)
    )
    recipe = Recipe.load("sirst5k").override(["variants=2"])
    synthetic = SyntheticDataset(dataset.of_split("train"), recipe, bank, 3)
    write_dataset(synthetic, tmp_path / "out", test=dataset.of_split("test"))
    return tmp_path / "out"


def test_reads_what_was_written(out: Path) -> None:
    folder = OutputFolder(out)
    assert folder.complete
    assert folder.recipe.variants == 2
    assert (folder.facts["seed"], folder.facts["source"]["name"]) == (3, "dnanet")
    records = list(folder.records())
    assert [record["split"] for record in records] == ["train"] * 12 + ["test"] * 2
    sample = folder.read(records[1])
    assert (sample.id, sample.meta["parent"]) == (records[1]["id"], records[0]["id"])
    assert sample.mask.any()
    bank = folder.bank()
    assert bank is not None
    assert len(bank) == 4
    (out / "noise.npz").unlink()
    assert folder.bank() is None


def test_an_unfinished_run_is_read_as_far_as_it_went(out: Path) -> None:
    (out / "dataset.json").rename(out / "unfinished.json")
    lines = (out / "manifest.jsonl").read_bytes().splitlines(keepends=True)
    (out / "manifest.jsonl").write_bytes(b"".join(lines[:5]) + lines[5][:40])
    folder = OutputFolder(out)
    assert not folder.complete
    assert len(list(folder.records())) == 5


def test_skipped_sources_are_no_records(out: Path) -> None:
    with (out / "manifest.jsonl").open("a") as manifest:
        manifest.write(
            json.dumps({"id": "x", "split": "skipped", "parent": "x", "reason": "damaged"}) + "\n"
        )
    assert len(list(OutputFolder(out).records())) == 14


@pytest.mark.parametrize("line", ["garbage", "[]", '{"id": 3}', '{"id":"a","split":"train"}'])
def test_a_damaged_line_is_named(out: Path, line: str) -> None:
    text = (out / "manifest.jsonl").read_text().splitlines()
    (out / "manifest.jsonl").write_text("\n".join([*text[:2], line, *text[2:]]) + "\n")
    with pytest.raises(DatasetError, match=r"line 3 of .*manifest\.jsonl"):
        list(OutputFolder(out).records())


@pytest.mark.parametrize("name", ["../../secret.png", "/etc/secret.png"])
def test_files_outside_the_folder_are_not_read(out: Path, name: str) -> None:
    folder = OutputFolder(out)
    record = {**next(folder.records()), "image": name}
    with pytest.raises(DatasetError, match="not in its own folder"):
        folder.read(record)


@pytest.mark.parametrize(
    "facts", [None, "no json", "[]", "{}", '{"source": {}}', '{"source": {}, "recipe": {"x": 1}}']
)
def test_a_folder_that_does_not_say_its_run_is_refused(out: Path, facts: str | None) -> None:
    (out / "dataset.json").unlink()
    if facts is not None:
        (out / "dataset.json").write_text(facts)
    with pytest.raises(DatasetError, match=r"dataset\.json|unfinished\.json"):
        OutputFolder(out)


def test_other_folders_are_none(tmp_path: Path) -> None:
    assert not is_output_folder(tmp_path)
    assert not is_output_folder(tmp_path / "none")
    with pytest.raises(DatasetNotFoundError, match=r"no manifest\.jsonl"):
        OutputFolder(tmp_path)
