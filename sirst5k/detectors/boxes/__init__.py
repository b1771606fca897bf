"""From a video network's raw maps to boxes."""

from __future__ import annotations

from sirst5k.detectors.boxes.detections import Detections, detections
from sirst5k.detectors.boxes.suppression import suppress

__all__ = ["Detections", "detections", "suppress"]
