"""Tar shards: the same samples as a folder of images, readable by others and by us."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny import make_tiny

from sirst5k import Recipe, SyntheticDataset, open_dataset, write_dataset
from sirst5k.errors import OutputError, ParameterError
from sirst5k.synthesis.output_folder import OutputFolder


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def make(folder: Path, depth: int = 8, recipe: str = "reference", layout: str = "dnanet"):
    """Return (synthetic, test) of a tiny dataset; the recipe's names have dots in them."""
    source = folder / "source" / layout
    if not source.exists():
        make_tiny(folder / "source", layout=layout, n=6, bit_depth=depth, size=(64, 56))
    sets = ["sampling.size=16"]
    sets += ["sampling.max_variance=500"] if recipe == "reference" else ["sampling.guard=2"]
    whole = open_dataset(source)
    chosen = Recipe.load(recipe).override(sets)
    return SyntheticDataset(whole.of_split("train"), chosen), whole.of_split("test")


def read_records(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


SHARDS = {"format": "shards", "shard_size": 7}


def test_any_number_of_workers_writes_the_same_bytes(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    write_dataset(synthetic, tmp_path / "one", test=test, **SHARDS)
    write_dataset(synthetic, tmp_path / "two", jobs=2, test=test, **SHARDS)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


@pytest.mark.parametrize("depth", [8, 16, 32])
@pytest.mark.parametrize("layout", ["dnanet", "irdst-real"])
def test_shards_hold_what_a_folder_holds(tmp_path: Path, depth: int, layout: str) -> None:
    synthetic, test = make(tmp_path, depth, layout=layout)
    folder, shards = tmp_path / "folder", tmp_path / "shards"
    write_dataset(synthetic, folder, test=test)
    report = write_dataset(synthetic, shards, test=test, **SHARDS)
    assert report.train == len(synthetic)
    for split in ("train", "test"):
        there, here = open_dataset(folder, split), open_dataset(shards, split)
        assert here.layout == "shards"
        assert here.ids == there.ids
        assert here.fingerprint() == there.fingerprint()
        for mine, theirs in zip(here, there, strict=True):
            assert mine.image.dtype == theirs.image.dtype
            np.testing.assert_array_equal(mine.image, theirs.image)
            np.testing.assert_array_equal(mine.mask, theirs.mask)
    records = read_records(shards)
    plain = read_records(folder)
    where = {"image", "mask", "shard"}
    assert [{k: v for k, v in r.items() if k not in where} for r in records] == [
        {k: v for k, v in r.items() if k not in where} for r in plain
    ]


def test_a_shard_is_a_plain_tar_file_of_files(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    write_dataset(synthetic, tmp_path / "out", test=test, **SHARDS)
    names = sorted(path.name for path in (tmp_path / "out/shards").iterdir())
    count = -(-len(synthetic) // 7)
    assert names == ["test-000000.tar", *(f"train-{k:06d}.tar" for k in range(count))]
    variant = synthetic.plan[1]
    assert "." in variant.id
    key = variant.id.replace(".", "%2E")
    with tarfile.open(tmp_path / "out/shards/train-000000.tar") as archive:
        members = archive.getmembers()
        assert len(members) == 3 * 7
        assert [m.name for m in members[3:6]] == [f"{key}.png", f"{key}.mask.png", f"{key}.json"]
        assert {(m.mtime, m.uid, m.gid, m.mode, m.uname) for m in members} == {(0, 0, 0, 0o644, "")}
        label = json.load(archive.extractfile(members[5]))
        data = np.frombuffer(archive.extractfile(members[3]).read(), np.uint8)
    sample = synthetic[1]
    np.testing.assert_array_equal(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), sample.image)
    assert label["id"] == variant.id
    assert label["parent"] == variant.source_id
    assert label["operations"] == json.loads(json.dumps(sample.meta["operations"]))


def test_test_images_lie_in_their_shard_byte_for_byte(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    write_dataset(synthetic, tmp_path / "out", test=test, **SHARDS)
    with tarfile.open(tmp_path / "out/shards/test-000000.tar") as archive:
        for sample_id in test.ids:
            image, mask = test.source.files(sample_id)
            assert archive.extractfile(f"{sample_id}.png").read() == image.read_bytes()
            assert archive.extractfile(f"{sample_id}.mask.png").read() == mask.read_bytes()


def test_a_lost_or_torn_shard_is_made_again(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    out = tmp_path / "out"
    write_dataset(synthetic, out, test=test, **SHARDS)
    before = tree(out)
    (out / "shards/train-000001.tar").unlink()
    (out / "shards/test-000000.tar").write_bytes(b"")
    (out / "shards/.train-000001.tar.99-0.part").write_bytes(b"half a shard")
    assert write_dataset(synthetic, out, test=test, **SHARDS).written == 7 + len(test)
    assert tree(out) == before
    # A run that was killed after a shard, before its last line: the shard is made again.
    (out / "dataset.json").rename(out / "unfinished.json")
    lines = (out / "manifest.jsonl").read_bytes().splitlines(keepends=True)
    (out / "manifest.jsonl").write_bytes(b"".join(lines[:10]))
    report = write_dataset(synthetic, out, test=test, **SHARDS)
    assert report.written == len(lines) - 7
    assert tree(out) == before


def test_form_and_shard_size_are_part_of_what_a_run_is(tmp_path: Path) -> None:
    synthetic, _ = make(tmp_path)
    out = tmp_path / "out"
    write_dataset(synthetic, out, **SHARDS)
    with pytest.raises(OutputError, match="shard_size: 7 there, 8 now"):
        write_dataset(synthetic, out, format="shards", shard_size=8)
    with pytest.raises(OutputError, match="format"):
        write_dataset(synthetic, out)
    write_dataset(synthetic, out, overwrite=True)
    assert not (out / "shards").exists()
    with pytest.raises(OutputError, match="format"):
        write_dataset(synthetic, out, **SHARDS)


def test_bad_parameters_are_refused(tmp_path: Path) -> None:
    synthetic, _ = make(tmp_path)
    with pytest.raises(ParameterError, match="Did you mean 'shards'"):
        write_dataset(synthetic, tmp_path / "out", format="shard")
    with pytest.raises(ParameterError, match="shard_size"):
        write_dataset(synthetic, tmp_path / "out", format="shards", shard_size=0)
    assert not (tmp_path / "out").exists()


def test_an_output_folder_of_shards_is_read_back_by_record(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path, recipe="sirst5k")
    write_dataset(synthetic, tmp_path / "out", test=test, **SHARDS)
    folder = OutputFolder(tmp_path / "out")
    records = list(folder.records())
    for place in (0, 8, len(synthetic) - 1):
        sample = folder.read(records[place])
        np.testing.assert_array_equal(sample.image, synthetic[place].image)
        np.testing.assert_array_equal(sample.mask, synthetic[place].mask)


def test_shards_are_a_source_themselves(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    folder, shards = tmp_path / "folder", tmp_path / "shards"
    write_dataset(synthetic, folder, test=test)
    write_dataset(synthetic, shards, test=test, **SHARDS)
    recipe = Recipe.load("reference").override(["displacement=null"])
    made = [
        SyntheticDataset(open_dataset(root, "test"), recipe, seed=1) for root in (folder, shards)
    ]
    for number, synthetic in enumerate(made):
        write_dataset(synthetic, tmp_path / str(number), jobs=2)
    trees = [tree(tmp_path / str(number)) for number in range(2)]
    assert trees[0].keys() == trees[1].keys()
    assert [name for name in trees[0] if trees[0][name] != trees[1][name]] == ["dataset.json"]


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # it leaves its last shard open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_webdataset_reads_them(tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    synthetic, test = make(tmp_path, layout="irdst-real")
    out = tmp_path / "out"
    write_dataset(synthetic, out, test=test, **SHARDS)
    count = len(list((out / "shards").glob("train-*.tar")))
    pattern = f"{out}/shards/train-{{000000..{count - 1:06d}}}.tar"
    found = list(webdataset.WebDataset(pattern, shardshuffle=False, empty_check=False))
    assert len(found) == len(synthetic)
    for sample, made in zip(found, synthetic, strict=True):
        assert {"__key__", "png", "mask.png", "json"} <= set(sample)
        image = cv2.imdecode(np.frombuffer(sample["png"], np.uint8), cv2.IMREAD_UNCHANGED)
        mask = cv2.imdecode(np.frombuffer(sample["mask.png"], np.uint8), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(image, made.image)
        np.testing.assert_array_equal(mask > 0, made.mask)
        assert json.loads(sample["json"])["id"] == made.id
    decoded = webdataset.WebDataset(pattern, shardshuffle=False, empty_check=False)
    tuples = decoded.decode("l8").to_tuple("png", "mask.png", "json")
    image, mask, label = list(tuples)[0]  # noqa: RUF015  (to the end, so that it closes files)
    np.testing.assert_array_equal(image, synthetic[0].image)
    np.testing.assert_array_equal(mask > 0, synthetic[0].mask)
    assert label["id"] == synthetic[0].id


def test_a_shard_without_any_sample_is_an_empty_archive(tmp_path: Path) -> None:
    synthetic, _ = make(tmp_path, recipe="sirst5k")
    _ = synthetic.bank
    image, _ = synthetic.dataset.source.files(synthetic.dataset.ids[0])
    image.write_bytes(b"no image")
    out = tmp_path / "out"
    write_dataset(synthetic, out, on_error="skip", format="shards", shard_size=3)
    with tarfile.open(fileobj=io.BytesIO((out / "shards/train-000000.tar").read_bytes())) as empty:
        assert empty.getmembers() == []
    assert len(open_dataset(out, "train")) == 3 * 9
