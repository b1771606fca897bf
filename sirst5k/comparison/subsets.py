"""Nested parts of a training split: what fewer labels would have been."""

from __future__ import annotations

from collections.abc import Sequence

from sirst5k.errors import ParameterError
from sirst5k.seeds import stable_hash

_SALT = "sirst5k-fraction"


def nested_subset(ids: Sequence[str], fraction: float) -> list[str]:
    """Return a share of ids, chosen by a fixed hash of each, in their order.

    A smaller share is part of every larger one, so that curves over shares compare more
    labels with the same labels and some.

    Parameters
    ----------
    ids : sequence of str
    fraction : float
        In (0, 1].

    Returns
    -------
    list of str
        ``round(fraction * len(ids))`` of them, at least two: one to train on, one to hold
        out.

    Examples
    --------
    >>> names = [f"image{n}" for n in range(10)]
    >>> set(nested_subset(names, 0.3)) < set(nested_subset(names, 0.6))
    True
    """
    if not 0 < fraction <= 1:
        raise ParameterError(f"Expected a fraction in (0, 1], got {fraction}.")
    count = min(len(ids), max(2, round(fraction * len(ids))))
    chosen = set(sorted(ids, key=lambda name: (stable_hash(f"{_SALT}/{name}"), name))[:count])
    return [name for name in ids if name in chosen]
