"""Turning targets along their tracks: drawn once a sequence, applied to each frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sirst5k.datasets.sequences import FrameLabels
from sirst5k.negatives import PatchWindow, box_windows, frame_symmetries, turn_box
from sirst5k.sample import Image
from sirst5k.synthesis.parameters import AdaptiveNegatives
from sirst5k.synthesis.turning import apply_turns

Parameters = Mapping[str, Any]


def choose_symmetries(
    negatives: AdaptiveNegatives, open_to: Mapping[int, Sequence[int]], number: int
) -> dict[int, int]:
    """Choose the one symmetry of each track in one variant of a sequence.

    A track passes through all its symmetries in as many variants; others out of step.

    Parameters
    ----------
    negatives : AdaptiveNegatives
    open_to : mapping of int to sequence of int
        From `open_symmetries`.
    number : int
        The variant's.

    Returns
    -------
    dict of int to int
        Track to symmetry, 0 to 7 as in `sirst5k.negatives.symmetries`; 0 leaves it as it is.
    """
    chosen = {}
    for place, (track, possible) in enumerate(open_to.items()):
        allowed = [s for s in negatives.symmetries if s in possible] or [0]
        chosen[track] = allowed[(number + 3 * place) % len(allowed)]
    return chosen


def frame_turns(
    negatives: AdaptiveNegatives,
    labels: FrameLabels,
    tracks: Sequence[int],
    symmetries: Mapping[int, int],
    shape: tuple[int, int],
) -> dict[str, Any]:
    """Return the concrete turns of one frame: small, and as JSON has them.

    A target that rests has symmetry 0.

    Parameters
    ----------
    negatives : AdaptiveNegatives
    labels : FrameLabels
        Of the source frame.
    tracks : sequence of int
        The track of each of its targets.
    symmetries : mapping of int to int
        From `choose_symmetries`.
    shape : (int, int)
        Height and width of the frame, pixels.
    """
    windows = box_windows(
        labels.boxes, shape, negatives.margin, negatives.margin_ratio, labels.mask
    )
    done = frame_symmetries(tracks, windows, symmetries)
    turns = [
        {
            "target": index,
            "track": track,
            "window": [
                place.window.top,
                place.window.left,
                place.window.height,
                place.window.width,
            ],
            "margin": place.margin,
            "symmetry": symmetry,
        }
        for index, (track, place, symmetry) in enumerate(zip(tracks, windows, done, strict=True))
    ]
    return {"op": "turn", "method": "track", "seam": negatives.seam, "turns": turns}


def turn_image(image: Image, parameters: Parameters) -> Image:
    """Apply concrete turns to an ``(H, W)`` frame, as a new array of its dtype."""
    return apply_turns(image, np.zeros(image.shape, np.bool_), parameters)[0]


def turn_labels(labels: FrameLabels, parameters: Parameters) -> FrameLabels:
    """Apply concrete turns to a frame's targets: boxes, and the mask if it is known."""
    boxes = labels.boxes.copy()
    for turn in parameters["turns"]:
        if turn["symmetry"]:
            window = PatchWindow(*turn["window"])
            boxes[turn["target"]] = turn_box(
                boxes[turn["target"]].tolist(), window, turn["symmetry"]
            )
    mask = labels.mask
    if mask is not None:
        # A mask is turned as it is, whatever the seam.
        mask = apply_turns(np.zeros(mask.shape, np.uint8), mask, parameters)[1]
    return FrameLabels(boxes, labels.classes, labels.tracks, mask)
