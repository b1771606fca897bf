"""Damaged files give one sentence that names them, and nothing on the terminal."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from sirst5k.errors import ImageError
from sirst5k.imaging import probe, read_image, read_mask
from sirst5k.imaging.decoding import decode

GREY = np.random.default_rng(1).integers(0, 256, (40, 48), dtype=np.uint8)


def encoded(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(GREY).save(buffer, kind, **options)
    return buffer.getvalue()


FILES = {
    "png": encoded("PNG"),
    "jpg": encoded("JPEG"),
    "bmp": encoded("BMP"),
    "tif": encoded("TIFF"),
    "lzw.tif": encoded("TIFF", compression="tiff_lzw"),
}


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


HEAD = chunk(b"IHDR", struct.pack(">IIBBBBB", 48, 40, 8, 0, 0, 0, 0))
ROWS = zlib.compress(b"".join(b"\0" + row.tobytes() for row in GREY))
END = chunk(b"IEND", b"")


@pytest.mark.parametrize("share", [0.03, 0.3, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("kind", FILES)
def test_cut_files(
    tmp_path: Path, kind: str, share: float, capfd: pytest.CaptureFixture[str]
) -> None:
    data = FILES[kind]
    path = tmp_path / f"cut.{kind}"
    path.write_bytes(data[: min(int(len(data) * share), len(data) - 2)])
    for read in (read_image, read_mask):
        with pytest.raises(ImageError, match=r"damaged|not one of these") as caught:
            read(path)
        assert str(path) in str(caught.value)
    assert capfd.readouterr().err == ""


def test_png_without_its_last_chunk(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(FILES["png"][:-12])
    with pytest.raises(ImageError, match="ends before the end of the PNG data"):
        read_image(path)


def test_png_with_a_flipped_bit(tmp_path: Path) -> None:
    data = bytearray(FILES["png"])
    data[600] ^= 0x10
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(ImageError, match="checksum of its 'IDAT' chunk is wrong"):
        read_image(path)


def test_png_with_too_few_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    rows = b"".join(b"\0" + row.tobytes() for row in GREY[:20])
    path.write_bytes(png(HEAD, chunk(b"IDAT", zlib.compress(rows)), END))
    with pytest.raises(ImageError, match="cannot be decoded"):
        read_image(path)


def test_harmless_extras_are_passed_over(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.png"
    odd_profile = chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(b"no profile"))
    comment = chunk(b"tEXt", b"Comment\0hello")
    path.write_bytes(png(HEAD, odd_profile, comment, chunk(b"IDAT", ROWS), END) + b"rubbish")
    np.testing.assert_array_equal(read_image(path), GREY)
    assert capfd.readouterr().err == ""


def test_size_bombs_are_refused_from_the_header(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 400_000, 300_000, 8, 0, 0, 0, 0))
    path.write_bytes(png(head, chunk(b"IDAT", ROWS), END))
    with pytest.raises(ImageError, match=r"declares\s400000×300000"):
        read_image(path)
    small = tmp_path / "small.png"
    small.write_bytes(FILES["png"])
    with pytest.raises(ImageError, match="at most 1,000 pixels"):
        read_image(small, max_pixels=1000)


def test_tiff_stack_is_refused(tmp_path: Path) -> None:
    frames = [Pillow.fromarray(GREY) for _ in range(3)]
    path = tmp_path / "stack.tif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    with pytest.raises(ImageError, match="TIFF stack of several"):
        read_image(path)


@pytest.mark.parametrize(
    ("data", "sentence"), [(b"", "is empty"), (b"hello, world", "is not one of these")]
)
def test_not_an_image(tmp_path: Path, data: bytes, sentence: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(data)
    for read in (read_image, read_mask, probe):
        with pytest.raises(ImageError, match=sentence):
            read(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.png", tmp_path):
        for read in (read_image, probe):
            with pytest.raises(ImageError, match="cannot be read"):
                read(path)


@given(st.sampled_from(sorted(FILES)), st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
def test_any_damage_gives_an_image_or_a_sentence(kind: str, place: int, noise: bytes) -> None:
    data = bytearray(FILES[kind])
    place %= len(data)
    data[place : place + len(noise)] = noise
    with contextlib.suppress(ImageError):  # and no other error
        pixels, header = decode(bytes(data), "file", max_pixels=10_000_000)
        assert pixels.shape[:2] == header.shape
