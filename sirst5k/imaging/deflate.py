"""The fastest deflate there is: zlib-ng where it is installed, else Python's own zlib.

Where this project compresses, it does so without searching for matches, and then both write
the same bytes (a test holds it); what they decompress is the same by definition.
"""

from __future__ import annotations

import zlib
from types import ModuleType

fast_zlib: ModuleType
try:
    from zlib_ng import zlib_ng as fast_zlib
except ImportError:  # a platform without a wheel: the same, at half the speed
    fast_zlib = zlib

DAMAGED: tuple[type[Exception], ...] = (zlib.error, fast_zlib.error)
"""What decompressing a damaged stream raises."""
