"""Detections of frame after frame joined into tracks.

A tracker for points rather than bodies: targets of a few pixels that move by their own width
between two frames do not overlap themselves, so that the overlap of boxes, by which the usual
trackers join, is 0. Here positions are predicted and assigned by their likelihood.
"""

from __future__ import annotations

from sirst5k.tracking.track import Track, TrackPoint
from sirst5k.tracking.tracker import Tracker, TrackerSettings, track_frames

__all__ = ["Track", "TrackPoint", "Tracker", "TrackerSettings", "track_frames"]
