"""Clips out of sequences: windows, splits, caches, stills."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sirst5k.datasets import SequenceDataset, Splits
from sirst5k.datasets.sequences import FrameLabels, labels_of
from sirst5k.datasets.sequences.stills import fill_boxes
from sirst5k.errors import DatasetError, ImageError, ParameterError, ShapeError, SplitError
from sirst5k.sample import Image


class Counting:
    """Frames whose level tells which they are; counts what is decoded."""

    has_masks = False

    def __init__(self, shapes: dict[str, tuple[int, int]] | None = None) -> None:
        self.decoded: Counter[str] = Counter()
        self.shapes = shapes or {}

    def read(self, frame_id: str) -> Image:
        self.decoded[frame_id] += 1
        name, _, number = frame_id.rpartition("/")
        return np.full(self.shape(frame_id), 40 * (ord(name) - 96) + int(number), np.uint8)

    def labels(self, frame_id: str, with_mask: bool) -> FrameLabels:
        number = int(frame_id.rpartition("/")[2])
        return labels_of([(number, 1, number + 2, 3)], tracks=[7])

    def shape(self, frame_id: str) -> tuple[int, int]:
        return self.shapes.get(frame_id, (6, 9))

    def file(self, frame_id: str) -> Path | None:
        return None

    def stamp(self, frame_id: str) -> str:
        return frame_id


def clips(source: Counting | None = None, **options: int) -> SequenceDataset:
    sequences = {name: [f"{name}/{k}" for k in range(4)] for name in "abc"}
    lists = {"train": ["a/1", "a/3", "b/0"], "test": sequences["c"]}
    every = [frame for frames in sequences.values() for frame in frames]
    return SequenceDataset(
        source or Counting(), sequences, every, Splits(lists), "counting", **options
    )


def test_a_clip_ends_with_its_key_frame_and_repeats_the_first_one_before_the_start() -> None:
    data = clips(length=5)
    clip = data.get("a/2")
    assert data.window("a/2") == ("a/0", "a/0", "a/0", "a/1", "a/2")
    assert clip.frames[:, 0, 0].tolist() == [40, 40, 40, 41, 42]
    assert clip.boxes.tolist() == [[2, 1, 4, 3]]
    assert clip.meta["tracks"] == [7]
    assert data.with_length(1).get("a/2").frames.shape == (1, 6, 9)


def test_whole_clips_are_those_that_repeat_no_frame() -> None:
    data = clips(length=3)
    whole = data.whole_clips()
    assert list(whole.ids) == [f"{name}/{k}" for name in "abc" for k in (2, 3)]
    assert all(len(set(whole.window(key))) == 3 for key in whole.ids)
    assert whole.length == 3
    assert list(data.of_split("train").whole_clips().ids) == ["a/3"]
    with pytest.raises(DatasetError, match="4 frames before it"):
        data.with_length(5).whole_clips()


def test_a_split_holds_the_sequences_of_its_key_frames_whole() -> None:
    data = clips()
    train = data.of_split("train")
    assert train.ids == ("a/1", "a/3", "b/0")
    assert list(train.sequences) == ["a", "b"]
    assert train.sequences["a"] == ("a/0", "a/1", "a/2", "a/3")
    assert train[1].id == "a/3"
    assert list(train[:1].sequences) == ["a"]
    with pytest.raises(DatasetError, match="no frame 'c/0'"):
        train.read_frame("c/0")
    assert len(train.of_split("all")) == 12
    assert train.of_split("test").split == "test"
    with pytest.raises(SplitError, match="no split"):
        data.of_split("training")


def test_neighbouring_clips_decode_each_frame_once() -> None:
    source = Counting()
    data = clips(source)
    for index in range(4):
        data[index]
    assert dict(source.decoded) == {f"a/{k}": 1 for k in range(4)}
    tight = clips(small := Counting(), cache_bytes=2 * 54)
    for _ in range(2):
        for index in range(4):
            tight[index]
    assert small.decoded["a/0"] > 2
    assert len(tight._cache) == 2


def test_frames_are_read_only_and_clips_are_not() -> None:
    data = clips()
    with pytest.raises(ValueError, match="read-only"):
        data.read_frame("a/0")[0, 0] = 1
    clip = data.get("a/0")
    clip.frames[:] = 0
    assert data.read_frame("a/0")[0, 0] != 0


def test_it_travels_to_workers_without_its_frames() -> None:
    data = clips()
    data[3]
    copy = pickle.loads(pickle.dumps(data))
    assert len(copy._cache) == 0
    assert np.array_equal(copy[3].frames, data[3].frames)
    assert copy.fingerprint() == data.fingerprint() != data[:5].fingerprint()


def test_key_frames_are_stills_with_filled_boxes() -> None:
    stills = clips().of_split("train").stills()
    assert stills.ids == ("a/1", "a/3", "b/0")
    sample = stills[0]
    assert sample.meta["mask_from"] == "boxes"
    assert np.argwhere(sample.mask).tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]
    assert stills.of_split("test")[0].id == "c/0"
    assert stills.splits.roles == {"train": "train", "test": "test"}
    assert np.array_equal(stills.source.read_mask("a/1"), sample.mask)


def test_boxes_fill_the_pixels_whose_centres_they_hold() -> None:
    mask = fill_boxes(np.array([[0.4, 0.6, 2.5, 2.6], [-3, -3, 0.4, 9]], np.float32), (4, 4))
    assert np.argwhere(mask).tolist() == [[1, 0], [1, 1], [2, 0], [2, 1]]


def test_frames_that_are_not_alike_make_no_clip() -> None:
    with pytest.raises(ImageError, match="frames of a clip to be alike"):
        clips(Counting({"a/1": (5, 9)})).get("a/2")


@pytest.mark.parametrize("length", [0, -1, True, 2.0, 5000])
def test_a_clip_has_a_whole_number_of_frames(length: int) -> None:
    with pytest.raises(ParameterError, match="1 to 1000 frames"):
        clips(length=length)


def test_labels_that_do_not_fit_each_other_are_refused() -> None:
    boxes, classes = np.zeros((2, 4), np.float32), np.zeros(2, np.int64)
    with pytest.raises(ShapeError, match="track"):
        FrameLabels(boxes, classes, (1,))
    with pytest.raises(ShapeError, match="classes"):
        FrameLabels(boxes, classes[:1])
    with pytest.raises(ShapeError, match="boxes"):
        FrameLabels(boxes.astype(np.float64), classes)
    with pytest.raises(ShapeError, match="bool mask"):
        FrameLabels(boxes, classes, None, np.zeros((3, 3), np.uint8))  # type: ignore[arg-type]
