"""Image files for fuzzing: whole ones of every kind, damaged ones, and ones that lie."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import cv2
import numpy as np
from PIL import Image as Pillow

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RNG = np.random.default_rng(5)
GREY = _RNG.integers(0, 256, (21, 34), dtype=np.uint8)
WIDE = _RNG.integers(0, 65536, (21, 34), dtype=np.uint16)
COLOUR = _RNG.integers(0, 256, (21, 34, 4), dtype=np.uint8)
HUGE = (1, 65_535, 100_000, 2**24, 2**31 - 1, 2**31, 2**32 - 1)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a PNG chunk with its right checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int, height: int, rows: bytes, bits: int = 8, colour: int = 0, lace: int = 0
) -> bytes:
    """Return a PNG file with these filtered rows."""
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, lace)
    parts = [chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows, 1)), chunk(b"IEND", b"")]
    return SIGNATURE + b"".join(parts)


def plain_rows(image: np.ndarray) -> bytes:
    """Return the rows of an image as PNG holds them, unfiltered."""
    big = image.astype(image.dtype.newbyteorder(">"))
    return b"".join(b"\0" + row.tobytes() for row in big)


def interlaced() -> bytes:
    """Return GREY as an Adam7-interlaced PNG."""
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2)]
    rows = b"".join(plain_rows(GREY[y::dy, x::dx]) for y, x, dy, dx in [*passes, (1, 0, 2, 1)])
    return png(34, 21, rows, lace=1)


def animated() -> bytes:
    """Return an animated PNG of three frames whose first is GREY."""
    frames = [Pillow.fromarray(GREY), Pillow.fromarray(255 - GREY), Pillow.fromarray(GREY // 2)]
    return saved(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=40)


def bmp(width: int, height: int, pixels: bytes, bits: int = 8, compression: int = 0) -> bytes:
    """Return a BMP file with a grey palette."""
    palette = b"".join(bytes([k, k, k, 0]) for k in range(256)) if bits <= 8 else b""
    offset = 54 + len(palette)
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    return (
        b"BM" + struct.pack("<IHHI", offset + len(pixels), 0, 0, offset) + head + palette + pixels
    )


def tiff(
    tags: dict[int, tuple[int, int, int | bytes]], data: bytes, order: str = "<", following: int = 0
) -> bytes:
    """Return a TIFF file: tag -> (type, count, value or bytes); 273 is set to where `data` lies."""
    start = 8 + len(data)
    entries, extra = [], b""
    place = start + 2 + 12 * len(tags) + 4
    for tag, (kind, count, value) in sorted(tags.items()):
        if tag == 273 and value == 0:
            value = 8
        if isinstance(value, bytes):
            packed = struct.pack(order + "I", place + len(extra))
            extra += value
        elif kind == 3:
            packed = struct.pack(order + "HH", value & 0xFFFF, 0)
        else:
            packed = struct.pack(order + "I", value & 0xFFFFFFFF)
        entries.append(struct.pack(order + "HHI", tag, kind, count & 0xFFFFFFFF) + packed)
    directory = struct.pack(order + "H", len(tags)) + b"".join(entries)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    return head + data + directory + struct.pack(order + "I", following) + extra


def tiff_tags(image: np.ndarray, kind: int = 1) -> dict[int, tuple[int, int, int | bytes]]:
    """Return the tags of an uncompressed grey TIFF in one strip."""
    height, width = image.shape
    return {
        256: (4, 1, width),
        257: (4, 1, height),
        258: (3, 1, 8 * image.dtype.itemsize),
        259: (3, 1, 1),
        262: (3, 1, 1),
        273: (4, 1, 0),
        277: (3, 1, 1),
        278: (4, 1, height),
        279: (4, 1, image.nbytes),
        339: (3, 1, kind),
    }


def saved(picture: Pillow.Image, kind: str, **options: object) -> bytes:
    """Return a picture as Pillow writes it."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def by_opencv(ending: str, array: np.ndarray, *options: int) -> bytes:
    """Return an array as OpenCV writes it."""
    return cv2.imencode(ending, array, options)[1].tobytes()


