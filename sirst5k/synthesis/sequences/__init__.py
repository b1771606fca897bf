"""From a recipe and sequences to more sequences: noise over time, targets turned along tracks."""

from __future__ import annotations

from sirst5k.synthesis.sequences.fitting import check_recipe
from sirst5k.synthesis.sequences.making import MadeFrame
from sirst5k.synthesis.sequences.noise import open_sequence_noise, sample_sequence_noise
from sirst5k.synthesis.sequences.plan import Frame, FramePlan
from sirst5k.synthesis.sequences.virtual import SyntheticSequences
from sirst5k.synthesis.sequences.writing import SequenceWriteReport, write_sequence_dataset

__all__ = [
    "Frame",
    "FramePlan",
    "MadeFrame",
    "SequenceWriteReport",
    "SyntheticSequences",
    "check_recipe",
    "open_sequence_noise",
    "sample_sequence_noise",
    "write_sequence_dataset",
]
