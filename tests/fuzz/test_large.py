"""Images as large as may be, and files that swell: memory stays below a gigabyte."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fuzz.images import COLOUR, SIGNATURE, chunk, saved, tiff, tiff_tags
from fuzz.test_corpus import read_all
from PIL import Image as Pillow

from sirst5k.errors import ImageError
from sirst5k.imaging import read_image

SIDE = 10_000  # squared: the default limit
LESS = 8_600  # squared: just below what may be of four bytes a pixel


def png(
    path: Path, channels: int, colour: int, depth: int, row_filter: int = 0, side: int = SIDE
) -> None:
    """Write a square PNG whose rows are the same ramp."""
    packer = zlib.compressobj(1)
    ramp = (np.arange(side * channels * depth // 8) % 251).astype(np.uint8)
    row = bytes([row_filter]) + ramp.tobytes()
    rows = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b"")]
    path.write_bytes(SIGNATURE + b"".join(parts))


def sparse(path: Path, head: bytes, size: int) -> None:
    """Write a file of a size that takes no room on the disk."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)


def bmp(path: Path, bits: int, side: int = SIDE) -> None:
    size = side * side * bits // 8
    info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, bits, 0, 0, 0, 0, 0, 0)
    sparse(path, b"BM" + struct.pack("<IHHI", 54 + size, 0, 0, 54) + info, 54 + size)


def strips(path: Path, bits: int, samples: int, rows: int, side: int = SIDE) -> None:
    """Write a square uncompressed TIFF in strips of so many rows."""
    strip = side * rows * samples * bits // 8
    count = side // rows
    start = 1 << 20
    offsets = struct.pack(f"<{count}I", *(start + k * strip for k in range(count)))
    tags = {
        **tiff_tags(np.zeros((side, side), np.uint8)),
        258: (3, 1, bits),
        262: (3, 1, 2 if samples > 1 else 1),
        273: (4, count, offsets if count > 1 else start),
        277: (3, 1, samples),
        278: (4, 1, rows),
        279: (4, count, struct.pack(f"<{count}I", *[strip] * count) if count > 1 else strip),
        339: (3, 1, 3 if bits == 32 else 1),
    }
    if samples == 4:
        tags[338] = (3, 1, 2)
    sparse(path, tiff(tags, b""), start + count * strip)


def jpeg(path: Path, **options: object) -> None:
    """Write a small JPEG that declares 100 megapixels."""
    data = saved(Pillow.fromarray(COLOUR[..., :3]), "JPEG", **options)
    place = data.find(b"\xff\xc2" if options else b"\xff\xc0") + 5
    path.write_bytes(data[:place] + struct.pack(">HH", SIDE, SIDE) + data[place + 4 :])


LARGE: dict[str, Callable[[Path], None]] = {
    "grey.png": lambda path: png(path, 1, 0, 8),
    "rgb.png": lambda path: png(path, 3, 2, 8, 1),
    "rgba.png": lambda path: png(path, 4, 6, 8, 2, LESS),
    "too-large-rgba.png": lambda path: png(path, 4, 6, 8, 2),
    "wide.png": lambda path: png(path, 1, 0, 16, 1),
    "wide-rgba.png": lambda path: png(path, 4, 6, 16),
    "rgb.bmp": lambda path: bmp(path, 24),
    "rgba.bmp": lambda path: bmp(path, 32, LESS),
    "float.tif": lambda path: strips(path, 32, 1, 100, LESS),
    "too-large-float.tif": lambda path: strips(path, 32, 1, 100),
    "one-strip.tif": lambda path: strips(path, 8, 1, SIDE),
    "rgb.tif": lambda path: strips(path, 8, 3, 100),
    "rgba.tif": lambda path: strips(path, 8, 4, 100, 6000),
    "rgb.jpg": jpeg,
    "progressive.jpg": lambda path: jpeg(path, progressive=True),
    "endless.png": lambda path: sparse(path, SIGNATURE, 1 << 40),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_the_largest_images_stay_below_a_gigabyte(tmp_path: Path, name: str) -> None:
    made = tmp_path / name
    LARGE[name](made)
    (tmp_path / "run").mkdir()
    # Something small besides, so that something is read and something refused in any case.
    small = {"a.png": saved(Pillow.fromarray(COLOUR[..., 0]), "PNG"), "b.png": b""}
    place = tmp_path / "run" / "files"
    place.mkdir()
    made.rename(place / name)
    read_all("image", small.items(), tmp_path / "run")


def test_a_file_longer_than_any_image_is_not_read(tmp_path: Path) -> None:
    sparse(tmp_path / "endless.png", SIGNATURE, 1 << 40)
    with pytest.raises(ImageError, match=r"endless\.png cannot be read: it has 1,099,511,627,776"):
        read_image(tmp_path / "endless.png")
