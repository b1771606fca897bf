"""How large an image may be, and which files are read at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from tiny import make_tiny, write

from sirst5k import open_dataset
from sirst5k.errors import ImageError, ParameterError
from sirst5k.imaging import pixel_limit, probe, read_image, read_mask
from sirst5k.imaging.grey import to_grey
from sirst5k.imaging.regular import read_regular

IMAGE = np.arange(40 * 50, dtype=np.uint8).reshape(40, 50)


def test_the_environment_sets_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.png", IMAGE)
    root = make_tiny(tmp_path / "data")
    monkeypatch.setenv("SIRST5K_MAX_PIXELS", "1000")
    assert pixel_limit() == 1000
    for read in (read_image, read_mask):
        with pytest.raises(ImageError, match=r"at most 1,000 pixels, but .*a\.png declares 50×40"):
            read(path)
    with pytest.raises(ImageError, match="SIRST5K_MAX_PIXELS=1920"):  # what it takes
        open_dataset(root)[0]
    assert read_image(path, max_pixels=2000).shape == (40, 50)  # what is said in Python counts
    monkeypatch.setenv("SIRST5K_MAX_PIXELS", "1920")
    assert open_dataset(root)[0].shape == (48, 40)


@pytest.mark.parametrize("text", ["many", "1e8", "0", "-5"])
def test_a_limit_that_is_none(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SIRST5K_MAX_PIXELS", text)
    with pytest.raises(ParameterError, match="SIRST5K_MAX_PIXELS"):
        pixel_limit()


def test_deep_colours_count_by_their_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", np.zeros((40, 50, 4), np.uint16))
    assert read_image(path, max_pixels=6000).shape == (40, 50)
    with pytest.raises(ImageError, match=r"pixels that take 8 bytes each.*max_pixels=5334"):
        read_image(path, max_pixels=5000)
    assert read_image(path, max_pixels=5334).dtype == np.uint16


def test_a_vast_tile_in_a_small_tiff_is_refused_unread(tmp_path: Path) -> None:
    from fuzz.images import liars

    path = tmp_path / "a.tif"
    path.write_bytes(liars()["vast-tiles.tif"])
    with pytest.raises(ImageError, match=r"34×21 pixels that take [\d]+ bytes each"):
        read_image(path)


def test_jpegs_that_contradict_themselves(tmp_path: Path) -> None:
    from fuzz.images import liars

    files = list(liars().items())
    many = next(data for name, data in files if data.count(b"\xff\xda") > 300)
    path = tmp_path / "a.jpg"
    path.write_bytes(many)
    with pytest.raises(ImageError, match=r"a\.jpg is damaged: it has more than 100 scans"):
        read_image(path)
    path.write_bytes(dict(files)["sof-11.jpg"])
    with pytest.raises(ImageError, match="two JPEG frame headers"):
        read_image(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "a.png"
    os.mkfifo(pipe)
    done = threading.Event()

    def read() -> None:
        for call in (read_image, read_mask, probe):
            with pytest.raises(ImageError, match="no regular file"):
                call(pipe)
        done.set()

    threading.Thread(target=read, daemon=True).start()
    assert done.wait(10)


def test_devices_folders_and_impossible_names(tmp_path: Path) -> None:
    for path in ("/dev/zero", tmp_path, tmp_path / "a\0b.png", tmp_path / ("x" * 300)):
        with pytest.raises(ImageError, match="cannot be read"):
            read_image(path)


def test_regular_files_are_read_up_to_their_limit(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 100)
    assert read_regular(path, 100) == b"x" * 100
    with pytest.raises(OSError, match="it has 100 bytes, and at most 99 are read"):
        read_regular(path, 99)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_luma_in_blocks_is_luma(monkeypatch: pytest.MonkeyPatch, dtype: type) -> None:
    rng = np.random.default_rng(0)
    colours = (rng.random((33, 20, 3)) * 250).astype(dtype)
    colours[:12] = colours[:12, :, :1]  # some blocks are grey
    whole = to_grey(colours)
    monkeypatch.setattr("sirst5k.imaging.grey._BLOCK", 100)
    np.testing.assert_array_equal(to_grey(colours), whole)


def test_levels_are_counted_in_blocks(monkeypatch, tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", IMAGE)
    whole = read_mask(path)
    assert whole.levels == 256
    monkeypatch.setattr("sirst5k.imaging.masks._BLOCK", 100)
    assert read_mask(path).levels == 256
    monkeypatch.setattr("sirst5k.imaging.masks._MOST_LEVELS", 10)
    assert read_mask(path).levels == 10
