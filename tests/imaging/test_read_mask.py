"""However a mask is encoded, the same pixels are target."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from tiny import write

from sirst5k.imaging import read_mask

MASK = np.zeros((20, 30), dtype=bool)
MASK[4:7, 9:12] = True
MASK[15, 2] = True
BYTES = MASK.astype(np.uint8)


def palette(colour: tuple[int, int, int]) -> Pillow.Image:
    picture = Pillow.fromarray(BYTES).convert("P")
    picture.putpalette([0, 0, 0, *colour] + [0] * 762)
    picture.putdata(BYTES.ravel().tolist())
    return picture


BINARY = {
    "0 and 1": Pillow.fromarray(BYTES),
    "0 and 255": Pillow.fromarray(BYTES * 255),
    "16 bit, full scale": Pillow.fromarray(BYTES.astype(np.uint16) * 65535),
    "16 bit, 0 and 255": Pillow.fromarray(BYTES.astype(np.uint16) * 255),
    "16 bit, 0 and 1": Pillow.fromarray(BYTES.astype(np.uint16)),
    "mode 1": Pillow.fromarray(MASK),
    "rgb": Pillow.fromarray(np.dstack([BYTES * 255] * 3)),
    "rgb, red only": Pillow.fromarray(np.dstack([BYTES * 255, BYTES * 0, BYTES * 7])),
    "rgba": Pillow.fromarray(np.dstack([BYTES * 255] * 3 + [BYTES * 0 + 255])),
    "palette, white": palette((255, 255, 255)),
    "palette, blue": palette((0, 0, 255)),
}


@pytest.mark.parametrize("encoding", BINARY)
def test_binary_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "mask.png"
    BINARY[encoding].save(path)
    reading = read_mask(path)
    assert reading.mask.dtype == np.bool_
    assert reading.was_binary
    np.testing.assert_array_equal(reading.mask, MASK)
    reading.mask[0, 0] = True  # nobody else's memory


@pytest.mark.parametrize("value", [0, 1, 255])
def test_one_level(tmp_path: Path, value: int) -> None:
    reading = read_mask(write(tmp_path / "m.png", np.full((6, 5), value, np.uint8)))
    assert reading.was_binary
    assert reading.mask.all() == (value > 0)
    assert reading.mask.any() == (value > 0)


@pytest.mark.parametrize(
    ("dtype", "half"), [(np.uint8, 127.5), (np.uint16, 32767.5), (np.float32, 0.5)]
)
def test_grey_masks_are_thresholded_at_half(tmp_path: Path, dtype: type, half: float) -> None:
    below, above = (np.floor(half), np.ceil(half)) if half > 1 else (0.5, 0.51)
    levels = np.array([[0, below, above, half * 2]], dtype=dtype)
    ending = ".tiff" if dtype is np.float32 else ".png"
    reading = read_mask(write(tmp_path / f"m{ending}", levels))
    assert not reading.was_binary
    assert (reading.threshold, reading.levels) == (half, 4)
    assert reading.mask.tolist() == [[False, False, True, True]]


def test_two_other_levels_are_not_binary(tmp_path: Path) -> None:
    reading = read_mask(write(tmp_path / "m.png", BYTES * 38))
    assert not reading.was_binary
    assert not reading.mask.any()
    assert reading.maximum == 38


def test_threshold_is_obeyed_strictly(tmp_path: Path) -> None:
    path = write(tmp_path / "m.png", np.array([[0, 10, 11, 255]], np.uint8))
    assert read_mask(path, threshold=10).mask.tolist() == [[False, False, True, True]]
    assert read_mask(path, threshold=-1).mask.all()
    assert read_mask(path, threshold=10).threshold == 10


def test_grey_mask_of_jpeg_noise(tmp_path: Path) -> None:
    path = tmp_path / "m.jpg"
    Pillow.fromarray(BYTES * 255).save(path, quality=95)
    np.testing.assert_array_equal(read_mask(path).mask, MASK)
