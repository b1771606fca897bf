"""What two images share if one is the other, flipped, turned, or saved at another depth."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sirst5k.datasets import Dataset
from sirst5k.errors import OutputError
from sirst5k.imaging import write_atomically
from sirst5k.sample import Image, Sample
from sirst5k.synthesis.executor import run_in_order
from sirst5k.training.frames.cache import key_of


def signatures_of(samples: Sequence[Sample], jobs: int, cache: Path | None) -> list[str]:
    """Return of every image a hash of its sides and grey levels, "" where there is one level.

    Parameters
    ----------
    samples : sequence of Sample
    jobs : int
        Processes that decode.
    cache : Path, optional
        Folder in which they are kept for datasets of files.
    """
    if cache is None or not isinstance(samples, Dataset) or samples.root is None:
        return list(run_in_order(_Sign(samples), 0, len(samples), jobs))
    key = {**key_of(samples, ""), "kind": "signatures 1"}
    path = cache / f"{key['fingerprint'][:16]}.signatures"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        document = json.loads(path.read_bytes())
        found = [str(signature) for signature in document["signatures"]]
        if document["key"] == key and len(found) == len(samples):
            return found
    found = list(run_in_order(_Sign(samples), 0, len(samples), jobs))
    with contextlib.suppress(OSError, OutputError):  # the next run looks again
        cache.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps({"key": key, "signatures": found}).encode())
    return found


@dataclass(frozen=True, eq=False)
class _Sign:
    samples: Sequence[Sample]

    def __call__(self, index: int) -> str:
        image = self.samples[index].image
        levels, counts = _histogram(image)
        if len(levels) == 1:
            return ""
        digest = hashlib.sha256(np.array(sorted(image.shape), np.int64).tobytes())
        digest.update(levels.astype(np.float32).tobytes())
        digest.update(counts.astype(np.int64).tobytes())
        return digest.hexdigest()


def _histogram(image: Image) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
    if image.dtype == np.float32:
        levels, counts = np.unique(image, return_counts=True)
        return levels, counts
    counts = np.bincount(image.reshape(-1))
    levels = np.flatnonzero(counts)
    return levels, counts[levels]
