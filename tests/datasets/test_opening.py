"""Opening folders, good and bad; each mistake gets its own sentence."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from tiny import make_tiny, write

from sirst5k import open_dataset
from sirst5k.errors import (
    DatasetError,
    DatasetNotFoundError,
    ImageError,
    PairingError,
    ParameterError,
    Sirst5kWarning,
)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="there is no"):
        open_dataset(tmp_path / "none")


def test_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="is a file"):
        open_dataset(write(tmp_path / "a.png", np.zeros((4, 4), np.uint8)))


def test_wrong_on_error(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="'ignore'"):
        open_dataset(tmp_path, on_error="ignore")


@pytest.mark.parametrize(
    ("lost", "sentence"),
    [
        ("masks/000006.png", r"The image images/000006.png has no mask in masks"),
        ("images/000006.png", r"The mask masks/000006.png has no image in images"),
    ],
)
def test_orphans(tmp_path: Path, lost: str, sentence: str) -> None:
    root = make_tiny(tmp_path)
    (root / lost).unlink()
    for split in (None, "all", "test"):
        with pytest.raises(PairingError, match=sentence):
            open_dataset(root, split)
    train = open_dataset(root, "train")  # the damage lies elsewhere
    with pytest.raises(PairingError, match=sentence):
        train.of_split("all")
    skipping = open_dataset(root, on_error="skip")
    assert len(skipping) == 5
    assert list(skipping.skipped) == ["000006"]
    assert open_dataset(root, "train", on_error="skip").skipped == {}
    assert list(open_dataset(root, "test", on_error="skip").skipped) == ["000006"]


def test_many_orphans_are_counted(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, n=9)
    for path in sorted((root / "masks").iterdir())[1:]:
        path.unlink()
    with pytest.raises(PairingError, match=r"8 pairs are incomplete.*000002.*And 5 more"):
        open_dataset(root)


def test_two_files_of_one_id(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    write(root / "images" / "000006.bmp", np.zeros((48, 40), np.uint8))
    with pytest.raises(PairingError, match=r"000006.bmp and images/000006.png claim the same id"):
        open_dataset(root)
    assert len(open_dataset(root, "train")) == 4
    assert len(open_dataset(root, on_error="skip")) == 5


def test_every_pair_left_out(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, n=3)
    for path in (root / "masks").iterdir():
        path.unlink()
    with pytest.raises(DatasetError, match=r"at least one image with its mask.*has no mask"):
        open_dataset(root, on_error="skip")


def test_empty_list(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    (root / "50_50" / "train.txt").write_text("\n\n")
    with pytest.raises(DatasetError, match="split '50_50/train'"):
        open_dataset(root, "train")


def test_sizes_that_differ_name_both_files(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    write(root / "masks" / "000001.png", np.zeros((10, 12), np.uint8))
    dataset = open_dataset(root)
    with pytest.raises(ImageError, match=r"images/000001.png is 40×48 .*000001.png is 12×10"):
        dataset[0]
    assert dataset[1].shape == (48, 40)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    path = root / "images" / "000002.png"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ImageError, match=r"images/000002.png is damaged"):
        open_dataset(root).get("000002")


def test_unknown_id(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no sample 'x'"):
        open_dataset(make_tiny(tmp_path)).get("x")


def test_files_that_vanish(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    dataset = open_dataset(root)
    (root / "images" / "000001.png").unlink()
    with pytest.raises(ImageError, match="cannot be read"):
        dataset[0]
    with pytest.raises(ImageError, match="'000001'"):
        dataset.fingerprint()


def test_empty_masks_are_allowed(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    write(root / "masks" / "000001.png", np.zeros((48, 40), np.uint8))
    assert not open_dataset(root)[0].mask.any()


def test_non_binary_masks_are_reported_once(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    for path in (root / "masks").iterdir():
        levels = np.zeros((48, 40), np.uint8)
        levels[3:6, 3:6] = 100
        levels[4, 4] = 200
        write(path, levels)
    dataset = open_dataset(root)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        counts = [int(sample.mask.sum()) for sample in dataset]
    assert counts == [1] * 6
    assert [warning.category for warning in caught] == [Sirst5kWarning]
    text = str(caught[0].message)
    assert "000001.png" in text
    assert "3 grey levels" in text
    assert "127.5" in text
    assert "--mask-threshold" in text
    chosen = open_dataset(root, mask_threshold=50)  # warnings are errors in this suite
    assert [int(sample.mask.sum()) for sample in chosen] == [9] * 6


def test_max_pixels(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="max_pixels"):
        open_dataset(make_tiny(tmp_path), max_pixels=100)[0]


def test_slices_and_subsets(tmp_path: Path) -> None:
    dataset = open_dataset(make_tiny(tmp_path), "train")
    assert dataset[1:3].ids == dataset.ids[1:3]
    assert dataset[1:3].split == "50_50/train"
    assert dataset.subset(["000006"]).ids == ("000006",)
    assert "dnanet layout" in repr(dataset)
    assert len(list(dataset)) == 4


def test_the_fingerprint_does_not_depend_on_the_place(tmp_path: Path) -> None:
    first = open_dataset(make_tiny(tmp_path / "a")).fingerprint()
    assert open_dataset(make_tiny(tmp_path / "b")).fingerprint() == first
    other = make_tiny(tmp_path / "c")
    write(other / "images" / "000001.png", np.zeros((48, 40), np.uint8))
    assert open_dataset(other).fingerprint() != first


def test_the_demo_is_a_dataset_too() -> None:
    demo = open_dataset("demo:n=8,size=64")
    assert len(demo) == 8
    assert demo.of_split("all").ids == demo.ids
    assert len(open_dataset("demo:n=8,size=64", "test")) < 8


def test_opening_reads_no_pixel_and_grows_with_the_folder_only(tmp_path: Path) -> None:
    # Empty files: reading one would raise. 25,000 pairs take 0.3 to 0.6 s of a core here; work
    # for each pair of pairs would take minutes. How long it takes is what benchmarks/ says.
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
        descriptor = os.open(tmp_path / folder, os.O_RDONLY)
        for number in range(25_000):
            os.close(os.open(f"{number}.png", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
        os.close(descriptor)
    (tmp_path / "50_50").mkdir()
    (tmp_path / "50_50" / "train.txt").write_text("\n".join(map(str, range(12_500))))
    start = time.process_time()
    dataset = open_dataset(tmp_path)
    assert len(dataset) == 25_000
    assert len(dataset.of_split("train")) == 12_500
    assert time.process_time() - start < 10
