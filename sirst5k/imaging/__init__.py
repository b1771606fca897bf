"""Image files: grey at their own depth in, lossless and never half-written out."""

from __future__ import annotations

from sirst5k.imaging.bicubic import resize_bicubic
from sirst5k.imaging.decoding import (
    ENDINGS,
    check_file,
    decode_image,
    probe,
    read_bytes,
    read_image,
)
from sirst5k.imaging.encoding import encode_png, encode_tiff, pixel_hash, write_atomically
from sirst5k.imaging.header import Header
from sirst5k.imaging.letterbox import Letterbox
from sirst5k.imaging.limits import MAX_PIXELS, pixel_limit
from sirst5k.imaging.masks import MaskReading, decode_mask, read_mask
from sirst5k.imaging.regular import read_regular

__all__ = [
    "ENDINGS",
    "MAX_PIXELS",
    "Header",
    "Letterbox",
    "MaskReading",
    "check_file",
    "decode_image",
    "decode_mask",
    "encode_png",
    "encode_tiff",
    "pixel_hash",
    "pixel_limit",
    "probe",
    "read_bytes",
    "read_image",
    "read_mask",
    "read_regular",
    "resize_bicubic",
    "write_atomically",
]
