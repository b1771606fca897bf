"""From frames to boxes, tracks and overlays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sirst5k.datasets import open_dataset
from sirst5k.errors import (
    DatasetError,
    DatasetNotFoundError,
    ImageError,
    OutputError,
    ParameterError,
)
from sirst5k.evaluation.clips import found_boxes
from sirst5k.evaluation.clips.box_files import read_box_files
from sirst5k.evaluation.video import (
    can_write_mp4,
    draw_frame,
    open_movie,
    open_video_source,
    predict_sequences,
)
from sirst5k.evaluation.video.sources import of_sequences

DEMO = "demo:sequences=2,frames=8,size=64,seed=1"


def moving_frames(count: int = 8) -> list[np.ndarray]:
    """A bright spot of 3 × 3 that moves by 4 pixels a frame."""
    frames = []
    for t in range(count):
        frame = np.full((48, 64), 60, np.uint8)
        frame[20:23, 5 + 4 * t : 8 + 4 * t] = 220
        frames.append(frame)
    return frames


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "clip").mkdir()
    for number, frame in enumerate(moving_frames()):
        cv2.imwrite(str(tmp_path / "clip" / f"{number}.png"), frame)
    return tmp_path / "clip"


def spots(batch: np.ndarray) -> np.ndarray:
    return np.where(batch > 0.5, 0.9, 0.0)


def test_a_folder_becomes_boxes_and_a_track(folder: Path, tmp_path: Path) -> None:
    done = []
    report = predict_sequences(
        spots, open_video_source(folder), tmp_path / "out", overlay="png", advance=done.append
    )
    assert (report.frames, report.detections, report.tracks) == (8, 8, 1)
    assert done == [1] * 8
    lines = (tmp_path / "out" / "boxes.txt").read_text().splitlines()
    assert lines[0] == "clip/0 5,20,8,23,0,0.9"
    assert len(lines) == 8
    document = json.loads((tmp_path / "out" / "boxes.json").read_text())
    assert document["annotations"][1]["bbox"] == [9, 20, 3, 3]
    assert document["images"][1]["file_name"] == "clip/1.png"
    assert (
        read_box_files(tmp_path / "out").rows["clip/1.png"]
        == read_box_files(tmp_path / "out" / "boxes.txt").rows["clip/1"]
    )
    tracks = (tmp_path / "out" / "tracks" / "clip.txt").read_text().splitlines()
    assert tracks[0] == "1,1,5.000,20.000,3.000,3.000,0.900000,-1,-1,-1"
    assert len(tracks) == 8
    pictures = sorted((tmp_path / "out" / "overlays" / "clip").iterdir())
    assert [one.name for one in pictures] == [f"{k:06d}.png" for k in range(8)]
    assert json.loads((tmp_path / "out" / "predictions.json").read_text())["complete"] is True


@pytest.mark.skipif(not can_write_mp4(), reason="this OpenCV writes no mp4")
def test_a_video_file_goes_in_and_an_overlay_video_comes_out(folder: Path, tmp_path: Path) -> None:
    movie = open_movie(tmp_path / "spot", "mp4", rate=12)
    for frame in moving_frames():
        movie.add(np.repeat(frame[..., None], 3, axis=2))
    movie.close()
    source = open_video_source(tmp_path / "spot.mp4")
    assert source.sequences[0].rate == pytest.approx(12)
    report = predict_sequences(spots, source, tmp_path / "out", overlay="mp4")
    assert (report.frames, report.tracks) == (8, 1)
    video = cv2.VideoCapture(report.overlays[0])
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(12)
    count = 0
    while video.read()[0]:
        count += 1
    assert count == 8
    # Compression moves no spot: the boxes are those of the frames, to a pixel.
    boxes = read_box_files(tmp_path / "out" / "boxes.txt").rows
    for number, row in enumerate(boxes.values()):
        np.testing.assert_allclose(row[0][:4], [5 + 4 * number, 20, 8 + 4 * number, 23], atol=1)


def test_a_dataset_brings_its_sequences_and_labels(tmp_path: Path) -> None:
    source = open_video_source(DEMO)
    assert [one.count for one in source.sequences] == [8, 8]
    assert source.count == 16
    report = predict_sequences("tophat", source, tmp_path / "out", products=("boxes",), tile=0)
    assert report.sequences == 2
    assert not (tmp_path / "out" / "overlays").exists()
    assert len(read_box_files(tmp_path / "out").rows) == 16


def test_only_key_frames_have_labels() -> None:
    dataset = open_dataset(DEMO)
    one = of_sequences(dataset.subset(dataset.ids[:1])).sequences[0]
    assert one.labels is not None
    first, second = (name for name, _ in list(one.frames())[:2])
    assert one.labels(first) is not None
    assert one.labels(second) is None


def test_a_damaged_frame_stops_or_is_left_out(folder: Path, tmp_path: Path) -> None:
    (folder / "3.png").write_bytes(b"no image")
    source = open_video_source(folder)
    with pytest.raises(ImageError, match=r"3\.png"):
        predict_sequences(spots, source, tmp_path / "a", products=("tracks",))
    report = predict_sequences(spots, source, tmp_path / "b", products=("tracks",), on_error="skip")
    assert list(report.skipped) == ["clip/3"]
    assert (report.frames, report.tracks) == (7, 1)
    tracks = (tmp_path / "b" / "tracks" / "clip.txt").read_text().splitlines()
    assert [int(line.split(",")[0]) for line in tracks] == [1, 2, 3, 5, 6, 7, 8]


def test_folders_of_folders_are_sequences(folder: Path) -> None:
    source = open_video_source(folder.parent)
    assert [one.name for one in source.sequences] == ["clip"]


def test_least_keeps_what_the_threshold_hides(folder: Path, tmp_path: Path) -> None:
    def weak(batch: np.ndarray) -> np.ndarray:
        return np.where(batch > 0.5, 0.3, 0.0)

    source = open_video_source(folder)
    report = predict_sequences(weak, source, tmp_path / "a", least=0.2, products=("boxes",))
    assert report.detections == 0
    assert (tmp_path / "a" / "boxes.txt").read_text().count(",0.3") == 8


def test_other_things_in_the_folder_are_left_alone(folder: Path, tmp_path: Path) -> None:
    source = open_video_source(folder)
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("years")
    with pytest.raises(OutputError, match="something else"):
        predict_sequences(spots, source, out, overwrite=True)
    predict_sequences(spots, source, tmp_path / "mine", products=("tracks",))
    with pytest.raises(OutputError, match="--overwrite"):
        predict_sequences(spots, source, tmp_path / "mine")
    predict_sequences(spots, source, tmp_path / "mine", products=("boxes",), overwrite=True)
    assert not (tmp_path / "mine" / "tracks").exists()


def test_what_is_no_video_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="there is no"):
        open_video_source(tmp_path / "none.mp4")
    with pytest.raises(DatasetNotFoundError, match="there is no"):
        open_video_source(tmp_path / "none")
    with pytest.raises(DatasetError, match="Expected frames in"):
        open_video_source(tmp_path)
    with pytest.raises(DatasetError, match="single images"):
        open_video_source("demo:n=2,size=64")
    with pytest.raises(ParameterError, match="Did you mean 'mp4'"):
        open_movie(tmp_path / "a", "mp3")


def test_a_broken_video_gets_a_sentence(tmp_path: Path, capfd: Any) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video" * 10)
    with pytest.raises(DatasetError, match="can open"):
        open_video_source(tmp_path / "a.mp4")


def test_marks_follow_the_labels() -> None:
    class Labels:
        boxes = np.array([[5, 20, 8, 23], [40, 40, 43, 43]], np.float32)
        classes = np.zeros(2, np.int64)

    image = moving_frames(1)[0]
    found = found_boxes([[5, 20, 8, 23], [50, 5, 53, 8]], [0.9, 0.8])
    plain = draw_frame("a", image, found, {})
    judged = draw_frame("a", image, found, {4: [(3.0, 3.0), (6.5, 21.5)]}, Labels())
    assert plain.shape == judged.shape == (28 + 480, 640, 3)

    def there(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
        return bool((picture[28:] == np.array(colour)).all(axis=2).any())

    yellow, red, blue = (255, 221, 51), (255, 77, 64), (72, 196, 255)
    assert all(there(judged, colour) for colour in (yellow, red, blue))
    assert there(plain, blue)
    assert not there(plain, yellow)
    assert not there(plain, red)
