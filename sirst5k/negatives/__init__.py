"""Negative synthesis: targets turned or pasted elsewhere, and clutter that resembles them."""

from sirst5k.negatives.decoys import DECOYS, add_decoy, decoy_profile
from sirst5k.negatives.linking import link_boxes
from sirst5k.negatives.paste import matching_gain, paste_target
from sirst5k.negatives.patch import (
    PATCH_SIZES,
    PatchWindow,
    published_symmetry,
    rotate_patch,
    rotation_window,
)
from sirst5k.negatives.places import draw_place, free_places
from sirst5k.negatives.seam import SEAMS, turn_target
from sirst5k.negatives.stamp import TargetStamp, lift_target
from sirst5k.negatives.surroundings import surroundings
from sirst5k.negatives.symmetries import apply_symmetry
from sirst5k.negatives.target_window import TargetWindow, target_windows
from sirst5k.negatives.track_turns import box_windows, frame_symmetries, open_symmetries, turn_box

__all__ = [
    "DECOYS",
    "PATCH_SIZES",
    "SEAMS",
    "PatchWindow",
    "TargetStamp",
    "TargetWindow",
    "add_decoy",
    "apply_symmetry",
    "box_windows",
    "decoy_profile",
    "draw_place",
    "frame_symmetries",
    "free_places",
    "lift_target",
    "link_boxes",
    "matching_gain",
    "open_symmetries",
    "paste_target",
    "published_symmetry",
    "rotate_patch",
    "rotation_window",
    "surroundings",
    "target_windows",
    "turn_box",
    "turn_target",
]
