"""What is written can be read again, by us and by others, and is never half there."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow

from sirst5k.errors import OutputError, ShapeError
from sirst5k.imaging import encode_png, encode_tiff, pixel_hash, read_image, write_atomically
from sirst5k.imaging.decoding import decode

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40)


@given(hnp.arrays(st.sampled_from([np.uint8, np.uint16]), SHAPES))
def test_png_round_trip(array: np.ndarray) -> None:
    data = encode_png(array)
    pixels, header = decode(data, "a.png")
    np.testing.assert_array_equal(pixels, array)
    assert header.dtype == str(array.dtype)
    np.testing.assert_array_equal(np.asarray(Pillow.open(io.BytesIO(data))), array)


@given(hnp.arrays(np.bool_, SHAPES))
def test_masks_are_written_as_0_and_255(mask: np.ndarray) -> None:
    np.testing.assert_array_equal(np.asarray(Pillow.open(io.BytesIO(encode_png(mask)))), mask * 255)


def test_views_are_encoded_as_they_look() -> None:
    array = np.arange(60, dtype=np.uint8).reshape(6, 10)
    for view in (array.T, array[::-1, ::2], (array > 30)[:, ::3]):
        pixels, _ = decode(encode_png(view), "a.png")
        np.testing.assert_array_equal(pixels > 0 if view.dtype == bool else pixels, view)


def test_float_goes_into_tiff_and_not_into_png(tmp_path: Path) -> None:
    array = np.linspace(-3, 5, 60, dtype=np.float32).reshape(6, 10)
    write_atomically(tmp_path / "a.tiff", encode_tiff(array))
    np.testing.assert_array_equal(read_image(tmp_path / "a.tiff"), array)
    with pytest.raises(ShapeError, match="PNG holds no other depth"):
        encode_png(array)
    with pytest.raises(ShapeError, match="TIFF"):
        encode_tiff(array.astype(np.float64))


def test_mask_files_are_small() -> None:
    mask = np.zeros((256, 256), dtype=bool)
    mask[100:105, 50:54] = True
    assert len(encode_png(mask)) < 1000


def test_atomic_write_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_atomically(path, b"old")
    write_atomically(path, b"new and longer")
    assert path.read_bytes() == b"new and longer"
    assert os.listdir(tmp_path) == ["a.bin"]  # noqa: PTH208


def test_interrupted_write_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]  # noqa: PTH208


def test_unwritable_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file"):
        write_atomically(tmp_path / "none" / "a.bin", b"")


def test_pixel_hash_is_sha256_of_the_raw_bytes() -> None:
    array = np.arange(12, dtype=np.uint16).reshape(3, 4)
    assert pixel_hash(array) == hashlib.sha256(array.tobytes()).hexdigest()
    assert pixel_hash(array.T) == hashlib.sha256(array.T.tobytes()).hexdigest()
    assert pixel_hash(array > 3) == hashlib.sha256((array > 3).tobytes()).hexdigest()
