"""Images in two splits are found by their pixels, whatever they are called."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tiny import make_scene, make_tiny, write

from sirst5k import open_dataset
from sirst5k.datasets import Dataset
from sirst5k.sample import Sample
from sirst5k.training.leaks import Leak, find_leaks


def sample(name: str, image: NDArray[np.generic]) -> Sample:
    return Sample(name, np.ascontiguousarray(image), np.zeros(image.shape, bool))


def scenes(n: int, seed: int, depth: int = 8) -> list[Sample]:
    rng = np.random.default_rng(seed)
    return [sample(f"{seed}-{i}", make_scene(rng, (20, 30), depth)[0]) for i in range(n)]


def test_nothing_is_found_where_nothing_is() -> None:
    assert find_leaks(scenes(5, 0), scenes(5, 1)) == []


def test_the_same_pixels_are_named_under_both_names() -> None:
    train, test = scenes(5, 0), scenes(4, 1)
    test.insert(2, sample("other", train[3].image))
    assert find_leaks(train, test) == [Leak("0-3", "other", "same pixels")]


def test_every_pair_is_named_in_the_order_of_training() -> None:
    train = scenes(3, 0)
    test = [sample("b", train[2].image), sample("a", train[0].image), sample("c", train[2].image)]
    found = [(leak.train_id, leak.test_id) for leak in find_leaks(train, test)]
    assert found == [("0-0", "a"), ("0-2", "b"), ("0-2", "c")]


@given(st.integers(0, 3), st.booleans(), st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_flipped_and_turned_copies_are_found(turns: int, flipped: bool, seed: int) -> None:
    train = scenes(3, seed)
    image = train[1].image
    copy = np.rot90(image[::-1] if flipped else image, turns)
    how = "flipped or turned" if turns or flipped else "same pixels"
    assert find_leaks(train, [sample("copy", copy)]) == [Leak(train[1].id, "copy", how)]


@pytest.mark.parametrize("depth", [8, 16, 32])
def test_the_same_levels_at_another_depth_are_the_same(depth: int) -> None:
    train = scenes(3, 0, 8)
    kind = {8: np.uint8, 16: np.uint16, 32: np.float32}[depth]
    found = find_leaks(train, [sample("copy", train[0].image.astype(kind))])
    assert found == [Leak("0-0", "copy")]


def test_the_same_histogram_is_not_enough() -> None:
    image = scenes(1, 0)[0].image
    moved = np.roll(image, 3, axis=1)
    assert find_leaks([sample("a", image)], [sample("b", moved)]) == []


def test_one_changed_pixel_makes_another_image() -> None:
    image = scenes(1, 0)[0].image.copy()
    image[0, 0] ^= 1
    assert find_leaks(scenes(1, 0), [sample("b", image)]) == []


def test_images_of_one_level_are_passed_over() -> None:
    blank = np.zeros((8, 8), np.uint8)
    assert find_leaks([sample("a", blank)], [sample("b", blank)]) == []


def leaking(folder: Path) -> tuple[Dataset, Dataset]:
    root = make_tiny(folder, n=6)
    train = open_dataset(root, "train")
    write(root / "images" / f"{open_dataset(root, 'test').ids[1]}.png", train[2].image)
    return open_dataset(root, "train"), open_dataset(root, "test")


@pytest.mark.parametrize("jobs", [1, 2])
def test_files_are_compared(tmp_path: Path, jobs: int) -> None:
    train, test = leaking(tmp_path)
    assert find_leaks(train, test, jobs=jobs) == [Leak(train.ids[2], test.ids[1])]


def test_looking_again_decodes_only_what_is_suspect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, test = leaking(tmp_path)
    cache = tmp_path / "cache"
    first = find_leaks(train, test, cache=cache)
    read: list[str] = []
    before = type(train.source).read
    monkeypatch.setattr(
        type(train.source), "read", lambda self, name: (read.append(name), before(self, name))[1]
    )
    assert find_leaks(train, test, cache=cache) == first != []
    assert read == [train.ids[2], test.ids[1]]
    for damaged in cache.iterdir():
        damaged.write_bytes(damaged.read_bytes()[:-7])
    assert find_leaks(train, test, cache=cache) == first
    assert len(read) == 2 + 6 + 2


def test_a_changed_file_of_the_same_length_is_looked_at_again(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, n=6, ending=".bmp")
    train, test = open_dataset(root, "train"), open_dataset(root, "test")
    assert find_leaks(train, test, cache=tmp_path / "cache") == []
    file = root / "images" / f"{test.ids[1]}.bmp"
    before = file.stat()
    write(file, train[2].image)
    assert file.stat().st_size == before.st_size
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    train, test = open_dataset(root, "train"), open_dataset(root, "test")
    assert len(find_leaks(train, test, cache=tmp_path / "cache")) == 1


def test_a_folder_that_cannot_be_written_to_is_done_without(tmp_path: Path) -> None:
    train, test = leaking(tmp_path)
    (tmp_path / "file").write_text("")
    assert len(find_leaks(train, test, cache=tmp_path / "file" / "cache")) == 1
