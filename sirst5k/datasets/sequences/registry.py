"""Layouts of sequences on disk, in the order in which they are tried.

All come before those of single images, whose signatures they would fit as well.
"""

from __future__ import annotations

from pathlib import Path

from sirst5k.datasets.sequences.documents import COCO_SEQUENCES
from sirst5k.datasets.sequences.layout import Opener, SequenceLayout
from sirst5k.datasets.sequences.matlab import NUDT_MIRSDT
from sirst5k.datasets.sequences.text import SEQUENCES
from sirst5k.datasets.sequences.trees import SEQUENCE_FOLDERS

SEQUENCE_LAYOUTS: dict[str, SequenceLayout] = {
    layout.name: layout for layout in (SEQUENCES, COCO_SEQUENCES, SEQUENCE_FOLDERS, NUDT_MIRSDT)
}


def recognise_sequences(root: Path) -> Opener | None:
    """Return what opens a folder of sequences, or None if no such layout fits."""
    for layout in SEQUENCE_LAYOUTS.values():
        opener = layout.recognise(root)
        if opener is not None:
            return opener
    return None
