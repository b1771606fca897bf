"""Conversion: a dataset in one layout written in another, or for COCO and YOLO tools."""

from __future__ import annotations

from sirst5k.datasets.export.converting import convert_dataset
from sirst5k.datasets.export.report import ConvertReport
from sirst5k.datasets.export.targets import TARGETS

__all__ = ["TARGETS", "ConvertReport", "convert_dataset"]
