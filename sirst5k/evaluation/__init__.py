"""Scoring detectors and saved predictions, predicting, and drawing what came out."""

from __future__ import annotations

from sirst5k.evaluation.binning import PdBin, TargetOutcome, pd_by_scr, pd_by_size
from sirst5k.evaluation.bootstrap import Bootstrap, bootstrap_intervals
from sirst5k.evaluation.clips import ClipReport, evaluate_clips
from sirst5k.evaluation.evaluating import evaluate
from sirst5k.evaluation.frames import Frame, Frames, open_frames
from sirst5k.evaluation.overlay import draw_overlay
from sirst5k.evaluation.predicting import predict, predict_map
from sirst5k.evaluation.prediction import Prediction
from sirst5k.evaluation.report import EvaluationReport
from sirst5k.evaluation.saved import SavedPredictions
from sirst5k.evaluation.verdicts import Mark, verdicts
from sirst5k.evaluation.video import open_video_source, predict_sequences
from sirst5k.evaluation.writing import PredictionReport, write_predictions

__all__ = [
    "Bootstrap",
    "ClipReport",
    "EvaluationReport",
    "Frame",
    "Frames",
    "Mark",
    "PdBin",
    "Prediction",
    "PredictionReport",
    "SavedPredictions",
    "TargetOutcome",
    "bootstrap_intervals",
    "draw_overlay",
    "evaluate",
    "evaluate_clips",
    "open_frames",
    "open_video_source",
    "pd_by_scr",
    "pd_by_size",
    "predict",
    "predict_map",
    "predict_sequences",
    "verdicts",
    "write_predictions",
]
