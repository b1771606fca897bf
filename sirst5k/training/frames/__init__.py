"""Frames that are decoded once and then handed out in batches, wherever they lie.

Importing this needs no torch; it loads when frames go to a device.
"""

from sirst5k.training.frames.batch import FrameBatch
from sirst5k.training.frames.building import build_store, scan_samples
from sirst5k.training.frames.choosing import choose_frames
from sirst5k.training.frames.resident import ResidentFrames
from sirst5k.training.frames.store import FrameStore, FrameTable
from sirst5k.training.frames.streamed import StreamedFrames

__all__ = [
    "FrameBatch",
    "FrameStore",
    "FrameTable",
    "ResidentFrames",
    "StreamedFrames",
    "build_store",
    "choose_frames",
    "scan_samples",
]
