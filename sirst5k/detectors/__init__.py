"""Detectors: what turns a frame into a probability of target at every pixel."""

from __future__ import annotations

from sirst5k.detectors.adapting import as_detector
from sirst5k.detectors.detector import Detector
from sirst5k.detectors.lcm import LocalContrast
from sirst5k.detectors.mpcm import PatchContrast
from sirst5k.detectors.network import NetworkDetector
from sirst5k.detectors.registry import create, names
from sirst5k.detectors.tophat import TopHat
from sirst5k.detectors.weights import load_weights, read_metadata, save_weights

__all__ = [
    "Detector",
    "LocalContrast",
    "NetworkDetector",
    "PatchContrast",
    "TopHat",
    "as_detector",
    "create",
    "load_weights",
    "names",
    "read_metadata",
    "save_weights",
]
