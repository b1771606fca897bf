"""Our own PNG codec against the libraries': the same pixels, the same bytes."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow

from sirst5k.imaging import deflate, encode_png, packing
from sirst5k.imaging.png import check_png
from sirst5k.imaging.unpacking import unpack_png

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40)
FILTERS = [
    cv2.IMWRITE_PNG_FILTER_NONE,
    cv2.IMWRITE_PNG_FILTER_SUB,
    cv2.IMWRITE_PNG_FILTER_UP,
] if hasattr(cv2, "IMWRITE_PNG_FILTER") else []  # fmt: skip


@given(hnp.arrays(st.sampled_from([np.uint8, np.uint16, np.bool_]), SHAPES))
def test_zlib_and_zlib_ng_write_the_same_bytes(array: np.ndarray) -> None:
    pytest.importorskip("zlib_ng")
    fast = encode_png(array)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deflate, "fast_zlib", zlib)
        assert encode_png(array) == fast


@pytest.mark.parametrize("seed", range(6))
def test_the_same_bytes_for_frames_of_full_size(seed: int) -> None:
    """Small arrays fit one block of a stream; where blocks end must agree as well."""
    pytest.importorskip("zlib_ng")
    rng = np.random.default_rng(seed)
    smooth = cv2.GaussianBlur(rng.normal(size=(300, 400)), (0, 0), 9)
    frame = 120 + 400 * smooth + rng.normal(scale=1 + seed, size=smooth.shape)
    for array in (frame.astype(np.uint8), (200 * frame).astype(np.uint16), smooth > 0.1):
        fast = encode_png(array)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(deflate, "fast_zlib", zlib)
            assert encode_png(array) == fast


@given(hnp.arrays(st.sampled_from([np.uint8, np.uint16]), SHAPES))
def test_our_files_are_read_by_the_fast_way(array: np.ndarray) -> None:
    pixels = unpack_png(encode_png(array))
    np.testing.assert_array_equal(pixels, array)
    assert pixels.dtype == array.dtype


@pytest.mark.parametrize("kind", FILTERS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_other_programs_files_give_opencvs_pixels(kind: int, dtype: type, channels: int) -> None:
    rng = np.random.default_rng(channels)
    shape = (23, 31) if channels == 1 else (23, 31, channels)
    array = rng.integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)
    done, data = cv2.imencode(".png", array, [cv2.IMWRITE_PNG_FILTER, kind])
    assert done
    checked = check_png(bytes(data.data), "a.png")
    pixels = unpack_png(checked)
    assert pixels is not None
    np.testing.assert_array_equal(pixels, cv2.imdecode(data, cv2.IMREAD_UNCHANGED))


def test_rows_with_and_without_differences_to_the_left() -> None:
    rows = np.array([[0, 5, 6, 7], [1, 5, 1, 1], [1, 250, 10, 0]], np.uint8)
    stream = zlib.compress(rows.tobytes())
    data = packing._file(3, 3, 8, stream)
    pixels = unpack_png(data)
    np.testing.assert_array_equal(pixels, [[5, 6, 7], [5, 6, 7], [250, 4, 4]])
    np.testing.assert_array_equal(np.asarray(Pillow.open(io.BytesIO(data))), pixels)


@pytest.mark.parametrize("filters", [[0, 3], [4, 4], [0, 2], [9, 0]])
def test_mixed_filters_are_left_to_opencv(filters: list[int]) -> None:
    rows = np.zeros((2, 4), np.uint8)
    rows[:, 0] = filters
    assert unpack_png(packing._file(3, 2, 8, zlib.compress(rows.tobytes()))) is None


def test_wrong_streams_are_left_to_opencv() -> None:
    rows = np.zeros((8, 9), np.uint8).tobytes()
    for stream in (zlib.compress(rows[:-1]), zlib.compress(rows + b"x"), b"", b"no stream"):
        assert unpack_png(packing._file(8, 8, 8, stream)) is None
    bomb = zlib.compress(bytes(50_000_000))
    assert unpack_png(packing._file(8, 8, 8, bomb)) is None


def test_palettes_interlaced_and_few_bits_are_left_to_opencv() -> None:
    buffer = io.BytesIO()
    Pillow.fromarray(np.eye(8, dtype=bool)).save(buffer, "PNG")
    assert unpack_png(buffer.getvalue()) is None
    buffer = io.BytesIO()
    Pillow.fromarray(np.eye(8, dtype=np.uint8)).convert("P").save(buffer, "PNG")
    assert unpack_png(buffer.getvalue()) is None


def test_real_files_give_opencvs_pixels(shared: Path) -> None:
    fast = 0
    for folder in ("images", "masks"):
        for path in sorted((shared / "data/sirst-v1" / folder).iterdir())[:80]:
            data = path.read_bytes()
            pixels = unpack_png(check_png(data, path.name))
            if pixels is not None:
                fast += 1
                expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
                np.testing.assert_array_equal(pixels, expected)
    assert fast > 100
