"""Predictions that others saved: what their values mean, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from tiny import make_tiny, write

from sirst5k.datasets import Dataset, open_dataset
from sirst5k.errors import DatasetError, ImageError, ParameterError
from sirst5k.evaluation import SavedPredictions

SHAPE = (48, 40)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return open_dataset(make_tiny(tmp_path, n=3))


def put(folder: Path, name: str, array: Any) -> None:
    folder.mkdir(exist_ok=True)
    if name.endswith(".npy"):
        np.save(folder / name, array)
    else:
        write(folder / name, array)


def read_all(folder: Path, dataset: Dataset, **options: Any) -> list[np.ndarray]:
    saved = SavedPredictions(folder, dataset, **options)
    return [saved.read(sample_id, SHAPE) for sample_id in dataset.ids]


@pytest.mark.parametrize(
    ("dtype", "top", "expected"),
    [
        (np.uint8, 255, 1.0),
        (np.uint8, 1, 1.0),
        (np.uint16, 65535, 1.0),
        (np.uint16, 255, 1.0),
        (np.uint8, 200, 200 / 255),
        (np.uint16, 20000, 20000 / 65535),
    ],
)
def test_integer_levels(
    tmp_path: Path, dataset: Dataset, dtype: type, top: int, expected: float
) -> None:
    level = np.zeros(SHAPE, dtype)
    level[3, 4] = top
    for sample_id in dataset.ids:
        put(tmp_path / "out", f"{sample_id}.png", level)
    for values in read_all(tmp_path / "out", dataset):
        assert values.dtype == np.float32
        assert values[3, 4] == pytest.approx(expected)
        assert values.sum() == pytest.approx(expected)


def test_a_silent_network_s_maps_are_no_masks(tmp_path: Path, dataset: Dataset) -> None:
    """Probabilities below 0.4 % in 16 bit look like 8-bit levels, and are not."""
    for number, sample_id in enumerate(dataset.ids):
        put(tmp_path / "out", f"{sample_id}.png", np.full(SHAPE, 100 + number, np.uint16))
    saved = SavedPredictions(tmp_path / "out", dataset)
    assert saved.read(dataset.ids[2], SHAPE).max() == pytest.approx(102 / 65535)
    assert saved.notes == ()


def test_masks_of_one_are_said_to_be_read_so(tmp_path: Path, dataset: Dataset) -> None:
    put(tmp_path / "out", "000001.png", np.eye(*SHAPE, dtype=np.uint8))
    put(tmp_path / "out", "000002.png", np.zeros(SHAPE, np.uint8))
    saved = SavedPredictions(tmp_path / "out", dataset)
    assert saved.read("000001", SHAPE).max() == 1
    assert "but 0 and 1: read as masks" in saved.notes[0]


def test_masks_in_palette_colours(tmp_path: Path, dataset: Dataset) -> None:
    picture = Image.fromarray(np.eye(*SHAPE, dtype=np.uint8))
    picture.putpalette([0, 0, 0, 200, 0, 0])
    (tmp_path / "out").mkdir()
    picture.save(tmp_path / "out" / "000001.png")
    assert read_all(tmp_path / "out", dataset)[0].max() == pytest.approx(200 / 255)


def test_a_nearly_silent_map_is_no_mask(tmp_path: Path, dataset: Dataset) -> None:
    """Its file alone looks like a mask of 0 and 1; the folder says what it is."""
    faint, loud = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    faint[2, 2], loud[5, 5] = 1, 240
    put(tmp_path / "out", "000001.png", faint)
    put(tmp_path / "out", "000003.png", loud)
    first, missing, third = read_all(tmp_path / "out", dataset)
    assert first[2, 2] == pytest.approx(1 / 255)
    assert third[5, 5] == pytest.approx(240 / 255)
    assert not missing.any()


@pytest.mark.parametrize(
    "array",
    [
        np.full(SHAPE, 0.25),
        np.full((1, *SHAPE), 0.25, np.float16),
        np.full((1, 1, *SHAPE), 0.25, np.float32),
        np.full((*SHAPE, 1), 0.25),
    ],
)
def test_arrays(tmp_path: Path, dataset: Dataset, array: np.ndarray) -> None:
    put(tmp_path / "out", "000001.npy", array)
    assert (read_all(tmp_path / "out", dataset)[0] == 0.25).all()


def test_bool_and_wide_integer_arrays(tmp_path: Path, dataset: Dataset) -> None:
    mask = np.eye(*SHAPE, dtype=bool)
    put(tmp_path / "out", "000001.npy", mask)
    put(tmp_path / "out", "000002.npy", mask.astype(np.int64))
    first, second, _ = read_all(tmp_path / "out", dataset)
    np.testing.assert_array_equal(first, mask)
    np.testing.assert_array_equal(second, mask)


def test_logits(tmp_path: Path, dataset: Dataset) -> None:
    put(tmp_path / "out", "000001.npy", np.full(SHAPE, -3.5))
    first, missing, _ = read_all(tmp_path / "out", dataset, inputs="logits")
    assert (first == -3.5).all()
    assert (missing < -100).all()


def test_resize_is_asked_for(tmp_path: Path, dataset: Dataset) -> None:
    small = np.zeros((24, 20), np.uint8)
    small[5, 6] = 255
    put(tmp_path / "out", "000001.png", small)
    with pytest.raises(ImageError, match=r"40×48, but .*000001.png is 20×24.*--resize nearest"):
        read_all(tmp_path / "out", dataset)
    resized = read_all(tmp_path / "out", dataset, resize="nearest")[0]
    np.testing.assert_array_equal(resized, cv2.resize(small, (40, 48), interpolation=0) / 255)


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.full(SHAPE, 3.0), "pass --inputs logits"),
        (np.full(SHAPE, -0.1), "pass --inputs logits"),
        (np.full(SHAPE, np.nan), "NaN"),
        (np.zeros((3, *SHAPE)), "Expected an array (H, W)"),
        (np.zeros((2, 2, *SHAPE)), "Expected an array (H, W)"),
        (np.zeros(7), "Expected an array (H, W)"),
        (np.zeros((0, 5)), "Expected an array (H, W)"),
        (np.full(SHAPE, -1), "from -1 to -1"),
        (np.zeros(SHAPE, complex), "complex128"),
        (np.array([{}]), "numpy.save"),
    ],
)
def test_arrays_that_are_refused(
    tmp_path: Path, dataset: Dataset, array: np.ndarray, sentence: str
) -> None:
    put(tmp_path / "out", "000001.npy", array)
    with pytest.raises(ImageError) as raised:
        read_all(tmp_path / "out", dataset)
    assert sentence in str(raised.value)
    assert "000001.npy" in str(raised.value)


@pytest.mark.parametrize("data", [b"", b"\x93NUMPY\x01\x00v\x00{", b"not an array"])
def test_damaged_arrays(tmp_path: Path, dataset: Dataset, data: bytes) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "000001.npy").write_bytes(data)
    with pytest.raises(ImageError, match="cannot be read"):
        read_all(tmp_path / "out", dataset)


def test_masks_are_no_logits(tmp_path: Path, dataset: Dataset) -> None:
    put(tmp_path / "out", "000001.png", np.zeros(SHAPE, np.uint8))
    with pytest.raises(ImageError, match="Leave out --inputs logits"):
        read_all(tmp_path / "out", dataset, inputs="logits")


def test_folders_that_are_refused(tmp_path: Path, dataset: Dataset) -> None:
    with pytest.raises(DatasetError, match="there is no"):
        SavedPredictions(tmp_path / "none", dataset)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="holds no PNG"):
        SavedPredictions(tmp_path / "empty", dataset)
    put(tmp_path / "other", "zebra.png", np.zeros(SHAPE, np.uint8))
    with pytest.raises(DatasetError, match=r"named like .*000001.*zebra.png"):
        SavedPredictions(tmp_path / "other", dataset)
    with pytest.raises(DatasetError, match="is a file"):
        SavedPredictions(tmp_path / "other" / "zebra.png", dataset)
    with pytest.raises(ParameterError, match="Did you mean 'logits'"):
        SavedPredictions(tmp_path / "other", dataset, inputs="logit")
    with pytest.raises(ParameterError, match="no resize"):
        SavedPredictions(tmp_path / "other", dataset, resize="linear")
