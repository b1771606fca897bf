"""Frames of every kind in, a folder of predictions out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tiny import make_scene, make_tiny, write, write_list

from sirst5k import open_dataset
from sirst5k.detectors import create
from sirst5k.errors import DatasetError, ImageError, OutputError, ParameterError, SplitError
from sirst5k.evaluation import evaluate, open_frames, predict, predict_map, write_predictions
from sirst5k.imaging import read_image


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Three 16-bit images, one in a folder of its own."""
    rng = np.random.default_rng(0)
    for name in ("a2", "a10", "deep/b"):
        write(tmp_path / "images" / f"{name}.png", make_scene(rng, (40, 50), 16)[0])
    return tmp_path / "images"


def snapshot(root: Path) -> dict[str, bytes]:
    files = [path for path in root.rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def test_folder_list_and_image(images: Path) -> None:
    folder = open_frames(images)
    assert folder.ids == ("a2", "a10", "deep/b")
    assert not folder.labelled
    assert folder[0].image.dtype == np.uint16
    listed = open_frames(write_list(images / "some.txt", ["a10.png", "", "deep/b", "a10.png"]))
    assert listed.ids == ("a10", "b")
    assert open_frames(images / "a2.png").ids == ("a2",)
    assert folder[1:].ids == ("a10", "deep/b")


def test_names_that_begin_like_the_embedded_scenes(images: Path) -> None:
    write(images / "demo.png", np.zeros((4, 4), np.uint8))
    (images / "demo-run").mkdir()
    write(images / "demo-run" / "x.png", np.zeros((4, 4), np.uint8))
    assert open_frames(images / "demo.png").ids == ("demo",)
    assert open_frames(images / "demo-run").ids == ("x",)
    assert len(open_frames("demo:n=3,size=64")) == 3


def test_dataset_has_labels(tmp_path: Path) -> None:
    frames = open_frames(make_tiny(tmp_path), "test")
    assert frames.labelled
    assert frames[0].label is not None
    assert len(frames) == 2


def test_stems_that_repeat_are_told_apart(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        write(tmp_path / folder / "1.png", np.zeros((4, 4), np.uint8))
    found = open_frames(write_list(tmp_path / "l.txt", ["x/1.png", "y/1.png"]))
    assert found.ids == ("x/1", "y/1")


def test_what_cannot_be_opened(images: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="there is no"):
        open_frames(tmp_path / "none")
    with pytest.raises(DatasetError, match="Line 1 of .* names 'zebra'"):
        open_frames(write_list(tmp_path / "l.txt", ["zebra"]))
    with pytest.raises(DatasetError, match="is empty"):
        open_frames(write_list(tmp_path / "e.txt", []))
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(DatasetError, match="neither"):
        open_frames(tmp_path / "binary")
    (tmp_path / "void").mkdir()
    with pytest.raises(DatasetError, match="Expected images in"):
        open_frames(tmp_path / "void")
    with pytest.raises(SplitError, match="is none"):
        open_frames(images, "test")
    write(images / "a2.bmp", np.zeros((4, 4), np.uint8))
    with pytest.raises(DatasetError, match="share theirs"):
        open_frames(images)


def test_files_hold_what_was_predicted(images: Path, tmp_path: Path) -> None:
    report = write_predictions("tophat", open_frames(images), tmp_path / "out", threshold=0.4, k=5)
    assert (report.frames, report.written, report.hits) == (3, 3, None)
    document = json.loads((tmp_path / "out" / "boxes.json").read_text())
    assert [image["file_name"] for image in document["images"]] == ["a2.png", "a10.png", "b.png"]
    boxes = 0
    for number, one in enumerate(predict("tophat", open_frames(images), threshold=0.4, k=5), 1):
        level = read_image(tmp_path / "out" / "maps" / f"{one.id}.png")
        assert level.dtype == np.uint16
        np.testing.assert_allclose(level / 65535, one.probability, atol=1e-5)
        mask = read_image(tmp_path / "out" / "masks" / f"{one.id}.png")
        np.testing.assert_array_equal(mask, np.where(one.mask, 255, 0))
        picture = cv2.imread(str(tmp_path / "out" / "overlays" / f"{one.id}.png"), -1)
        assert picture.ndim == 3
        for entry in document["annotations"]:
            if entry["image_id"] != number:
                continue
            left, top, width, height = entry["bbox"]
            inside = one.probability[top : top + height, left : left + width]
            assert entry["score"] == pytest.approx(inside.max(), abs=1e-6)
            assert 1 <= entry["area"] == one.mask[top : top + height, left : left + width].sum()
            boxes += 1
    assert boxes == report.detections == len(document["annotations"]) > 0


def test_evaluating_the_files_gives_the_detector_s_figures(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, n=6, bit_depth=16)
    report = write_predictions("mpcm", open_frames(root), tmp_path / "out")
    dataset = open_dataset(root)
    direct = evaluate(dataset, detector="mpcm").scores["corrected"]
    saved = evaluate(dataset, predictions=tmp_path / "out" / "maps").scores["corrected"]
    assert (saved.miou, saved.pd, saved.fa) == (direct.miou, direct.pd, direct.fa)
    assert saved.auc == pytest.approx(direct.auc, abs=1e-4)
    assert (report.hits, report.false_alarms) == (direct.hits, direct.false_targets)
    assert report.misses == direct.targets - direct.hits


def test_interrupted_run_goes_on_with_the_same_result(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    write_predictions("tophat", open_frames(images), whole)

    calls = []

    def stop_at_third(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return predict_map(*arguments, **options)

    monkeypatch.setattr("sirst5k.evaluation.writing.predict_map", stop_at_third)
    with pytest.raises(KeyboardInterrupt):
        write_predictions("tophat", open_frames(images), broken)
    assert not (broken / "boxes.json").exists()
    report = write_predictions("tophat", open_frames(images), broken)
    assert (report.written, report.frames) == (1, 3)
    assert snapshot(broken) == snapshot(whole)


def test_a_changed_or_lost_file_is_predicted_again(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_predictions("tophat", open_frames(images), out)
    write(images / "a2.png", np.zeros((30, 30), np.uint8))
    (out / "masks" / "a10.png").unlink()
    assert write_predictions("tophat", open_frames(images), out).written == 2
    assert read_image(out / "maps" / "a2.png").shape == (30, 30)


def test_number_of_processes_changes_nothing(images: Path, tmp_path: Path) -> None:
    for jobs in (1, 2):
        write_predictions(create("mpcm"), open_frames(images), tmp_path / f"{jobs}", jobs=jobs)
    assert snapshot(tmp_path / "1") == snapshot(tmp_path / "2")


def test_other_predictions_are_not_mixed_in(images: Path, tmp_path: Path) -> None:
    out, frames = tmp_path / "out", open_frames(images)
    write_predictions("tophat", frames, out, products=("masks",))
    assert sorted(path.name for path in out.iterdir()) == [
        "masks",
        "predictions.json",
        "predictions.jsonl",
    ]
    with pytest.raises(OutputError, match="made otherwise"):
        write_predictions("tophat", frames, out, products=("masks",), threshold=0.3)
    report = write_predictions(
        "tophat", frames, out, products=("masks",), threshold=0.3, overwrite=True
    )
    assert report.written == 3
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    with pytest.raises(OutputError, match="something else"):
        write_predictions("tophat", frames, tmp_path / "mine", overwrite=True)
    with pytest.raises(OutputError, match="is a file"):
        write_predictions("tophat", frames, tmp_path / "mine" / "thesis.txt")
    (out / "predictions.json").write_text("{")
    with pytest.raises(OutputError, match="cannot be read"):
        write_predictions("tophat", frames, out, overwrite=True)


def test_products_are_checked(images: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="Did you mean 'masks'"):
        write_predictions("tophat", open_frames(images), tmp_path / "o", products=("mask",))
    with pytest.raises(ParameterError, match="Expected something to write"):
        write_predictions("tophat", open_frames(images), tmp_path / "o", products=())


def test_damaged_frames_are_skipped_on_wish(images: Path, tmp_path: Path) -> None:
    good = (images / "a10.png").read_bytes()
    (images / "a10.png").write_bytes(good[:50])
    with pytest.raises(ImageError, match="a10"):
        write_predictions("tophat", open_frames(images), tmp_path / "out")
    report = write_predictions("tophat", open_frames(images), tmp_path / "out", on_error="skip")
    assert (list(report.skipped), report.frames) == (["a10"], 2)
    (images / "a10.png").write_bytes(good)
    assert write_predictions("tophat", open_frames(images), tmp_path / "out").skipped == {}
