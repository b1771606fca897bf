"""Loops over runs and pixels that numba compiles, where it is installed: `sirst5k[fast]`.

Each does what a function of numpy calls beside this folder does, to the bit, in a tenth of its
time. The first call compiles them, which takes seconds; what comes out is kept beside the source,
or, where that cannot be written to, in the user's cache, and later processes read it.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any


def kernels(idea: str) -> Any | None:
    """Return a module of this folder, imported when it is first asked for.

    Parameters
    ----------
    idea : str
        Its name: ``displacing``, ``finding``, ``hashing``, ``planning`` or ``turning``.

    Returns
    -------
    module or None
        None without a numba that can be used.
    """
    return _load(idea)


@cache
def _load(idea: str) -> Any | None:
    try:
        return import_module(f"{__name__}.{idea}")
    except ImportError:  # numba says so of a numpy that is too new for it, too
        return None
