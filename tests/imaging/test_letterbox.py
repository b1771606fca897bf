"""Letterboxing: what the published loaders make of frames and boxes, and the way back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sirst5k.errors import ParameterError, ShapeError
from sirst5k.imaging import Letterbox, resize_bicubic

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def test_frames_and_boxes_are_what_the_published_loader_makes_of_them(shared: Path) -> None:
    file = shared / "parity-video" / "data-video.seed0.npz"
    if not file.is_file():
        pytest.skip(f"needs {file}")
    with np.load(file) as stored:
        fixture = dict(stored)
    keys = [name.removesuffix("/x") for name in fixture if name.endswith("/x")]
    assert len(keys) == 9
    for key in keys:
        clip, _, number = key.partition("/key")
        window = [max(int(number) - back, 0) for back in range(4, -1, -1)]
        frames = fixture[f"{clip}/frames"][window]
        box = Letterbox.of(frames.shape, int(fixture["letterbox_size"]))
        grey = box.apply(frames).astype(np.float64) / 255
        channels = [(grey - m) / d for m, d in zip(MEAN, DEVIATION, strict=True)]
        expected = fixture[f"{key}/x"]
        assert np.abs(np.stack(channels)[: len(expected)] - expected).max() < 1e-5

        line = fixture[f"{key}/line_boxes"]
        boxes, kept = box.published_boxes_in(line[:, :4].astype(np.float32))
        centred = [
            [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, float(kind)]
            for (x1, y1, x2, y2), kind in zip(boxes.tolist(), line[kept, 4], strict=True)
        ]
        assert sorted(centred) == fixture[f"{key}/boxes_cxcywh_cls"].tolist()


@pytest.mark.parametrize("shape", [(5, 31, 80), (64, 64), (2, 50, 49), (90, 120)])
def test_eight_bits_are_resized_to_the_level_as_pillow_does(shape: tuple[int, ...]) -> None:
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(3)
    frames = rng.choice([0, 40, 200, 255], shape).astype(np.uint8)
    for side in (17, 64, 150):
        box = Letterbox.of(shape, side)
        rows, columns = box.resized
        ours = resize_bicubic(frames, rows, columns).reshape(-1, rows, columns)
        for frame, found in zip(frames.reshape(-1, *shape[-2:]), ours, strict=True):
            theirs = image.fromarray(frame).resize((columns, rows), image.Resampling.BICUBIC)
            assert np.array_equal(found, np.asarray(theirs))


def test_other_depths_keep_what_eight_bits_round_away() -> None:
    rng = np.random.default_rng(5)
    smooth = np.add.outer(np.arange(24), np.arange(30)) * 4 + rng.integers(0, 5, (24, 30))
    coarse = resize_bicubic(smooth.astype(np.uint8), 36, 45)
    fine = resize_bicubic(smooth.astype(np.float32), 36, 45)
    assert fine.dtype == np.float32
    assert np.abs(fine - coarse).max() < 1.1
    counts = resize_bicubic((smooth * 256).astype(np.uint16), 36, 45)
    assert np.abs(counts / 256 - fine).max() < 0.01
    assert np.array_equal(resize_bicubic(smooth.astype(np.float32), 24, 30), smooth)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_padding_is_middle_grey_at_every_depth(dtype: type) -> None:
    scale = 1.0 if dtype is np.float32 else float(np.iinfo(dtype).max)
    fitted = Letterbox.of((10, 20), (40, 40)).apply(np.full((10, 20), scale, dtype))
    assert fitted.dtype == dtype
    assert np.allclose(fitted[:10] / scale, 128 / 255, atol=1e-6)
    assert (fitted[10:30] == scale).all()


@pytest.mark.parametrize("shape", [(480, 640), (742, 992), (256, 256), (33, 7)])
def test_boxes_come_back_to_where_they_were(shape: tuple[int, int]) -> None:
    box = Letterbox.of(shape, (512, 480))
    boxes = np.array([[1, 2, 6, 9.5], [0, 0, shape[1], shape[0]]], np.float32)
    assert np.abs(box.boxes_out(box.boxes_in(boxes)) - boxes).max() < 1e-3


def test_the_published_way_back_rounds_where_the_way_in_cuts() -> None:
    # 742 rows at 512/992 are 382.97: 382 on the way in, 383 on the way back.
    box = Letterbox.of((742, 992), 512)
    assert box.resized == (382, 512)
    back = box.published_boxes_out(np.array([[0, 64.5, 512, 447.5]], np.float32))
    assert np.abs(back - [[0, 0, 992, 742]]).max() < 1e-3
    assert (
        np.abs(box.boxes_out(np.array([[0, 65, 512, 447]], np.float32)) - [[0, 0, 992, 742]]).max()
        < 1e-3
    )


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ParameterError, match="less than a pixel"):
        Letterbox.of((1000, 1), 32)
    with pytest.raises(ParameterError, match="at least 1"):
        Letterbox((0, 5), (32, 32))
    with pytest.raises(ShapeError, match="Expected frames of"):
        Letterbox.of((8, 9), 32).apply(np.zeros((9, 8), np.uint8))
    with pytest.raises(ShapeError, match="boxes"):
        Letterbox.of((8, 9), 32).boxes_in(np.zeros((3, 5), np.float32))
    with pytest.raises(ShapeError, match="frames"):
        resize_bicubic(np.zeros(4, np.uint8), 2, 2)
