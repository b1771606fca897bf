"""Whole protocols by name: each paper's own, and the common one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sirst5k.errors import ParameterError, suggest
from sirst5k.training.augmentation import PUBLISHED

# What a protocol sets beside the defaults of `TrainingConfig`. Sources:
# ../shared/networks/single-frame.md section 6 and ../shared/protocol/training.md.
_ADAGRAD = {"name": "adagrad", "lr": 0.05, "weight_decay": 0.0}
_CONSTANT = {"name": "constant", "warm_up": 0.0}

PROTOCOLS: dict[str, dict[str, Any]] = {
    "fair": {
        "augmentation": {"crop": 256, "flip_vertical": 0.5, "quarter_turn": 0.5, "on_target": 0.5},
        "steps": 40_000,
    },
    "dnanet": {
        "in_channels": 3,
        "normalisation": "imagenet",
        "augmentation": PUBLISHED["dnanet"],
        # The cosine that the code announces is stepped once, at construction.
        "optimizer": _ADAGRAD,
        "schedule": _CONSTANT,
        "batch_size": 16,
        "epochs": 1500,
        "frame": 256,
        "precision": "32-true",
    },
    "mshnet": {
        "in_channels": 3,
        "normalisation": "imagenet",
        "augmentation": PUBLISHED["mshnet"],
        "optimizer": _ADAGRAD,
        "schedule": _CONSTANT,
        "batch_size": 4,
        "epochs": 400,
        "frame": 256,
        "precision": "32-true",
    },
    "dstransnet": {
        "in_channels": 3,
        "augmentation": PUBLISHED["dstransnet"],
        "optimizer": {"name": "adam", "lr": 1e-3, "weight_decay": 0.0},
        "schedule": {"name": "dstransnet"},
        "batch_size": 8,
        "drop_last": False,
        "epochs": 500,
        "frame": 256,
        "precision": "32-true",
    },
}


def protocol(name: str) -> Mapping[str, Any]:
    """Return what a protocol sets.

    Raises
    ------
    ParameterError
        If there is none of that name.
    """
    if name not in PROTOCOLS:
        raise ParameterError(f"There is no protocol {name!r}.{suggest(name, PROTOCOLS)}")
    return PROTOCOLS[name]
