"""How functions are compiled: kept for the next process where there is a place to keep them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function at its first call; other threads run meanwhile, and while it runs.

    Float arithmetic is that of numpy: nothing is reordered, nor contracted.
    """
    try:
        kept: Callable[..., Any] = njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither the folder nor the user's cache can be written to
        return _unkept(function)
    return kept


def _unkept(function: Callable[..., Any]) -> Callable[..., Any]:
    made: Callable[..., Any] = njit(nogil=True)(function)
    return made
