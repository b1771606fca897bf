"""Every colour model and depth comes out grey and whole; Pillow is the independent reference."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow

from sirst5k.errors import ImageError
from sirst5k.imaging import probe, read_image
from sirst5k.imaging.grey import to_grey

RNG = np.random.default_rng(5)
GREY = RNG.integers(0, 256, (40, 48), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (40, 48, 4), dtype=np.uint8)
BITS = Pillow.fromarray(GREY).convert("1")


def saved(folder: Path, picture: Pillow.Image, ending: str, **options: object) -> Path:
    path = folder / f"picture{ending}"
    picture.save(path, **options)
    return path


PICTURES = {
    "L": Pillow.fromarray(GREY),
    "RGB": Pillow.fromarray(COLOUR[..., :3]),
    "RGBA": Pillow.fromarray(COLOUR),
    "LA": Pillow.fromarray(np.ascontiguousarray(COLOUR[..., :2])),
    "P": Pillow.fromarray(COLOUR[..., :3]).quantize(64),
    "P4": Pillow.fromarray(COLOUR[..., :3]).quantize(16),
    "1": BITS,
}


@pytest.mark.parametrize("ending", [".png", ".bmp", ".tif"])
@pytest.mark.parametrize("mode", PICTURES)
def test_equals_pillows_luma(tmp_path: Path, mode: str, ending: str) -> None:
    if (mode, ending) == ("LA", ".bmp"):
        pytest.skip("BMP has no grey with alpha")
    picture = PICTURES[mode]
    path = saved(tmp_path, picture, ending)
    # For BMP, Pillow writes the alpha as a fourth byte; the colours are what count.
    expected = np.asarray(
        picture.convert("RGB").convert("L") if "A" in mode else picture.convert("L")
    )
    image = read_image(path)
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, expected)
    header = probe(path)
    assert header.shape == (40, 48)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_compressed_tiff(tmp_path: Path, compression: str) -> None:
    path = saved(tmp_path, PICTURES["L"], ".tiff", compression=compression)
    np.testing.assert_array_equal(read_image(path), GREY)


def test_alpha_is_dropped_not_applied(tmp_path: Path) -> None:
    for ending in (".png", ".tif"):
        opaque = read_image(saved(tmp_path, PICTURES["RGB"], ending))
        np.testing.assert_array_equal(
            read_image(saved(tmp_path, PICTURES["RGBA"], ending)), opaque, err_msg=ending
        )


def test_transparent_palette(tmp_path: Path) -> None:
    path = saved(tmp_path, PICTURES["P"], ".png", transparency=3)
    np.testing.assert_array_equal(read_image(path), np.asarray(PICTURES["P"].convert("L")))


def test_jpeg_grey_is_what_the_decoder_gives(tmp_path: Path) -> None:
    path = saved(tmp_path, PICTURES["L"], ".jpg", quality=95)
    difference = read_image(path).astype(int) - np.asarray(Pillow.open(path)).astype(int)
    assert np.abs(difference).max() <= 1  # two JPEG decoders may round differently
    assert probe(path).mode == "grey uint8"


def test_sixteen_bit_stays_sixteen_bit(tmp_path: Path) -> None:
    deep = RNG.integers(0, 65536, (40, 48), dtype=np.uint16)
    for ending in (".png", ".tif"):
        image = read_image(saved(tmp_path, Pillow.fromarray(deep), ending))
        assert image.dtype == np.uint16
        np.testing.assert_array_equal(image, deep)


def test_sixteen_bit_equal_channels_are_taken(tmp_path: Path) -> None:
    deep = RNG.integers(0, 65536, (20, 24), dtype=np.uint16)
    path = tmp_path / "a.png"
    path.write_bytes(cv2.imencode(".png", np.dstack([deep] * 3))[1].tobytes())
    np.testing.assert_array_equal(read_image(path), deep)
    assert probe(path).mode == "rgb uint16"


@given(
    hnp.arrays(st.sampled_from([np.uint8, np.uint16]), (5, 7, 3)),
    st.booleans(),
)
def test_luma_is_pillows_integer_formula(bgr: np.ndarray, alpha: bool) -> None:
    blue, green, red = (bgr[..., k].astype(np.uint64) for k in range(3))
    expected = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16
    decoded = np.dstack([bgr, bgr[..., :1]]) if alpha else bgr
    np.testing.assert_array_equal(to_grey(decoded), expected)
    assert to_grey(decoded).dtype == bgr.dtype


def test_float_tiff_is_kept(tmp_path: Path) -> None:
    values = RNG.normal(0, 1e3, (40, 48)).astype(np.float32)
    image = read_image(saved(tmp_path, Pillow.fromarray(values), ".tiff"))
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image, values)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 65535]], np.int32), np.uint16),
        (np.array([[0, 32767]], np.int16), np.uint16),
        (np.array([[0.5, 1e10]], np.float64), np.float32),
    ],
)
def test_other_depths_are_converted_where_exact(
    tmp_path: Path, values: np.ndarray, expected: type
) -> None:
    path = tmp_path / "a.tiff"
    path.write_bytes(cv2.imencode(".tiff", values)[1].tobytes())
    image = read_image(path)
    assert image.dtype == expected
    np.testing.assert_array_equal(image, values)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (np.array([[0, 65536]], np.int32), "holds int32 from 0 to 65536"),
        (np.array([[-1, 5]], np.int16), "holds int16 from -1 to 5"),
        (np.array([[0.1, 0.2]], np.float64), "float32 cannot represent"),
        (np.array([[0.1, np.nan]], np.float32), "NaN or infinity"),
    ],
)
def test_other_depths_are_refused_where_not(
    tmp_path: Path, values: np.ndarray, sentence: str
) -> None:
    path = tmp_path / "a.tiff"
    path.write_bytes(cv2.imencode(".tiff", values)[1].tobytes())
    with pytest.raises(ImageError, match=sentence) as caught:
        read_image(path)
    assert str(path) in str(caught.value)


def test_names_in_any_script(tmp_path: Path) -> None:
    path = tmp_path / "红外 图像 (1) ñ.png"
    PICTURES["L"].save(path)
    np.testing.assert_array_equal(read_image(path), GREY)


def test_content_counts_not_the_ending(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    PICTURES["L"].save(buffer, "BMP")
    path = tmp_path / "really_a_bmp.png"
    path.write_bytes(buffer.getvalue())
    np.testing.assert_array_equal(read_image(path), GREY)
    assert probe(path).format == "bmp"


def test_all_real_files_equal_pillow(shared: Path) -> None:
    files = sorted((shared / "data").glob("*/*/*.png"))
    assert len(files) > 800
    for path in files:
        with Pillow.open(path) as picture:
            np.testing.assert_array_equal(read_image(path), np.asarray(picture.convert("L")))
