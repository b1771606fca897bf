"""Sequences of frames: clips with moving targets, read from disk or made from nothing."""

from __future__ import annotations

from sirst5k.datasets.sequences.dataset import SequenceDataset, sequence_of
from sirst5k.datasets.sequences.labels import FrameLabels, labels_of
from sirst5k.datasets.sequences.source import SequenceSource

__all__ = ["FrameLabels", "SequenceDataset", "SequenceSource", "labels_of", "sequence_of"]
