"""One battery for every layout: recognised, paired, split, read, at each depth."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from tiny import make_tiny, write, write_list

from sirst5k import open_dataset
from sirst5k.datasets import LAYOUTS
from sirst5k.errors import DatasetError, SplitError, UnknownLayoutError

# Those of image and mask files; test_shards.py and test_export_coco.py have the others.
WRITTEN = [*(name for name in LAYOUTS if name not in ("coco", "shards")), "flat"]


def test_the_order_of_the_registry_is_the_order_of_detection() -> None:
    assert list(LAYOUTS)[:2] == ["sirst-v2", "sirst-v1"]
    assert list(LAYOUTS)[-2:] == ["plain", "shards"]
    assert all(layout.name == name for name, layout in LAYOUTS.items())


@pytest.mark.parametrize("name", WRITTEN)
class TestLayoutContract:
    def test_recognised_and_complete(self, tmp_path: Path, name: str) -> None:
        dataset = open_dataset(make_tiny(tmp_path, name, n=6))
        assert dataset.layout == ("plain" if name == "flat" else name)
        assert len(dataset) == 6
        assert len(set(dataset.ids)) == 6

    @pytest.mark.parametrize(
        ("bit_depth", "dtype"), [(8, np.uint8), (16, np.uint16), (32, np.float32)]
    )
    def test_depth_and_meta(self, tmp_path: Path, name: str, bit_depth: int, dtype: type) -> None:
        dataset = open_dataset(make_tiny(tmp_path, name, n=3, bit_depth=bit_depth))
        for sample in dataset:
            assert sample.image.dtype == dtype
            assert sample.shape == (48, 40)
            assert sample.image[sample.mask].mean() > sample.image[~sample.mask].mean()
            assert dataset.get(sample.id).id == sample.id
            image, mask = dataset.source.files(sample.id)
            assert sample.meta == {"image_path": str(image), "mask_path": str(mask)}
            assert image.is_file()
            assert mask.is_file()

    def test_splits_cover_it(self, tmp_path: Path, name: str) -> None:
        root = make_tiny(tmp_path, name, n=6)
        dataset = open_dataset(root)
        if name in ("plain", "flat"):
            assert len(dataset.splits) == 0
            with pytest.raises(SplitError, match="'all'"):
                open_dataset(root, "train")
            return
        roles = dataset.splits.roles
        learn = "trainval" if "trainval" in roles else "train"
        train, test = open_dataset(root, learn), open_dataset(root, "test")
        assert (len(train), len(test)) == (4, 2)
        assert set(train.ids).isdisjoint(test.ids)
        assert train.split == roles[learn]
        assert train.splits.sibling(learn, "test") == test.split
        assert train.of_split("test").ids == test.ids
        assert train.of_split("all").ids == dataset.ids

    @pytest.mark.parametrize("ending", [".png", ".BMP", ".jpg", ".tif"])
    def test_endings(self, tmp_path: Path, name: str, ending: str) -> None:
        assert len(open_dataset(make_tiny(tmp_path, name, n=3, ending=ending))) == 3

    def test_junk_is_ignored(self, tmp_path: Path, name: str) -> None:
        root = make_tiny(tmp_path, name, n=3)
        before = open_dataset(root).ids
        folders = {path.parent for path in root.rglob("*.png")}
        for folder in folders:
            for junk in ("a.xml", "._a.png", "Thumbs.db", ".DS_Store", "__MACOSX/._b.png"):
                (folder / junk).parent.mkdir(exist_ok=True)
                (folder / junk).write_bytes(b"junk")
            (folder / "__MACOSX" / "c.png").write_bytes(b"junk")
        assert open_dataset(root).ids == before

    def test_pickles_and_fingerprints(self, tmp_path: Path, name: str) -> None:
        dataset = open_dataset(make_tiny(tmp_path, name, n=3))
        twin = pickle.loads(pickle.dumps(dataset))
        assert twin.ids == dataset.ids
        assert twin.of_split("all").ids == dataset.ids
        assert list(twin.splits) == list(dataset.splits)
        np.testing.assert_array_equal(twin[1].image, dataset[1].image)
        assert twin.fingerprint() == dataset.fingerprint()


def test_more_specific_layouts_win(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, "sirst-v1")
    write_list(root / "img_idx" / "train_x.txt", ["Misc_1"])
    assert open_dataset(root).layout == "sirst-v1"
    root = make_tiny(tmp_path, "basicirstd")
    write_list(root / "img_idx" / "train.txt", ["000001"])  # BasicIRSTD leaves a copy there
    assert open_dataset(root).layout == "basicirstd"


def test_natural_order(tmp_path: Path) -> None:
    assert open_dataset(make_tiny(tmp_path, "sirst-v1", n=11)).ids[:2] == ("Misc_1", "Misc_2")


def test_mdvsfa_passes_over_its_broken_pairs(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, "mdvsfa")
    for stem in ("000239_1", "000239_2"):
        write(root / "training" / f"{stem}.png", np.zeros((8, 8), np.uint8))
    assert "training/000239" not in open_dataset(root).ids


@pytest.mark.parametrize(("images", "masks"), [("img", "label"), ("Images", "GT"), ("imgs", "gt")])
@pytest.mark.parametrize("suffix", ["", "_mask", "_pixels0"])
def test_plain_folders_by_other_names(tmp_path: Path, images: str, masks: str, suffix: str) -> None:
    for stem in ("a (1)", "b"):
        write(tmp_path / images / f"{stem}.png", np.zeros((9, 8), np.uint8))
        write(tmp_path / masks / f"{stem}{suffix}.png", np.zeros((9, 8), np.uint8))
    dataset = open_dataset(tmp_path)
    assert dataset.layout == "plain"
    assert dataset.ids == ("a (1)", "b")


@pytest.mark.parametrize("suffix", ["_mask", "_gt", "_label", "_pixels0"])
def test_flat_folder(tmp_path: Path, suffix: str) -> None:
    for stem in ("a", "b"):
        write(tmp_path / f"{stem}.png", np.zeros((9, 8), np.uint8))
        write(tmp_path / f"{stem}{suffix}.png", np.zeros((9, 8), np.uint8))
    (tmp_path / "more").mkdir()
    write(tmp_path / "more" / "c.png", np.zeros((9, 8), np.uint8))
    assert open_dataset(tmp_path).ids == ("a", "b")


def test_plain_with_role_folders_and_with_lists(tmp_path: Path) -> None:
    for role in ("train", "val"):
        for folder in ("images", "labels"):
            write(tmp_path / "one" / role / folder / "0.png", np.zeros((9, 8), np.uint8))
            write(tmp_path / "two" / folder / role / "0.png", np.zeros((9, 8), np.uint8))
            write(tmp_path / "three" / folder / f"{role}0.png", np.zeros((9, 8), np.uint8))
        write_list(tmp_path / "three" / f"{role}.txt", [f"{role}0"])
    for name, expected in (("one", "val/0"), ("two", "val/0"), ("three", "val0")):
        dataset = open_dataset(tmp_path / name)
        assert dataset.layout == "plain"
        assert len(dataset) == 2
        assert dataset.of_split("val").ids == (expected,)
        assert dataset.splits.sibling("val", "train") == "train"


def test_unknown_layout_says_what_was_found_and_what_is_simplest(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("hello")
    with pytest.raises(UnknownLayoutError) as caught:
        open_dataset(tmp_path)
    text = str(caught.value)
    assert "holds README.md" in text
    assert "images/ and their masks, called alike, in masks/" in text
    assert "\n" not in text
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UnknownLayoutError, match="is empty"):
        open_dataset(empty)


def test_unknown_layout_points_to_the_folder_inside(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, "dnanet")
    with pytest.raises(UnknownLayoutError, match="Did you mean") as caught:
        open_dataset(tmp_path)
    assert str(root) in str(caught.value)
    assert "simplest" not in str(caught.value)


def test_no_pairs(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    with pytest.raises(DatasetError, match="images and masks hold no PNG"):
        open_dataset(tmp_path)


def test_real_sirst(shared: Path) -> None:
    root = shared / "data" / "sirst-v1"
    counts = {"trainval": 341, "train": 256, "val": 85, "test": 86, "50_50/train": 213}
    for split, count in counts.items():
        assert len(open_dataset(root, split)) == count
    dataset = open_dataset(root)
    assert (dataset.layout, len(dataset)) == ("sirst-v1", 427)
    assert dataset.splits.resolve("train") == "idx_427/train"
    assert dataset.splits.sibling("50_50/train", "test") == "50_50/test"
    assert open_dataset(shared / "data" / "nudt-demo").layout == "plain"
