"""The structure of JPEG files: the frame header, and the end that a cut file lacks."""

from __future__ import annotations

from sirst5k.imaging.header import Header, damaged

MAGIC = b"\xff\xd8\xff"

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset(range(0xD0, 0xD9)) | {0x01}
_SCAN, _END = 0xDA, 0xD9
_COLOURS = {1: "grey", 3: "rgb", 4: "cmyk"}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_MOST_SCANS = 100  # encoders write about ten; each makes the decoder pass over all pixels again


def read_jpeg_header(data: bytes, name: str) -> Header:
    """Return the header of a JPEG file.

    Raises
    ------
    ImageError
        If the frame header is missing.
    """
    return _walk(data, name)[0]


def check_jpeg(data: bytes, name: str) -> bytes:
    """Check that a JPEG file has its end marker, and return it.

    Raises
    ------
    ImageError
        If the file is cut off, or has more scans than an encoder writes.
    """
    _, scan = _walk(data, name)
    if data.count(b"\xff\xda", scan) > _MOST_SCANS:
        raise damaged(name, f"it has more than {_MOST_SCANS} scans")
    # A thumbnail in the metadata has an end marker too; only one after the scan counts.
    if data.rfind(b"\xff\xd9") < scan:
        raise damaged(name, "it ends before the end of the JPEG data")
    return data


def _walk(data: bytes, name: str) -> tuple[Header, int]:
    """Return the frame header and the position where the first scan begins."""
    header = None
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            break
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker in _STANDALONE:
            position += 2
            continue
        if marker == _END:
            break
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if marker in _FRAMES and position + 10 <= len(data):
            height = int.from_bytes(data[position + 5 : position + 7], "big")
            width = int.from_bytes(data[position + 7 : position + 9], "big")
            channels = data[position + 9]
            colour = _COLOURS.get(channels, "rgb")
            if header is not None:
                raise damaged(name, "it has two JPEG frame headers")
            if width and height:
                # Progressive files keep two bytes of coefficients for every sample.
                each = 3 if marker in _PROGRESSIVE else 1
                header = Header(width, height, "uint8", colour, "jpeg", each * max(channels, 1))
        if marker == _SCAN and header is not None:
            return header, position
        position += 2 + length
    raise damaged(name, "its JPEG header is cut off")
