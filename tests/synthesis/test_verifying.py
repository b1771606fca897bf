"""Whatever is wrong with a stored dataset is found and named."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import make_tiny

from sirst5k import Recipe, SyntheticDataset, open_dataset, write_dataset
from sirst5k.errors import DatasetError, DatasetNotFoundError
from sirst5k.synthesis import VerifyReport, verify_dataset
from sirst5k.synthesis.facts import facts_text

FORMS = {"folder": {}, "shards": {"format": "shards", "shard_size": 4}}


def make(folder: Path, depth: int = 8, recipe: str = "sirst5k", **options: object) -> Path:
    """Store a small dataset with two thirds of its frames varied, one third untouched."""
    source = make_tiny(folder / "source", n=6, bit_depth=depth, size=(64, 56))
    sets = ["sampling.size=16"]
    sets += (
        ["sampling.guard=2", "variants=2"] if recipe == "sirst5k" else ["sampling.max_variance=500"]
    )
    whole = open_dataset(source)
    synthetic = SyntheticDataset(
        whole.of_split("train"), Recipe.load(recipe).override(sets), seed=3
    )
    write_dataset(synthetic, folder / "out", test=whole.of_split("test"), **options)
    return folder / "out"


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A dataset in each form, at a depth that PNG holds and one that it does not."""
    made = {}
    for form, options in FORMS.items():
        for depth in (8, 32):
            folder = tmp_path_factory.mktemp(f"{form}{depth}")
            made[f"{form}{depth}"] = make(folder, depth, **options)
    return made


KINDS = [f"{form}{depth}" for form in FORMS for depth in (8, 32)]


def faults(report: VerifyReport) -> list[tuple[str, str]]:
    return [(fault.kind, fault.where) for fault in report.faults]


@pytest.mark.parametrize("kind", KINDS)
def test_an_untouched_dataset_passes(stored: dict[str, Path], kind: str) -> None:
    report = verify_dataset(stored[kind])
    assert (report.faults, report.notes) == ((), ())
    assert (report.samples, report.recomputed) == (4 * 3 + 2, 8)


@pytest.mark.parametrize("recipe", ["sirst5k", "reference"])
def test_workers_find_the_same_and_every_output_can_be_made_again(
    tmp_path: Path, recipe: str
) -> None:
    out = make(tmp_path, recipe=recipe)
    (out / "images/000001.png").unlink()
    alone = verify_dataset(out, sample=100)
    assert alone == verify_dataset(out, sample=100, jobs=2)
    assert faults(alone) == [("missing", "images/000001.png")]
    made = len(open_dataset(out, "train", on_error="skip"))
    assert 0 < alone.recomputed < made  # those of the lost original are left out


