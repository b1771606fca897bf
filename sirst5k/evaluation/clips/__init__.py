"""Detectors of boxes on sequences: scoring them, running them, and drawing what came out."""

from __future__ import annotations

from sirst5k.evaluation.clips.adapting import as_box_detector
from sirst5k.evaluation.clips.box_detector import BoxDetector, BoxStream, MapBoxes
from sirst5k.evaluation.clips.box_files import read_box_files
from sirst5k.evaluation.clips.components import boxes_of_map
from sirst5k.evaluation.clips.evaluating import evaluate_clips
from sirst5k.evaluation.clips.found import found_boxes
from sirst5k.evaluation.clips.plots import box_pr_plot, write_clip_plots
from sirst5k.evaluation.clips.report import ClipReport
from sirst5k.evaluation.clips.running import detect_in_sequences
from sirst5k.evaluation.clips.saved_boxes import SavedBoxes
from sirst5k.evaluation.clips.summary import clip_problems, summarise_clips
from sirst5k.evaluation.clips.table import detector_table
from sirst5k.evaluation.clips.video_boxes import VideoBoxes, is_video_network

__all__ = [
    "BoxDetector",
    "BoxStream",
    "ClipReport",
    "MapBoxes",
    "SavedBoxes",
    "VideoBoxes",
    "as_box_detector",
    "box_pr_plot",
    "boxes_of_map",
    "clip_problems",
    "detect_in_sequences",
    "detector_table",
    "evaluate_clips",
    "found_boxes",
    "is_video_network",
    "read_box_files",
    "summarise_clips",
    "write_clip_plots",
]
