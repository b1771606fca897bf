"""Does the synthetic data help? Experiments, their statistics, and a report.

Loaded on first use: running cells needs torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sirst5k.optional import require

if TYPE_CHECKING:
    from sirst5k.comparison.arms import Arm, parse_arm
    from sirst5k.comparison.experiment import Cell, Experiment
    from sirst5k.comparison.reporting import write_report
    from sirst5k.comparison.results import gather
    from sirst5k.comparison.running import CellOutcome, run
    from sirst5k.comparison.statistics import paired_differences

_HOME = {
    "Arm": "arms",
    "Cell": "experiment",
    "CellOutcome": "running",
    "Experiment": "experiment",
    "gather": "results",
    "paired_differences": "statistics",
    "parse_arm": "arms",
    "run": "running",
    "write_report": "reporting",
}

__all__ = [
    "Arm",
    "Cell",
    "CellOutcome",
    "Experiment",
    "gather",
    "paired_differences",
    "parse_arm",
    "run",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        require("torch", "a comparison")
        return getattr(import_module(f"sirst5k.comparison.{_HOME[name]}"), name)
    raise AttributeError(f"module 'sirst5k.comparison' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
