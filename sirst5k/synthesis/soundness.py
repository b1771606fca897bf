"""Whether a PNG file vouches for each of its bytes."""

from __future__ import annotations

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNK = struct.Struct(">I4s")
_CRC = struct.Struct(">I")


def is_sound_png(data: bytes) -> bool:
    """Return whether every chunk of a PNG file fits its checksum, and nothing follows the last.

    Then a change of any one byte shows. Readers are more lenient: they pass over damage in
    chunks that the picture does not need, and over what follows the end.
    """
    if not data.startswith(_SIGNATURE):
        return False
    view = memoryview(data)
    position = len(_SIGNATURE)
    while position + 12 <= len(data):
        length, kind = _CHUNK.unpack_from(data, position)
        end = position + 12 + length
        if end > len(data):
            return False
        (stated,) = _CRC.unpack_from(data, end - 4)
        if zlib.crc32(view[position + 4 : end - 4]) != stated:
            return False
        position = end
        if kind == b"IEND":
            return bool(position == len(data))
    return False
