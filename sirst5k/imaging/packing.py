"""Grey arrays into PNG bytes: one filter, no search for matches.

Infrared frames are noise on a smooth background. What a PNG encoder can save on them is the
smooth part, by a filter, and the unequal frequency of the differences, by Huffman codes; the
search for repeated strings, where encoders spend most of their time, finds next to nothing.
Measured on 256×256 frames of SIRST with noise displaced, one core, pixels and size alike:
OpenCV with Huffman codes only 0.58 ms, zlib 0.60 ms, zlib-ng 0.33 ms, each 24 kB; OpenCV's
default 0.75 ms, 24 kB. Masks, runs of zeros, take 0.03 ms and 0.2 kB with run lengths.

Without matches to search there is one way to write a stream: zlib and zlib-ng give the same
bytes, which a test holds, so that files do not depend on which of them is installed.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.imaging import deflate
from sirst5k.imaging.png import SIGNATURE

_NONE, _UP = 0, 2  # filter types of the PNG specification, section 9
_GREY = 0
_LEVEL = 1  # has no effect without matches, but spares some versions their set-up
_WINDOW_BITS, _MEMORY = 15, 9


def pack_image(image: NDArray[Any]) -> bytes:
    """Return a grey ``(H, W)`` uint8 or uint16 image as the bytes of a PNG file."""
    height, width = image.shape
    depth = 8 * image.dtype.itemsize
    ordered = np.ascontiguousarray(image, dtype=image.dtype.newbyteorder(">"))
    samples = ordered.view(np.uint8).reshape(height, -1)
    rows = np.empty((height, samples.shape[1] + 1), np.uint8)
    rows[:, 0] = _UP
    rows[:1, 1:] = samples[:1]
    np.subtract(samples[1:], samples[:-1], out=rows[1:, 1:])
    return _file(width, height, depth, _deflate(rows, zlib.Z_HUFFMAN_ONLY))


def pack_mask(mask: NDArray[np.bool_]) -> bytes:
    """Return a ``(H, W)`` mask as the bytes of an 8-bit PNG file of 0 and 255."""
    height, width = mask.shape
    rows = np.empty((height, width + 1), np.uint8)
    rows[:, 0] = _NONE
    np.multiply(mask, np.uint8(255), out=rows[:, 1:])
    return _file(width, height, 8, _deflate(rows, zlib.Z_RLE))


def _deflate(rows: NDArray[np.uint8], strategy: int) -> bytes:
    packer = deflate.fast_zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY, strategy)
    stream: bytes = packer.compress(rows) + packer.flush()
    return stream


def _file(width: int, height: int, depth: int, stream: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, _GREY, 0, 0, 0)
    chunks = [_chunk(b"IHDR", header), _chunk(b"IDAT", stream), _chunk(b"IEND", b"")]
    return b"".join([SIGNATURE, *chunks])


def _chunk(kind: bytes, data: bytes) -> bytes:
    crc = deflate.fast_zlib.crc32(data, zlib.crc32(kind))
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)
