"""Negative synthesis: turning the patch around a target, image and mask alike."""

from sirst5k.negatives.patch import (
    PATCH_SIZES,
    PatchWindow,
    published_symmetry,
    rotate_patch,
    rotation_window,
)
from sirst5k.negatives.seam import SEAMS, turn_target
from sirst5k.negatives.symmetries import apply_symmetry
from sirst5k.negatives.target_window import TargetWindow, target_windows

__all__ = [
    "PATCH_SIZES",
    "SEAMS",
    "PatchWindow",
    "TargetWindow",
    "apply_symmetry",
    "published_symmetry",
    "rotate_patch",
    "rotation_window",
    "target_windows",
    "turn_target",
]
