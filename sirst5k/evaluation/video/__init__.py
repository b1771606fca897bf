"""Running a detector of boxes on videos: boxes, tracks, and an overlay to look at."""

from __future__ import annotations

from sirst5k.evaluation.video.drawing import draw_frame
from sirst5k.evaluation.video.movies import can_write_mp4, open_movie
from sirst5k.evaluation.video.predicting import VideoReport, predict_sequences
from sirst5k.evaluation.video.sources import (
    VIDEO_ENDINGS,
    FrameSequence,
    VideoSource,
    is_video_file,
    open_video_source,
)

__all__ = [
    "VIDEO_ENDINGS",
    "FrameSequence",
    "VideoReport",
    "VideoSource",
    "can_write_mp4",
    "draw_frame",
    "is_video_file",
    "open_movie",
    "open_video_source",
    "predict_sequences",
]
