"""The structure of PNG files: chunks, their checksums, and the end that a cut file lacks.

Decoders differ in what they forgive: some versions of OpenCV return a half-decoded picture
for a file that ends early. So the structure is checked here, at the cost of one CRC-32.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from sirst5k.imaging.header import Header, damaged

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_CHUNK = struct.Struct(">I4s")
_CRC = struct.Struct(">I")
_IHDR = struct.Struct(">IIBBBBB")
_COLOURS = {0: "grey", 2: "rgb", 3: "palette", 4: "grey+alpha", 6: "rgba"}
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # samples a pixel, by colour type; palettes left out
_ANCILLARY = 0x20  # bit 5 of a chunk's first letter: decoding works without it


def read_png_header(data: bytes, name: str) -> Header:
    """Return the header of a PNG file from its first 33 bytes.

    Raises
    ------
    ImageError
        If there is no valid IHDR chunk at the start.
    """
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise damaged(name, "its PNG header is cut off")
    (crc,) = _CRC.unpack_from(data, 29)
    if zlib.crc32(data[12:29]) != crc:
        raise damaged(name, "the checksum of its PNG header is wrong")
    width, height, bits, colour, *_ = _IHDR.unpack_from(data, 16)
    if colour not in _COLOURS or width == 0 or height == 0:
        raise damaged(name, f"its header declares {width}×{height} pixels of type {colour}")
    depth = {1: "bit", 16: "uint16"}.get(bits, "uint8")
    if colour == 3:
        depth = "uint8"
    # OpenCV makes colours of palettes, and four channels of grey with alpha.
    channels = {3: 3, 4: 4}.get(colour, _CHANNELS.get(colour, 1))
    return Header(width, height, depth, _COLOURS[colour], "png", channels * (1 + (bits == 16)))


def check_png(data: bytes, name: str) -> bytes:
    """Check a PNG file's chunks, and return the file reduced to those that hold pixels.

    Comments, colour profiles and transparency are left out: pixel values do not depend on
    them, and libpng prints complaints about odd profiles straight to the terminal.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        Its name, for messages.

    Returns
    -------
    bytes
        A PNG file with the same pixels; `data` itself where nothing had to be left out.

    Raises
    ------
    ImageError
        If a chunk is cut off, its checksum is wrong, or the end is missing.
    """
    view = memoryview(data)
    size = len(data)
    kept = [SIGNATURE]
    position = len(SIGNATURE)
    first_left_out = False
    while True:
        if position + 12 > size:
            raise damaged(name, "it ends before the end of the PNG data")
        length, kind = _CHUNK.unpack_from(data, position)
        end = position + 12 + length
        if end > size:
            raise damaged(name, f"it ends in the middle of its {kind.decode('latin-1')!r} chunk")
        if kind[0] & _ANCILLARY:
            first_left_out = True
        else:
            (crc,) = _CRC.unpack_from(data, end - 4)
            if zlib.crc32(view[position + 4 : end - 4]) != crc:
                raise damaged(
                    name, f"the checksum of its {kind.decode('latin-1')!r} chunk is wrong"
                )
            kept.append(view[position:end])  # type: ignore[arg-type]
        position = end
        if kind == b"IEND":
            break
    return b"".join(kept) if first_left_out else data


@dataclass(frozen=True, slots=True)
class PngRows:
    """The compressed rows of a PNG file, and what they consist of."""

    height: int
    width: int
    channels: int
    sample_bytes: int
    stream: bytes

    @property
    def pixel_bytes(self) -> int:
        """Bytes a pixel."""
        return self.channels * self.sample_bytes


def find_rows(data: bytes | bytearray, largest: int) -> PngRows | None:
    """Return the compressed rows of a checked PNG file with 8 or 16 bits a sample.

    Parameters
    ----------
    data : bytes or bytearray
        A file that `check_png` has passed.
    largest : int
        Most bytes that its pixels may have.

    Returns
    -------
    PngRows or None
        None for palettes, interlaced files, fewer bits and more bytes.
    """
    width, height, bits, colour, _, _, interlace = _IHDR.unpack_from(data, 16)
    if bits not in (8, 16) or colour not in _CHANNELS or interlace:
        return None
    if width * height * _CHANNELS[colour] * bits // 8 > largest:
        return None
    position, parts = len(SIGNATURE), []
    while position < len(data):
        length, kind = _CHUNK.unpack_from(data, position)
        if kind == b"IDAT":
            parts.append(data[position + 8 : position + 8 + length])
        elif kind == b"IEND":
            break
        position += 12 + length
    return PngRows(height, width, _CHANNELS[colour], bits // 8, b"".join(parts))
