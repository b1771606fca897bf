"""Make infrared small-target training data, and prove what it is worth.

Everything public is reachable from here and loaded on first use: importing the package
loads neither numpy nor torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sirst5k._version import __version__

if TYPE_CHECKING:
    from sirst5k import (
        comparison,
        datasets,
        detectors,
        evaluation,
        losses,
        metrics,
        negatives,
        noise,
        quality,
        synthesis,
        tracking,
        training,
        transforms,
    )
    from sirst5k.clip import Clip
    from sirst5k.datasets import Dataset, SequenceDataset, open_dataset
    from sirst5k.errors import Sirst5kError, Sirst5kWarning
    from sirst5k.noise import NoiseBank, SequenceNoise
    from sirst5k.sample import Sample
    from sirst5k.synthesis import Plan, Recipe, SyntheticDataset, write_dataset
    from sirst5k.synthesis.sequences import SyntheticSequences, write_sequence_dataset

_HOME = {
    "Clip": "sirst5k.clip",
    "Dataset": "sirst5k.datasets",
    "NoiseBank": "sirst5k.noise",
    "Plan": "sirst5k.synthesis",
    "Recipe": "sirst5k.synthesis",
    "Sample": "sirst5k.sample",
    "SequenceDataset": "sirst5k.datasets",
    "SequenceNoise": "sirst5k.noise",
    "Sirst5kError": "sirst5k.errors",
    "Sirst5kWarning": "sirst5k.errors",
    "SyntheticDataset": "sirst5k.synthesis",
    "SyntheticSequences": "sirst5k.synthesis.sequences",
    "open_dataset": "sirst5k.datasets",
    "write_dataset": "sirst5k.synthesis",
    "write_sequence_dataset": "sirst5k.synthesis.sequences",
}
_ROOMS = (
    "comparison",
    "datasets",
    "detectors",
    "evaluation",
    "losses",
    "metrics",
    "negatives",
    "noise",
    "quality",
    "synthesis",
    "tracking",
    "training",
    "transforms",
)

__all__ = [
    "Clip",
    "Dataset",
    "NoiseBank",
    "Plan",
    "Recipe",
    "Sample",
    "SequenceDataset",
    "SequenceNoise",
    "Sirst5kError",
    "Sirst5kWarning",
    "SyntheticDataset",
    "SyntheticSequences",
    "__version__",
    "comparison",
    "datasets",
    "detectors",
    "evaluation",
    "losses",
    "metrics",
    "negatives",
    "noise",
    "open_dataset",
    "quality",
    "synthesis",
    "tracking",
    "training",
    "transforms",
    "write_dataset",
    "write_sequence_dataset",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _ROOMS:
        return import_module(f"sirst5k.{name}")
    raise AttributeError(f"module 'sirst5k' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
