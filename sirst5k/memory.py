"""Keeping the memory allocator from handing every array back to the system."""

from __future__ import annotations

from functools import cache

import numpy as np


@cache
def keep_freed_memory() -> None:
    """Make glibc's allocator hold on to arrays of a frame's size, once per process.

    By default it returns each freed array of over 128 kB to the system and fetches fresh
    pages for the next, which costs a third of the time of a 256×256 frame. It learns from
    the largest block freed so far; this one is never touched, so it takes no memory. With
    other allocators this does nothing.
    """
    np.empty(24 << 20, dtype=np.uint8)
