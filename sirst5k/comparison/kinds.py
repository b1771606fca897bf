"""Which figures an experiment has: those of masks, or those of boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """What detectors of an experiment are scored by.

    Attributes
    ----------
    name : str
        ``masks`` or ``boxes``.
    main : str
        The figure that is judged, drawn over steps and shares of labels.
    shown : tuple of str
        Figures of the report's tables.
    latex : tuple of str
        Figures of the LaTeX table.
    lower_is_better : tuple of str
    """

    name: str
    main: str
    shown: tuple[str, ...]
    latex: tuple[str, ...]
    lower_is_better: tuple[str, ...]


MASKS = Kind(
    "masks",
    "miou",
    ("miou", "niou", "pd", "fa", "f1"),
    ("miou", "niou", "pd", "fa"),
    ("fa",),
)
BOXES = Kind(
    "boxes",
    "ap50",
    (
        *("ap50", "precision", "recall", "f1", "best_f1", "false_alarms_per_frame"),
        *("published_precision", "published_recall", "published_f1"),
    ),
    ("ap50", "precision", "recall", "f1", "published_f1"),
    ("false_alarms_per_frame",),
)


def kind_of(block: Mapping[str, Any]) -> Kind:
    """Return the kind of a detector's part of the results; those of older files are masks."""
    return BOXES if block.get("kind") == BOXES.name else MASKS
