"""Randomness that is addressed, not consumed.

The generator of output *i* follows from who it is (seed, sample, variant), never from how
many numbers were drawn before it, so that bytes do not depend on order, on the number of
workers, or on the machine that computes them.
"""

from __future__ import annotations

import hashlib

import numpy as np


def stable_hash(text: str) -> int:
    """Return a 64-bit hash of a string, the same in every process and version of Python.

    Parameters
    ----------
    text : str
        Any string; it is hashed as UTF-8.
    """
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def rng_for(seed: int, source_id: str, variant: int) -> np.random.Generator:
    """Return the generator of one output.

    Parameters
    ----------
    seed : int
        The run's seed, not negative.
    source_id : str
        Which sample is varied.
    variant : int
        Which of its variants, not negative.
    """
    sequence = np.random.SeedSequence(entropy=seed, spawn_key=(stable_hash(source_id), variant))
    return np.random.Generator(np.random.PCG64DXSM(sequence))
