"""NUDT-MIRSDT: frames in MATLAB files, masks beside them."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from sirst5k import open_dataset
from sirst5k.datasets import SequenceDataset
from sirst5k.errors import DatasetError, ImageError
from sirst5k.imaging import encode_png


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for sequence, levels in (("Sequence1", 1.0), ("Sequence10", 0.5)):
        (tmp_path / sequence / "Mix").mkdir(parents=True)
        (tmp_path / sequence / "masks").mkdir()
        for number in range(1, 5):
            clip = np.full((3, 10, 12), 0.0)
            clip[-1] = number * levels
            savemat(tmp_path / sequence / f"Mix/{number:05d}.mat", {"Mix": clip})
            mask = np.zeros((10, 12), np.bool_)
            mask[2:5, 3:7] = True
            (tmp_path / sequence / f"masks/{number:05d}.png").write_bytes(encode_png(mask))
    (tmp_path / "train.txt").write_text("Sequence1/Mix/00002.mat\nSequence1/Mix/00004.mat\n")
    (tmp_path / "test.txt").write_text("Sequence10/Mix/00001.mat\n")
    return tmp_path


def opened(root: Path, split: str | None = None) -> SequenceDataset:
    data = open_dataset(root, split)
    assert isinstance(data, SequenceDataset)
    return data


def test_the_last_frame_of_a_file_is_that_of_its_number(root: Path) -> None:
    train = opened(root, "train")
    assert train.layout == "nudt-mirsdt"
    assert train.ids == ("Sequence1/00002", "Sequence1/00004")
    clip = pickle.loads(pickle.dumps(train))[1]
    assert clip.frames[:, 0, 0].tolist() == [1, 1, 2, 3, 4]
    assert clip.frames.dtype == np.uint8
    assert clip.boxes.tolist() == [[3, 2, 7, 5]]
    assert train.source.shape("Sequence1/00002") == (10, 12)
    halves = opened(root, "test")[0]
    assert halves.frames.dtype == np.float32
    assert halves.frames[-1, 0, 0] == 0.5


def test_files_that_hold_no_frame(root: Path) -> None:
    data = opened(root)
    path = root / "Sequence1/Mix/00003.mat"
    for content in (b"", b"MATLAB 5.0 MAT-file" + bytes(300), path.read_bytes()[:200]):
        path.write_bytes(content)
        with pytest.raises(ImageError, match="cannot be read"):
            data.with_length(1).get("Sequence1/00003")
    savemat(path, {"Mix": np.zeros((2, 2, 2, 2))})
    with pytest.raises(ImageError, match="no Mix of"):
        data.with_length(1).get("Sequence1/00003")
    savemat(path, {"Mix": np.zeros((200, 300))}, do_compression=True)
    small = open_dataset(root, max_pixels=1000)
    assert isinstance(small, SequenceDataset)
    with pytest.raises(ImageError, match="larger than allowed"):
        small.read_frame("Sequence1/00003")


def test_a_list_of_what_is_not_there(root: Path) -> None:
    (root / "train.txt").write_text("Sequence1/Mix/00009.mat\n")
    with pytest.raises(DatasetError, match="Sequence1/00009"):
        open_dataset(root)
