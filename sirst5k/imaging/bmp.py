"""The structure of BMP files: the header, and the length that it promises."""

from __future__ import annotations

import struct

from sirst5k.imaging.header import Header, damaged

MAGIC = b"BM"


def read_bmp_header(data: bytes, name: str) -> Header:
    """Return the header of a BMP file.

    Raises
    ------
    ImageError
        If it is cut off.
    """
    _, width, height, bits, _ = _fields(data, name)
    # A palette may be coloured, which only decoding tells.
    if bits == 1:
        return Header(width, height, "bit", "palette", "bmp", 3)
    colour = "palette" if bits <= 8 else "rgb" if bits <= 24 else "rgba"
    return Header(width, height, "uint8", colour, "bmp", 4 if colour == "rgba" else 3)


def check_bmp(data: bytes, name: str) -> bytes:
    """Check that a BMP file is as long as its header says, and return it.

    Raises
    ------
    ImageError
        If it is cut off.
    """
    offset, width, height, bits, compression = _fields(data, name)
    row = (width * bits + 31) // 32 * 4
    if compression in (0, 3) and offset + row * height > len(data):
        raise damaged(name, "it ends before the end of the BMP data")
    return data


def _fields(data: bytes, name: str) -> tuple[int, int, int, int, int]:
    """Return offset of the pixels, width, height, bits a pixel, compression."""
    try:
        offset, size = struct.unpack_from("<II", data, 10)
        if size == 12:
            width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
            compression = 0
        else:
            width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    except struct.error as error:
        raise damaged(name, "its BMP header is cut off") from error
    height = abs(height)  # negative: rows are stored from the top
    if width <= 0 or height == 0 or bits == 0:
        raise damaged(name, f"its BMP header declares {width}×{height} pixels")
    return offset, width, height, bits, compression