def files_of(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def damage(root: Path, kind: str, rng: random.Random) -> set[str]:
    """Do one bad thing to a dataset; return the files of which at least one must be named."""
    files = files_of(root)
    victim = rng.choice(files)
    name = victim.relative_to(root).as_posix()
    if kind == "flip":
        data = bytearray(victim.read_bytes())
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        victim.write_bytes(data)
    elif kind == "delete":
        victim.unlink()
    elif kind == "truncate":
        victim.write_bytes(victim.read_bytes()[: rng.randrange(victim.stat().st_size)])
    elif kind == "append":
        victim.write_bytes(victim.read_bytes() + rng.randbytes(1))
    elif kind == "swap":
        other = rng.choice([file for file in files if file.read_bytes() != victim.read_bytes()])
        mine, theirs = victim.read_bytes(), other.read_bytes()
        victim.write_bytes(theirs)
        other.write_bytes(mine)
        return {name, other.relative_to(root).as_posix()}
    else:
        added = rng.choice([root, victim.parent]) / rng.choice(
            ["a.png", ".hidden", "x.txt", "b.tar"]
        )
        added.write_bytes(victim.read_bytes())
        return {added.relative_to(root).as_posix()}
    return {name}


@pytest.mark.parametrize("kind", KINDS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    what=st.sampled_from(["flip", "flip", "delete", "truncate", "append", "swap", "add"]),
    seed=st.integers(0, 2**32),
)
def test_any_single_damage_is_found_and_named(
    stored: dict[str, Path], tmp_path: Path, kind: str, what: str, seed: int
) -> None:
    copy = tmp_path / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(stored[kind], copy)
    concerned = damage(copy, what, random.Random(seed))
    report = verify_dataset(copy, sample=0)
    assert report.faults, (what, concerned)
    named = {fault.where.partition(" (")[0] for fault in report.faults}
    assert named & concerned, (what, concerned, report.faults)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_byte_counts(stored: dict[str, Path], tmp_path: Path, kind: str) -> None:
    """Each byte of each file, with its lowest bit flipped."""
    copy = tmp_path / "copy"
    shutil.copytree(stored[kind], copy)
    rng = random.Random(0)
    for victim in files_of(copy):
        data = victim.read_bytes()
        for place in rng.sample(range(len(data)), min(len(data), 100)):
            changed = bytearray(data)
            changed[place] ^= 1
            victim.write_bytes(changed)
            assert verify_dataset(copy, sample=0).faults, (victim, place)
        victim.write_bytes(data)


def test_bytes_that_no_reader_looks_at_count_in_copied_files(tmp_path: Path) -> None:
    """A PNG file of others may hold a text, and something behind its end."""
    source = make_tiny(tmp_path / "source", n=6, size=(64, 56))
    whole = open_dataset(source)
    test = whole.of_split("test")
    image, mask = test.source.files(test.ids[0])
    data = image.read_bytes()
    text = b"tEXtComment\0by hand"
    import struct
    import zlib

    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    image.write_bytes(data[:33] + chunk + data[33:])
    mask.write_bytes(mask.read_bytes() + b"behind the end")
    recipe = Recipe.load("sirst5k").override(["displacement=null", "variants=1"])
    synthetic = SyntheticDataset(whole.of_split("train"), recipe)
    out = tmp_path / "out"
    write_dataset(synthetic, out, test=test)
    assert verify_dataset(out).faults == ()
    for name, place in ((f"images/{test.ids[0]}.png", 45), (f"masks/{test.ids[0]}.png", -3)):
        before = (out / name).read_bytes()
        changed = bytearray(before)
        changed[place] ^= 4
        (out / name).write_bytes(changed)
        assert faults(verify_dataset(out)) == [("changed", name)]
        (out / name).write_bytes(before)


def test_labels_in_shards_say_what_the_manifest_says(tmp_path: Path) -> None:
    out = make(tmp_path, **FORMS["shards"])
    shard = out / "shards/train-000000.tar"
    shard.write_bytes(shard.read_bytes().replace(b'"parent":"000001"', b'"parent":"000009"', 1))
    report = verify_dataset(out)
    assert faults(report) == [("changed", "shards/train-000000.tar (000001.json)")]


def test_test_masks_are_read_as_the_run_read_them(tmp_path: Path) -> None:
    source = make_tiny(tmp_path / "source", n=6, size=(64, 56))
    for path in (source / "masks").iterdir():
        mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        cv2.imwrite(str(path), (mask // 3 + 10).astype(np.uint8))
    whole = open_dataset(source, mask_threshold=50)
    recipe = Recipe.load("sirst5k").override(["displacement=null", "variants=1"])
    synthetic = SyntheticDataset(whole.of_split("train"), recipe)
    write_dataset(synthetic, tmp_path / "out", test=whole.of_split("test"))
    assert verify_dataset(tmp_path / "out").faults == ()
    assert verify_dataset(tmp_path / "out", sample=4, source=source).faults == ()


def test_an_output_that_the_recipe_does_not_make_is_found(tmp_path: Path) -> None:
    """Somebody changes an output and all that is recorded of it: only the recipe knows better."""
    out = make(tmp_path)
    lines = (out / "manifest.jsonl").read_text().splitlines()
    record = json.loads(lines[1])
    record["operations"][0]["turns"] = []
    lines[1] = json.dumps(record, separators=(",", ":"))
    (out / "manifest.jsonl").write_text("\n".join(lines) + "\n")
    facts = json.loads((out / "dataset.json").read_text())
    del facts["sha256"]
    import hashlib

    facts["files"]["manifest.jsonl"] = hashlib.sha256(
        (out / "manifest.jsonl").read_bytes()
    ).hexdigest()
    (out / "dataset.json").write_text(facts_text(facts))
    assert verify_dataset(out, sample=0).faults == ()
    report = verify_dataset(out, sample=100)
    assert faults(report) == [("not reproduced", record["image"])]
    assert "operations" in report.faults[0].text


def test_without_originals_the_source_is_asked_for(tmp_path: Path) -> None:
    source = make_tiny(tmp_path / "source", n=6, size=(64, 56))
    recipe = Recipe.load("sirst5k").override(
        ["sampling.size=16", "sampling.guard=2", "variants=2", "originals=false"]
    )
    out = tmp_path / "out"
    write_dataset(SyntheticDataset(open_dataset(source, "train"), recipe), out)
    report = verify_dataset(out)
    assert report.faults == ()
    assert report.recomputed == 0
    assert "--source" in report.notes[0]
    with pytest.raises(DatasetError, match="--source"):
        verify_dataset(out, sample=2)
    report = verify_dataset(out, sample=3, source=source)
    assert (report.faults, report.recomputed) == ((), 3)
    other = make_tiny(tmp_path / "other", n=6, size=(64, 56), seed=1)
    with pytest.raises(DatasetError, match="names or sizes differ"):
        verify_dataset(out, source=other)


def test_an_unfinished_run_is_named_and_what_is_there_checked(tmp_path: Path) -> None:
    out = make(tmp_path)
    (out / "dataset.json").rename(out / "unfinished.json")
    lines = (out / "manifest.jsonl").read_bytes().splitlines(keepends=True)
    (out / "manifest.jsonl").write_bytes(b"".join(lines[:5]) + lines[5][:20])
    (out / json.loads(lines[2])["mask"]).unlink()
    report = verify_dataset(out)
    assert faults(report) == [
        ("unfinished", "dataset.json"),
        ("missing", json.loads(lines[2])["mask"]),
    ]
    assert report.samples == 5


@pytest.mark.parametrize("key", ["image", "shard"])
def test_a_manifest_leads_nobody_out_of_the_folder(tmp_path: Path, key: str) -> None:
    out = make(tmp_path, **(FORMS["shards"] if key == "shard" else {}))
    lines = (out / "manifest.jsonl").read_text().splitlines()
    records = [{**json.loads(line), key: "../../secret"} for line in lines]
    (tmp_path / "secret").write_bytes(b"secret")
    (out / "manifest.jsonl").write_text("".join(f"{json.dumps(r)}\n" for r in records))
    report = verify_dataset(out)
    assert any("it names '../../secret'" in fault.text for fault in report.faults)


def test_other_folders_are_refused(tmp_path: Path) -> None:
    for path, said in ((tmp_path, "none: it has neither"), (tmp_path / "none", "is not there")):
        with pytest.raises(DatasetNotFoundError, match=said):
            verify_dataset(path)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_wrong_is_mended_by_removing_it_and_running_again(
    tmp_path: Path, form: str
) -> None:
    out = make(tmp_path, **FORMS[form])
    before = {path: path.read_bytes() for path in files_of(out)}
    names = ["noise.npz"]
    names += (
        ["shards/train-000001.tar"]
        if form == "shards"
        else ["images/000002_v1.png", "50_50/train.txt"]
    )
    for name in names:
        (out / name).write_bytes(b"rubbish")
    report = verify_dataset(out)
    assert {where for _, where in faults(report)} >= set(names)
    for name in names:
        (out / name).unlink()
    make(tmp_path, **FORMS[form])
    assert {path: path.read_bytes() for path in files_of(out)} == before
    assert verify_dataset(out).faults == ()
