"""Fitting a detector to a dataset. Needs torch, which loads when a name here is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sirst5k.optional import require

if TYPE_CHECKING:
    from sirst5k.training.config import TrainingConfig
    from sirst5k.training.fitting import FitReport, fit
    from sirst5k.training.loop import Interrupted
    from sirst5k.training.protocols import PROTOCOLS
    from sirst5k.training.resolving import resolve

_HOME = {
    "PROTOCOLS": "protocols",
    "FitReport": "fitting",
    "Interrupted": "loop",
    "TrainingConfig": "config",
    "fit": "fitting",
    "resolve": "resolving",
}

__all__ = ["PROTOCOLS", "FitReport", "Interrupted", "TrainingConfig", "fit", "resolve"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        require("torch", "training")
        return getattr(import_module(f"sirst5k.training.{_HOME[name]}"), name)
    raise AttributeError(f"module 'sirst5k.training' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