def whole_files() -> dict[str, bytes]:
    """Return files that are in order, small ones, of every kind."""
    grey, rgb = Pillow.fromarray(GREY), Pillow.fromarray(COLOUR[..., :3])
    found = {
        "l.png": saved(grey, "PNG"),
        "la.png": saved(grey.convert("LA"), "PNG"),
        "rgb.png": saved(rgb, "PNG"),
        "rgba.png": saved(Pillow.fromarray(COLOUR), "PNG"),
        "p.png": saved(rgb.quantize(32), "PNG"),
        "p-see-through.png": saved(rgb.quantize(32), "PNG", transparency=3),
        "bit.png": saved(grey.convert("1"), "PNG"),
        "wide.png": by_opencv(".png", WIDE),
        "wide-rgb.png": by_opencv(".png", np.dstack([WIDE, WIDE // 2, WIDE // 3])),
        "laced.png": interlaced(),
        "animated.png": animated(),
        "l.bmp": saved(grey, "BMP"),
        "bit.bmp": saved(grey.convert("1"), "BMP"),
        "rgb.bmp": saved(rgb, "BMP"),
        "rgba.bmp": saved(Pillow.fromarray(COLOUR), "BMP"),
        "runs.bmp": bmp(4, 2, b"\x04\x07\0\0\x04\x09\0\0\0\x01", compression=1),
        "l.jpg": saved(grey, "JPEG"),
        "rgb.jpg": saved(rgb, "JPEG"),
        "progressive.jpg": saved(rgb, "JPEG", progressive=True),
        "cmyk.jpg": saved(rgb.convert("CMYK"), "JPEG"),
        "float.tif": by_opencv(".tiff", WIDE.astype(np.float32) / 7),
        "wide.tif": by_opencv(".tiff", WIDE),
        "rgb.tif": saved(rgb, "TIFF"),
        "cmyk.tif": saved(rgb.convert("CMYK"), "TIFF"),
        "bit.tif": saved(grey.convert("1"), "TIFF"),
        "stack.tif": saved(grey, "TIFF", save_all=True, append_images=[grey, grey]),
        "int32.tif": saved(Pillow.fromarray(GREY.astype(np.int32)), "TIFF"),
        "deep32.tif": saved(Pillow.fromarray(GREY.astype(np.int32) << 20), "TIFF"),
        "big-endian.tif": tiff(tiff_tags(WIDE), WIDE.astype(">u2").tobytes(), ">"),
        "uint32.tif": tiff(tiff_tags(WIDE.astype("<u4")), WIDE.astype("<u4").tobytes()),
        "int16.tif": tiff(tiff_tags(WIDE // 2, 2), (WIDE // 2).tobytes()),
        "double.tif": tiff(tiff_tags(GREY.astype("<f8"), 3), GREY.astype("<f8").tobytes()),
        "not-finite.tif": by_opencv(".tiff", np.full((5, 6), np.nan, np.float32)),
    }
    for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        found[f"{name}.tif"] = saved(grey, "TIFF", compression=name)
    return found


def liars() -> dict[str, bytes]:
    """Return files that declare what they do not hold, or more than anybody can."""
    found = {"empty.png": b"", "zeros.png": bytes(4096), "text.png": b"hello, world\n" * 30}
    found["gif.png"] = saved(Pillow.fromarray(GREY), "GIF")
    found["webp.png"] = by_opencv(".webp", COLOUR)
    found["jpeg-called.png"] = saved(Pillow.fromarray(GREY), "JPEG")
    found["one-pixel.png"] = png(1, 1, b"\0\x07")
    found["one-row.png"] = png(100_000, 1, b"\0" + bytes(100_000))
    found["one-column.png"] = png(1, 100_000, b"\0\0" * 100_000)
    found["pile-of-ends.png"] = saved(Pillow.fromarray(GREY), "PNG") + chunk(b"IEND", b"") * 50
    for width in HUGE:
        for height in HUGE:
            found[f"{width}x{height}.png"] = png(width, height, plain_rows(GREY))
            if width < 2**31 and height < 2**31:
                found[f"{width}x{height}.bmp"] = bmp(width, height, bytes(2000))
            tags = {**tiff_tags(GREY), 256: (4, 1, width), 257: (4, 1, height)}
            found[f"{width}x{height}.tif"] = tiff(tags, GREY.tobytes())
    for compression in (1, 2, 3, 4, 5, 9):
        found[f"bmp-compression-{compression}.bmp"] = bmp(
            9000, 9000, b"\xff\x07" * 4000, compression=compression
        )
    found |= _deep_tiffs()
    found |= {f"sof-{k}.jpg": data for k, data in enumerate(_resized_jpegs())}
    return found


def _deep_tiffs() -> dict[str, bytes]:
    """Return TIFF files with tags of every type, count and size that they must not have."""
    found = {}
    odd = (0, 1, 2, 7, 64, 65_535, 2**31 - 1, 2**32 - 1)
    for tag in (
        256,
        257,
        258,
        259,
        262,
        273,
        277,
        278,
        279,
        284,
        317,
        322,
        323,
        324,
        325,
        338,
        339,
    ):
        for value in odd:
            for kind in (1, 3, 4, 12, 16, 99):
                tags = {**tiff_tags(GREY), tag: (kind, 1, value)}
                found[f"tag-{tag}-{kind}-{value}.tif"] = tiff(tags, GREY.tobytes())
        for count in (0, 2, 65_536, 2**32 - 1):
            tags = {**tiff_tags(GREY), tag: (4, count, 8)}
            found[f"tag-{tag}-count-{count}.tif"] = tiff(tags, GREY.tobytes())
    tiled = {**tiff_tags(GREY), 322: (4, 1, 2**15), 323: (4, 1, 2**15)}
    tiled |= {324: (4, 1, 8), 325: (4, 1, 100)}
    found["vast-tiles.tif"] = tiff(
        {k: v for k, v in tiled.items() if k not in (273, 278, 279)}, GREY.tobytes()
    )
    found["vast-strips.tif"] = tiff({**tiff_tags(GREY), 278: (4, 1, 2**29)}, GREY.tobytes())
    found["loop.tif"] = tiff(tiff_tags(GREY), GREY.tobytes(), following=8 + GREY.size)
    return found


def _resized_jpegs() -> Iterator[bytes]:
    for options in ({}, {"progressive": True}):
        data = saved(Pillow.fromarray(COLOUR[..., :3]), "JPEG", **options)
        place = data.find(b"\xff\xc2" if options else b"\xff\xc0") + 5
        for height, width in ((65_535, 65_535), (9_000, 9_000), (1, 60_000), (0, 34), (21, 0)):
            yield data[:place] + struct.pack(">HH", height, width) + data[place + 4 :]
    scan = data.find(b"\xff\xda")
    yield data[:scan] + data[scan:-2] * 400 + b"\xff\xd9"
    # Two frame headers: which of them counts?
    frame = data[place - 5 : place + 14]
    yield data[: place - 5] + frame[:5] + b"\xff\xff\xff\xff" + frame[9:] + data[place - 5 :]


def damaged_files(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield `count` files made of whole ones by a random damage each."""
    rng = np.random.default_rng(seed)
    files = list(whole_files().items())
    for number in range(count):
        name, data = files[int(rng.integers(len(files)))]
        damage = DAMAGES[int(rng.integers(len(DAMAGES)))]
        broken = damage(data, rng)
        if data.startswith(SIGNATURE) and rng.random() < 0.7:
            broken = _mended(broken)
        yield f"{number:05}-{damage.__name__}-{name}", broken


def _mended(data: bytes) -> bytes:
    """Give every chunk of a damaged PNG its right checksum, so that the damage gets further."""
    parts, position = [data[:8]], 8
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        if position + 12 + length > len(data):
            break
        parts.append(chunk(data[position + 4 : position + 8], data[position + 8 :][:length]))
        position += 12 + length
    return b"".join(parts) + data[position:]


def cut(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: int(rng.integers(len(data)))]


def flip(data: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        changed[int(rng.integers(len(changed)))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def flip_head(data: bytes, rng: np.random.Generator) -> bytes:
    head = min(64, len(data))
    return flip(data[:head], rng) + data[head:]


def flip_tail(data: bytes, rng: np.random.Generator) -> bytes:
    tail = max(0, len(data) - 200)
    return data[:tail] + flip(data[tail:], rng)


def blank(data: bytes, rng: np.random.Generator) -> bytes:
    first, second = sorted(rng.integers(0, len(data), 2).tolist())
    return data[:first] + bytes([int(rng.choice([0, 255]))]) * (second - first) + data[second:]


def lose(data: bytes, rng: np.random.Generator) -> bytes:
    place = int(rng.integers(len(data)))
    return data[:place] + data[place + int(rng.integers(1, 40)) :]


def repeat(data: bytes, rng: np.random.Generator) -> bytes:
    first, second = sorted(rng.integers(0, len(data), 2).tolist())
    return data[:second] + data[first:second] * int(rng.integers(1, 4)) + data[second:]


def noise(data: bytes, rng: np.random.Generator) -> bytes:
    place = int(rng.integers(len(data)))
    length = int(rng.integers(1, 60))
    return data[:place] + rng.bytes(length) + data[place + length :]


def great_number(data: bytes, rng: np.random.Generator) -> bytes:
    place = int(rng.integers(min(len(data), 400)))
    value = int(rng.choice(np.array(HUGE, np.uint64)))
    return data[:place] + struct.pack(str(rng.choice(["<I", ">I"])), value) + data[place + 4 :]


DAMAGES = (cut, flip, flip_head, flip_tail, blank, lose, repeat, noise, great_number)
