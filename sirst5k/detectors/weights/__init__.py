"""Weights: published checkpoints and our own, read safely and written with their meaning."""

from __future__ import annotations

from sirst5k.detectors.weights.info import WeightsInfo
from sirst5k.detectors.weights.loading import load_weights
from sirst5k.detectors.weights.metadata import WeightsMetadata, read_metadata
from sirst5k.detectors.weights.normalisations import NORMALISATIONS, parse_normalisation
from sirst5k.detectors.weights.saving import save_weights

__all__ = [
    "NORMALISATIONS",
    "WeightsInfo",
    "WeightsMetadata",
    "load_weights",
    "parse_normalisation",
    "read_metadata",
    "save_weights",
]
