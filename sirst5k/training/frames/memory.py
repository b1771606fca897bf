"""How much memory frames would take, and how much there is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from sirst5k.sample import Sample

_LOOKED_AT = 16  # samples whose size stands for all


def expected_bytes(samples: Sequence[Sample]) -> int:
    """Return about how many bytes images and masks of all samples take when decoded.

    Parameters
    ----------
    samples : sequence of Sample
        A few of them, evenly spaced, are decoded or computed.
    """
    count = min(_LOOKED_AT, len(samples))
    if count == 0:
        return 0
    places = np.linspace(0, len(samples) - 1, count).astype(int)
    looked_at = [samples[int(place)] for place in places]
    mean = sum(s.image.nbytes + s.mask.nbytes for s in looked_at) / count
    return int(mean * len(samples))


def available_memory(root: Path = Path("/")) -> int | None:
    """Return how many bytes this process may still take; None where nothing tells.

    The smaller of what Linux calls available and what is left of a container's limit.

    Parameters
    ----------
    root : Path
        Where ``proc`` and ``sys`` are.
    """
    found = []
    with suppress(OSError, ValueError, StopIteration):
        lines = (root / "proc/meminfo").read_text().splitlines()
        line = next(line for line in lines if line.startswith("MemAvailable:"))
        found.append(int(line.split()[1]) * 1024)
    for most, now in (
        ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current"),
        (
            "sys/fs/cgroup/memory/memory.limit_in_bytes",
            "sys/fs/cgroup/memory/memory.usage_in_bytes",
        ),
    ):
        with suppress(OSError, ValueError):  # "max": no limit
            found.append(int((root / most).read_text()) - int((root / now).read_text()))
    if not found:
        with suppress(AttributeError, ValueError, OSError):
            found.append(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return max(0, min(found)) if found else None
