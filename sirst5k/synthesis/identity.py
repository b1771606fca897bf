"""What a run is, so that a folder is gone on with only by the same one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from sirst5k._version import __version__
from sirst5k.datasets import Dataset, SequenceDataset
from sirst5k.noise import NoiseBank, SequenceNoise
from sirst5k.synthesis.recipe import Recipe

Identity = dict[str, Any]


class Synthetic(Protocol):
    """What a run stores: `SyntheticDataset` or `SyntheticSequences`."""

    @property
    def dataset(self) -> Dataset | SequenceDataset:
        """What it is made of."""
        ...

    @property
    def recipe(self) -> Recipe:
        """What is wished for."""
        ...

    @property
    def seed(self) -> int:
        """The run's seed."""
        ...

    @property
    def bank(self) -> NoiseBank | SequenceNoise | None:
        """The noise, if any is needed."""
        ...


def run_identity(
    synthetic: Synthetic,
    test: Dataset | SequenceDataset | None = None,
    limit: int | None = None,
    form: Mapping[str, Any] | None = None,
) -> Identity:
    """Return everything that decides the bytes of an output folder, as JSON values.

    Parameters
    ----------
    synthetic : SyntheticDataset or SyntheticSequences
    test : Dataset or SequenceDataset, optional
    limit : int, optional
        None if it is no less than the outputs there are.
    form : mapping, optional
        How the samples are stored.
    """
    dataset = synthetic.dataset
    threshold = getattr(dataset.source, "mask_threshold", None)
    return {
        "version": __version__,
        "recipe": synthetic.recipe.to_dict(),
        "seed": synthetic.seed,
        "limit": limit,
        **({} if form is None else form),
        "source": {
            "name": dataset.root.name if dataset.root is not None else dataset.layout,
            "layout": dataset.layout,
            "split": dataset.split or "all",
            "samples": len(dataset),
            "fingerprint": dataset.fingerprint(),
            **({} if threshold is None else {"mask_threshold": threshold}),
        },
        "test": None
        if test is None
        else {"split": test.split, "samples": len(test), "fingerprint": test.fingerprint()},
        "noise": None if synthetic.bank is None else bank_identity(synthetic.bank),
    }


def may_follow(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Return whether the limit of a new run is no lower than that of the old one.

    Then the new run goes on with what the old one stored; nothing has to be taken away.
    """
    before, after = old.get("limit"), new.get("limit")
    return after is None or (isinstance(before, int) and before <= after)


def differences(old: Any, new: Any, path: str = "") -> list[str]:
    """Return where two JSON values differ, a phrase each: ``seed: 0 there, 1 now``."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for key in [*old, *(key for key in new if key not in old)]:
            found += differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
        return found
    if old == new:
        return []
    return [f"{path}: {json.dumps(old)} there, {json.dumps(new)} now"]


def bank_identity(bank: NoiseBank | SequenceNoise) -> dict[str, Any]:
    """Return what tells noise from other noise, as JSON values."""
    if isinstance(bank, SequenceNoise):
        fixed = None if bank.fixed is None else bank_identity(bank.fixed)
        return {"white": bank_identity(bank.white), "fixed": fixed}
    return {
        "windows": len(bank),
        "size": bank.size,
        "std": round(bank.std, 6),
        "sha256": hashlib.sha256(np.ascontiguousarray(bank.windows).data).hexdigest(),
    }
