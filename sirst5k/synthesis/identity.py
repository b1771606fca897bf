"""What a run is, so that a folder is gone on with only by the same one."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from sirst5k._version import __version__
from sirst5k.datasets import Dataset
from sirst5k.noise import NoiseBank
from sirst5k.synthesis.virtual import SyntheticDataset

Identity = dict[str, Any]


def run_identity(synthetic: SyntheticDataset, test: Dataset | None, limit: int | None) -> Identity:
    """Return everything that decides the bytes of an output folder, as JSON values."""
    dataset = synthetic.dataset
    return {
        "version": __version__,
        "recipe": synthetic.recipe.to_dict(),
        "seed": synthetic.seed,
        "limit": limit,
        "source": {
            "name": dataset.root.name if dataset.root is not None else dataset.layout,
            "layout": dataset.layout,
            "split": dataset.split or "all",
            "samples": len(dataset),
            "fingerprint": dataset.fingerprint(),
        },
        "test": None
        if test is None
        else {"split": test.split, "samples": len(test), "fingerprint": test.fingerprint()},
        "noise": None if synthetic.bank is None else _bank_identity(synthetic.bank),
    }


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


def _bank_identity(bank: NoiseBank) -> dict[str, Any]:
    return {
        "windows": len(bank),
        "size": bank.size,
        "std": round(bank.std, 6),
        "sha256": hashlib.sha256(np.ascontiguousarray(bank.windows).data).hexdigest(),
    }
