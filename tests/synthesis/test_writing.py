from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny import make_tiny

from sirst5k import Recipe, SyntheticDataset, open_dataset, write_dataset
from sirst5k.errors import DatasetError, ImageError, OutputError, ParameterError
from sirst5k.imaging import read_image, read_mask


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def records(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def make(
    folder: Path, recipe: str = "sirst5k", sets: tuple[str, ...] = (), depth: int = 8, seed: int = 0
):
    """Return (synthetic, test) of a tiny dataset, made on the first call."""
    source = folder / "source" / "dnanet"
    if not source.exists():
        make_tiny(folder / "source", n=6, bit_depth=depth, size=(64, 56))
    chosen = Recipe.load(recipe).override(["sampling.size=16", *sets])
    if recipe == "sirst5k":
        chosen = chosen.override(["sampling.guard=2", "variants=3"])
    else:
        chosen = chosen.override(["sampling.max_variance=500"])
    whole = open_dataset(source)
    synthetic = SyntheticDataset(whole.of_split("train"), chosen, seed=seed)
    return synthetic, whole.of_split("test")


@pytest.mark.parametrize("recipe", ["sirst5k", "reference"])
def test_any_number_of_workers_writes_the_same_bytes(tmp_path: Path, recipe: str) -> None:
    synthetic, test = make(tmp_path, recipe)
    write_dataset(synthetic, tmp_path / "one", test=test)
    write_dataset(synthetic, tmp_path / "two", jobs=2, test=test)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


@pytest.mark.parametrize("depth", [8, 16, 32])
def test_the_folder_is_what_it_says(tmp_path: Path, depth: int) -> None:
    synthetic, test = make(tmp_path, depth=depth)
    out = tmp_path / "out"
    report = write_dataset(synthetic, out, test=test)
    assert (report.train, report.test, report.written) == (4 * 4, 2, 18)
    lines = records(out)
    assert [r["id"] for r in lines if r["split"] == "train"] == [v.id for v in synthetic.plan]
    dataset = open_dataset(out, "50_50/train")
    assert dataset.layout == "dnanet"
    for stored, made in zip(dataset, synthetic, strict=True):
        assert stored.id == made.id
        assert stored.image.dtype == made.image.dtype
        np.testing.assert_array_equal(stored.image, made.image)
        np.testing.assert_array_equal(stored.mask, made.mask)
    for record in lines:
        image = cv2.imread(str(out / record["image"]), cv2.IMREAD_UNCHANGED)
        mask = cv2.imread(str(out / record["mask"]), cv2.IMREAD_UNCHANGED)
        assert set(np.unique(mask)) <= {0, 255}
        assert hashlib.sha256(image.tobytes()).hexdigest() == record["image_sha256"]
        assert hashlib.sha256(mask.tobytes()).hexdigest() == record["mask_sha256"]
    document = json.loads((out / "dataset.json").read_text())
    assert document["complete"] is True
    assert document["counts"] == {"train": 16, "test": 2, "empty_masks": 0, "skipped": 0}
    assert Recipe.from_dict(document["recipe"]) == synthetic.recipe
    expected = {"images", "masks", "50_50", "manifest.jsonl", "dataset.json", "noise.npz"}
    assert {entry.name for entry in out.iterdir()} == expected


def test_test_images_pass_through_byte_for_byte(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    write_dataset(synthetic, tmp_path / "out", test=test)
    listed = (tmp_path / "out/50_50/test.txt").read_text().split()
    assert listed == list(test.ids)
    for sample_id in listed:
        for file, folder in zip(test.source.files(sample_id), ("images", "masks"), strict=True):
            copied = tmp_path / "out" / folder / f"{sample_id}.png"
            assert copied.read_bytes() == file.read_bytes()
    parents = {record["parent"] for record in records(tmp_path / "out")}
    assert not parents & set(test.ids)


def test_other_formats_are_stored_losslessly_as_png(tmp_path: Path) -> None:
    source = make_tiny(tmp_path, n=6, size=(64, 56), ending=".bmp")
    whole = open_dataset(source)
    recipe = Recipe.load("sirst5k").override(["displacement=null"])
    test = whole.of_split("test")
    write_dataset(SyntheticDataset(whole.of_split("train"), recipe), tmp_path / "out", test=test)
    for sample in test:
        stored = read_image(tmp_path / "out/images" / f"{sample.id}.png")
        np.testing.assert_array_equal(stored, sample.image)


def test_an_interrupted_run_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    write_dataset(synthetic, tmp_path / "whole", test=test)
    out = tmp_path / "out"
    for stop_after in (1, 4, 9):

        def started(total: int, done: int, limit: int = stop_after):
            left = iter(range(limit))

            def advance(step: int) -> None:
                if next(left, None) is None:
                    raise KeyboardInterrupt

            return advance

        with pytest.raises(KeyboardInterrupt):
            write_dataset(synthetic, out, test=test, started=started)
        assert not (out / "dataset.json").exists()
        assert not (out / "50_50").exists()
        # A torn last line and a leftover of a write are what a kill can leave behind.
        with (out / "manifest.jsonl").open("a") as manifest:
            manifest.write('{"id": "torn')
        (out / "images" / ".x.png.1-2.part").write_bytes(b"half")
    write_dataset(synthetic, out, test=test)
    assert tree(out) == tree(tmp_path / "whole")


def test_lost_files_are_made_again_and_nothing_else(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    out = tmp_path / "out"
    write_dataset(synthetic, out, test=test)
    before = tree(out)
    assert write_dataset(synthetic, out, test=test).written == 0
    (out / records(out)[3]["image"]).unlink()
    (out / records(out)[-1]["mask"]).unlink()
    report = write_dataset(synthetic, out, test=test)
    assert report.written == 2
    assert tree(out) == before


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seed": 3}, "seed: 0 there, 3 now"),
        ({"sets": ("displacement.gain_range=[1,2]",)}, "recipe.displacement.gain_range"),
        ({"recipe": "reference"}, "recipe.name"),
    ],
)
def test_another_run_is_refused_with_the_difference(
    tmp_path: Path, change: dict, sentence: str
) -> None:
    synthetic, test = make(tmp_path)
    write_dataset(synthetic, tmp_path / "out", test=test)
    before = tree(tmp_path / "out")
    other, _ = make(tmp_path, **change)
    with pytest.raises(OutputError) as caught:
        write_dataset(other, tmp_path / "out", test=test)
    assert sentence in str(caught.value)
    assert "--overwrite" in str(caught.value)
    assert tree(tmp_path / "out") == before
    write_dataset(other, tmp_path / "fresh", test=test)
    write_dataset(other, tmp_path / "out", test=test, overwrite=True)
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")


def test_a_changed_source_is_refused(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    write_dataset(synthetic, tmp_path / "out", test=test)
    image, _ = synthetic.dataset.source.files(synthetic.dataset.ids[0])
    cv2.imwrite(str(image), np.zeros((64, 56), np.uint8))
    with pytest.raises(OutputError, match="source.fingerprint"):
        write_dataset(make(tmp_path)[0], tmp_path / "out", test=test)


def test_strangers_folders_are_left_alone(tmp_path: Path) -> None:
    synthetic, _ = make(tmp_path)
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter1.tex").write_text("dear reader")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="something else"):
            write_dataset(synthetic, out, overwrite=overwrite)
    assert tree(out) == {"chapter1.tex": b"dear reader"}
    with pytest.raises(OutputError, match="is a file"):
        write_dataset(synthetic, out / "chapter1.tex")


def test_overwriting_keeps_what_is_not_ours(tmp_path: Path) -> None:
    synthetic, _ = make(tmp_path)
    write_dataset(synthetic, tmp_path / "out")
    (tmp_path / "out/notes.txt").write_text("mine")
    write_dataset(make(tmp_path, seed=1)[0], tmp_path / "out", overwrite=True)
    assert (tmp_path / "out/notes.txt").read_text() == "mine"


def damage(synthetic: SyntheticDataset, place: int) -> Path:
    image, _ = synthetic.dataset.source.files(synthetic.dataset.ids[place])
    image.write_bytes(image.read_bytes()[:-40])
    return image


def test_a_damaged_file_stops_the_run_before_anything_is_written(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    _ = synthetic.bank  # sampled while the files were whole
    image = damage(synthetic, 3)
    for jobs in (1, 2):
        with pytest.raises(ImageError, match=image.name):
            write_dataset(synthetic, tmp_path / "out", jobs=jobs, test=test)
    assert not (tmp_path / "out").exists()


def test_a_damaged_file_is_skipped_on_request_and_counted(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    _ = synthetic.bank
    damage(synthetic, 3)
    report = write_dataset(synthetic, tmp_path / "out", test=test, on_error="skip")
    lost = synthetic.dataset.ids[3]
    assert list(report.skipped) == [lost]
    assert report.train == 3 * 4
    document = json.loads((tmp_path / "out/dataset.json").read_text())
    assert list(document["skipped"]) == [lost]
    listed = (tmp_path / "out/50_50/train.txt").read_text()
    assert lost not in listed
    assert not list((tmp_path / "out/images").glob(f"{lost}*"))


def test_empty_masks_are_allowed_and_counted(tmp_path: Path) -> None:
    synthetic, _ = make(tmp_path)
    _, mask = synthetic.dataset.source.files(synthetic.dataset.ids[0])
    cv2.imwrite(str(mask), np.zeros((64, 56), np.uint8))
    report = write_dataset(synthetic, tmp_path / "out")
    assert report.empty_masks == 4
    stored = read_mask(tmp_path / "out/masks" / f"{synthetic.dataset.ids[0]}_v1.png")
    assert not stored.mask.any()


def test_limit_stores_the_first_outputs(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    report = write_dataset(synthetic, tmp_path / "out", test=test, limit=5)
    assert (report.train, report.test) == (5, 2)
    listed = (tmp_path / "out/50_50/train.txt").read_text().split()
    assert listed == [variant.id for variant in synthetic.plan[:5]]


def test_test_images_are_never_synthesised_from(tmp_path: Path) -> None:
    synthetic, _ = make(tmp_path)
    with pytest.raises(DatasetError, match="never synthesised from"):
        write_dataset(synthetic, tmp_path / "out", test=synthetic.dataset[:1])
    assert not (tmp_path / "out").exists()


def test_bad_parameters_are_refused(tmp_path: Path) -> None:
    synthetic, _ = make(tmp_path)
    with pytest.raises(ParameterError, match="jobs"):
        write_dataset(synthetic, tmp_path / "out", jobs=0)
    with pytest.raises(ParameterError, match="limit"):
        write_dataset(synthetic, tmp_path / "out", limit=0)
    with pytest.raises(ParameterError, match="on_error"):
        write_dataset(synthetic, tmp_path / "out", on_error="ignore")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file is a file"):
        write_dataset(synthetic, tmp_path / "file" / "out")
    assert not (tmp_path / "out").exists()


def test_ids_with_folders_make_folders(tmp_path: Path) -> None:
    make_tiny(tmp_path, layout="irdst-real", n=6, size=(64, 56))
    dataset = open_dataset(tmp_path / "irdst-real", "train")
    assert "/" in dataset.ids[0]
    recipe = Recipe.load("sirst5k").override(["displacement=null", "variants=2"])
    report = write_dataset(SyntheticDataset(dataset, recipe), tmp_path / "out")
    assert report.train == 3 * len(dataset)
    assert len(open_dataset(tmp_path / "out", "50_50/train")) == report.train
