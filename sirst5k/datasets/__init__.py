"""Datasets: labelled images and sequences of any known layout on disk, opened lazily."""

from __future__ import annotations

from sirst5k.datasets.dataset import Dataset
from sirst5k.datasets.export import ConvertReport, convert_dataset
from sirst5k.datasets.layouts import LAYOUTS
from sirst5k.datasets.moving import composite_sequences
from sirst5k.datasets.opening import open_dataset, open_stills
from sirst5k.datasets.parts import test_part, training_part
from sirst5k.datasets.sequences import FrameLabels, SequenceDataset
from sirst5k.datasets.sequences.registry import SEQUENCE_LAYOUTS
from sirst5k.datasets.sequences.writing import write_sequences
from sirst5k.datasets.splits import Splits

__all__ = [
    "LAYOUTS",
    "SEQUENCE_LAYOUTS",
    "ConvertReport",
    "Dataset",
    "FrameLabels",
    "SequenceDataset",
    "Splits",
    "composite_sequences",
    "convert_dataset",
    "open_dataset",
    "open_stills",
    "test_part",
    "training_part",
    "write_sequences",
]
