"""The structure of TIFF files, as far as reading one picture safely needs it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sirst5k.errors import ImageError
from sirst5k.imaging.header import Header, damaged

MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC = 256, 257, 258, 262
_STRIP_OFFSETS, _SAMPLES, _STRIP_ROWS, _STRIP_SIZES = 273, 277, 278, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_SIZES = 322, 323, 324, 325
_SUBFILE, _EXTRA_SAMPLES, _SAMPLE_FORMAT = 254, 338, 339
_TYPES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}
_KINDS = {1: "uint", 2: "int", 3: "float"}
_UNASSOCIATED, _UNSPECIFIED = 2, 0
_ALL_ROWS = 2**32 - 1  # the whole image is one strip


@dataclass(frozen=True, slots=True)
class _Field:
    values: tuple[int, ...]
    offset: int
    kind: str


class _Directory:
    """The first directory of a TIFF file: its tags, by number."""

    def __init__(self, data: bytes, name: str) -> None:
        self.order = "<" if data[:1] == b"I" else ">"
        self.big = data[2:4] in (b"+\0", b"\0+")
        self.name = name
        self.data = data
        try:
            start = self._unpack("Q", 8) if self.big else self._unpack("I", 4)
            self.fields, self.next = self._read(start)
        except (struct.error, OverflowError) as error:
            raise damaged(name, "its TIFF directory is cut off") from error

    def _unpack(self, kind: str, offset: int) -> int:
        (value,) = struct.unpack_from(self.order + kind, self.data, offset)
        return int(value)

    def _read(self, start: int) -> tuple[dict[int, _Field], int]:
        count = self._unpack("Q" if self.big else "H", start)
        entry = start + (8 if self.big else 2)
        step, inline = (20, 8) if self.big else (12, 4)
        fields: dict[int, _Field] = {}
        for _ in range(min(count, 4096)):
            tag = self._unpack("H", entry)
            kind = _TYPES.get(self._unpack("H", entry + 2))
            number = self._unpack("Q" if self.big else "I", entry + 4)
            if kind is not None and number * struct.calcsize(kind) <= len(self.data):
                place = entry + step - inline
                if number * struct.calcsize(kind) > inline:
                    place = self._unpack("Q" if self.big else "I", place)
                values = struct.unpack_from(f"{self.order}{number}{kind}", self.data, place)
                fields.setdefault(tag, _Field(values, place, kind))  # as libtiff: the first
            entry += step
        return fields, self._unpack("Q" if self.big else "I", entry)

    def first(self, tag: int, default: int) -> int:
        field = self.fields.get(tag)
        return field.values[0] if field is not None and field.values else default

    def all(self, tag: int) -> tuple[int, ...]:
        field = self.fields.get(tag)
        return field.values if field is not None else ()


def read_tiff_header(data: bytes, name: str) -> Header:
    """Return the header of a TIFF file.

    Raises
    ------
    ImageError
        If its directory is cut off or declares no size.
    """
    return _header(_Directory(data, name))


def check_tiff(data: bytes, name: str) -> bytes | bytearray:
    """Check that a TIFF file is whole and holds one picture; return it ready to be decoded.

    An alpha channel is declared as associated in what is returned, because OpenCV would
    otherwise multiply the colours by it, and alpha is to be dropped, not applied.

    Raises
    ------
    ImageError
        If pixel data lies beyond the end of the file, or there are several pictures in it.
    """
    directory = _Directory(data, name)
    offsets = directory.all(_STRIP_OFFSETS) or directory.all(_TILE_OFFSETS)
    sizes = directory.all(_STRIP_SIZES) or directory.all(_TILE_SIZES)
    if not offsets:
        raise damaged(name, "its TIFF directory names no pixel data")
    ends = [offset + size for offset, size in zip(offsets, sizes, strict=False)] or list(offsets)
    if max(ends) > len(data):
        raise damaged(name, "it ends before the end of the TIFF data")
    _refuse_stack(directory)
    return _without_premultiplication(directory)


def _refuse_stack(directory: _Directory) -> None:
    if directory.next == 0:
        return
    try:
        fields, _ = directory._read(directory.next)
    except (struct.error, OverflowError):
        return  # rubbish after the first picture does not touch it
    subfile = fields.get(_SUBFILE)
    if subfile is not None and subfile.values and subfile.values[0] & 1:
        return  # a reduced-resolution copy of the same picture
    raise ImageError(
        f"Expected one image in a file, but {directory.name} is a TIFF stack of several. "
        "Save each frame as a file of its own."
    )


def _without_premultiplication(directory: _Directory) -> bytes | bytearray:
    extra = directory.fields.get(_EXTRA_SAMPLES)
    if extra is None or not extra.values or extra.values[0] not in (_UNASSOCIATED, _UNSPECIFIED):
        return directory.data
    patched = bytearray(directory.data)
    struct.pack_into(directory.order + extra.kind, patched, extra.offset, 1)
    return patched


def _header(directory: _Directory) -> Header:
    width, height = directory.first(_WIDTH, 0), directory.first(_HEIGHT, 0)
    if width <= 0 or height <= 0:
        raise damaged(directory.name, f"its TIFF directory declares {width}×{height} pixels")
    bits = directory.first(_BITS, 1)
    kind = _KINDS.get(directory.first(_SAMPLE_FORMAT, 1), "uint")
    photometric = directory.first(_PHOTOMETRIC, 1)
    samples = directory.first(_SAMPLES, 1)
    if photometric == 3:
        colour = "palette"
    elif photometric == 5:
        colour = "cmyk"
    elif photometric in (0, 1):
        colour = "grey" if samples == 1 else "grey+alpha"
    else:
        colour = "rgb" if samples == 3 else "rgba"
    dtype = "bit" if bits == 1 else f"{kind}{max(8, bits)}"
    return Header(width, height, dtype, colour, "tiff", _pixel_bytes(directory, width, height))


def _pixel_bytes(directory: _Directory, width: int, height: int) -> int:
    """Return the bytes that decoding takes for a pixel, with the strip or tile under way."""
    bits, samples = directory.first(_BITS, 1), directory.first(_SAMPLES, 1)
    coloured = directory.first(_PHOTOMETRIC, 1) not in (0, 1)
    stored = max(1, bits // 8) * max(samples, 3 if coloured else 1)
    if _TILE_WIDTH in directory.fields:
        block = directory.first(_TILE_WIDTH, width) * directory.first(_TILE_HEIGHT, height)
    else:
        rows = directory.first(_STRIP_ROWS, _ALL_ROWS)
        block = width * (height if rows in (0, _ALL_ROWS) else rows)
    unpacked = max(stored, 4 if coloured else 1)  # colours pass through RGBA
    copied = stored if _EXTRA_SAMPLES in directory.fields else 0
    return stored + copied + unpacked * block // (width * height)
