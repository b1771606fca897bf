"""Wild bytes and wild folders: something to work with comes out, or a sentence."""

from __future__ import annotations

import contextlib
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from fuzz.images import COLOUR, GREY, by_opencv, saved, whole_files
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from sirst5k import NoiseBank, open_dataset
from sirst5k.datasets import convert_dataset
from sirst5k.datasets.coco import paint
from sirst5k.datasets.lists import parse_list
from sirst5k.errors import NoiseError, Sirst5kError
from sirst5k.imaging.decoding import decode_image
from sirst5k.imaging.masks import decode_mask

WHOLE = whole_files()
PICTURE = saved(Pillow.fromarray(GREY), "PNG")
MASK = by_opencv(".png", (GREY > 200).astype(np.uint8) * 255)


@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=9), st.integers(0, 9)), max_size=4),
)
def test_any_damage_to_any_format(name: str, damage: list[tuple[float, bytes, int]]) -> None:
    data = WHOLE[name]
    for share, put, lost in damage:
        place = int(share * len(data))
        data = data[:place] + put + data[place + lost :]
    with contextlib.suppress(Sirst5kError):
        image, header = decode_image(data, name, 1_000_000)
        assert image.shape == header.shape
    with contextlib.suppress(Sirst5kError):
        assert decode_mask(data, name, max_pixels=1_000_000)[0].mask.dtype == np.bool_


@given(st.binary(max_size=200))
def test_any_bytes_as_a_list_and_as_a_bank(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "file.npz"
    path.write_bytes(data)
    with contextlib.suppress(Sirst5kError):
        for entry in parse_list(path):
            assert entry.id.strip(" \t\v\f")
            assert not entry.id.startswith("/")
            assert ".." not in entry.id.split("/")
    with pytest.raises(NoiseError, match=r"file\.npz"):
        NoiseBank.load(path)


numbers = st.integers(-(10**6), 10**6) | st.floats() | st.text(max_size=2) | st.none()
segmentations = (
    st.lists(st.lists(numbers, max_size=12), max_size=3)
    | st.fixed_dictionaries(
        {"size": st.just([8, 9]) | st.lists(numbers, max_size=3)},
        optional={"counts": st.text(max_size=20) | st.lists(numbers, max_size=9)},
    )
    | numbers
)


@given(st.lists(segmentations, max_size=4))
@example([{"size": [8, 9], "counts": [72]}])
def test_any_annotation(found: list[object]) -> None:
    with contextlib.suppress(Sirst5kError):
        assert paint(found, (8, 9)).shape == (8, 9)


# What stands at a place of a dataset folder.
kinds = st.sampled_from(
    ["image", "mask", "colour", "damaged", "empty", "folder", "pipe", "circle", "nowhere",
     "outside", "inside", "list", "odd list"]
)  # fmt: skip
folders = st.sampled_from(
    ["", "images/", "masks/", "images/a/", "masks/a/", "50_50/", "trainval/images/",
     "trainval/masks/", "test/images/", "test/masks/", "mixed/", "annotations/", "idx_427/"]
)  # fmt: skip
stems = st.sampled_from(
    ["1.png", "2.png", "2.bmp", "1_pixels0.png", "a b.png", "é.png", "train.txt", "test.txt",
     "trainval.txt", "x_mask.png", "x.png", "instances_train.json", "train-0.tar"]
)  # fmt: skip


def put(path: Path, kind: str, outside: Path) -> None:
    """Make a file, folder, link or pipe."""
    path.parent.mkdir(parents=True, exist_ok=True)
    contents = {
        "image": PICTURE,
        "mask": MASK,
        "colour": saved(Pillow.fromarray(COLOUR), "PNG"),
        "damaged": PICTURE[:-30],
        "empty": b"",
        "list": b"1\n2\n",
        "odd list": b"../1\n/etc/passwd\n\0",
    }
    if kind in contents:
        path.write_bytes(contents[kind])
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        to = {"circle": path, "nowhere": "none", "outside": outside, "inside": "1.png"}[kind]
        path.symlink_to(to)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@settings(max_examples=150, deadline=None)
@given(tree=st.dictionaries(st.tuples(folders, stems), kinds, max_size=14), skip=st.booleans())
def test_any_folder(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[tuple[str, str], str], skip: bool
) -> None:
    base = tmp_path_factory.mktemp("tree")
    (base / "outside.png").write_bytes(PICTURE)
    root = base / "data"
    root.mkdir()
    for (folder, name), kind in tree.items():
        put(root / folder / name, kind, base / "outside.png")
    on_error = "skip" if skip else "stop"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(Sirst5kError):
            dataset = open_dataset(root, on_error=on_error)
            assert len(dataset)
            for name in dataset.splits:
                with contextlib.suppress(Sirst5kError):
                    assert set(dataset.splits[name]) <= set(dataset.of_split("all").ids)
            for sample_id in dataset.ids:
                with contextlib.suppress(Sirst5kError):
                    assert dataset.get(sample_id).id == sample_id
        with contextlib.suppress(Sirst5kError):
            report = convert_dataset(root, base / "out", "sirst", on_error=on_error)
            assert len(open_dataset(base / "out")) == report.samples
