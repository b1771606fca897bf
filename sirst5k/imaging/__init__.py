"""Image files: grey at their own depth in, lossless and never half-written out."""

from __future__ import annotations

from sirst5k.imaging.decoding import ENDINGS, MAX_PIXELS, check_file, probe, read_image
from sirst5k.imaging.encoding import encode_png, encode_tiff, pixel_hash, write_atomically
from sirst5k.imaging.header import Header
from sirst5k.imaging.masks import MaskReading, read_mask

__all__ = [
    "ENDINGS",
    "MAX_PIXELS",
    "Header",
    "MaskReading",
    "check_file",
    "encode_png",
    "encode_tiff",
    "pixel_hash",
    "probe",
    "read_image",
    "read_mask",
    "write_atomically",
]
