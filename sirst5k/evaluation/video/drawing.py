"""A frame of an overlay: boxes, tracks, and what the labels say about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.detectors.boxes import Detections
from sirst5k.drawing import Picture, blank, blend, draw_text, grey_picture, image_stretch, place
from sirst5k.drawing.theme import MUTED, PAGE, SMALL, WINDOW
from sirst5k.evaluation.overlay import COLOURS, draw_mark
from sirst5k.evaluation.verdicts import FALSE_ALARM, FOUND, HIT, MISS
from sirst5k.metrics.boxes import BoxFrame, match_boxes
from sirst5k.sample import Image

_SIDE = 640  # smaller frames are enlarged by a whole factor, up to about so many pixels
_BAR = 28  # pixels of the line above the frame
_AROUND = 5  # pixels between a box and the mark that is drawn around it
_SHIFT = 4

Trail = Sequence[tuple[float, float]]
"""Centres of a track's boxes, x and y in pixels of the frame, the newest last."""


def draw_frame(
    title: str,
    image: Image,
    found: Detections,
    trails: Mapping[int, Trail],
    labels: Any = None,
    iou: float = 0.5,
) -> Picture:
    """Draw a frame with its detections and the recent way of every track.

    With labels: hits in blue boxes, misses in yellow brackets, false alarms in red circles, by
    the matching of `sirst5k.metrics.boxes`. Without: detections in blue boxes. Tracks are orange
    lines with their numbers.

    Parameters
    ----------
    title : str
    image : (H, W) uint8 | uint16 | float32
    found : Detections
        Those to draw.
    trails : mapping of int to sequence of (x, y)
        By number of the track.
    labels : FrameLabels, optional
        With ``boxes (M, 4)`` and ``classes (M,)``.
    iou : float
        Overlap of a hit.

    Returns
    -------
    (H', W', 3) uint8
        Of the same size for all frames of one size.
    """
    factor = max(1, round(_SIDE / max(image.shape)))
    view = _enlarged(image, factor)
    _draw_trails(view, trails, factor)
    marks = _marks(found, labels, iou)
    for kind, box in marks:
        x, y = (box[0] + box[2]) / 2 * factor, (box[1] + box[3]) / 2 * factor
        reach = max(box[2] - box[0], box[3] - box[1]) / 2 * factor + _AROUND
        draw_mark(view, kind, float(x), float(y), float(reach))
    picture = blank(view.shape[0] + _BAR, max(view.shape[1], 320), PAGE)
    place(picture, view, _BAR, 0)
    end = draw_text(picture, title, 8, 20, SMALL)
    kinds = [kind for kind, _ in marks]
    for kind, word in ((FOUND, "found"), (HIT, "hit"), (MISS, "missed"), (FALSE_ALARM, "false")):
        if kind in kinds:
            text = f"{kinds.count(kind)} {word}"
            end = draw_text(picture, text, end + 16, 20, SMALL, COLOURS[kind])
    if not kinds:
        draw_text(picture, "nothing", end + 16, 20, SMALL, MUTED)
    return picture


def _marks(found: Detections, labels: Any, iou: float) -> list[tuple[str, NDArray[Any]]]:
    if labels is None:
        return [(FOUND, box) for box in found.boxes]
    frame = BoxFrame.checked(
        "", "", found.boxes, found.scores, found.classes, labels.boxes, labels.classes
    )
    owners = match_boxes(frame, (iou,))[0]
    marks = [
        (FALSE_ALARM if owner < 0 else HIT, box)
        for box, owner in zip(frame.boxes, owners, strict=True)
    ]
    missed = set(range(len(frame.truth))) - set(owners.tolist())
    return [*((MISS, frame.truth[place]) for place in sorted(missed)), *marks]


def _enlarged(image: Image, factor: int) -> Picture:
    levels = image_stretch(image).apply(image)
    height, width = levels.shape
    how = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    larger = cv2.resize(levels, (width * factor, height * factor), interpolation=how)
    return grey_picture(larger.astype(np.uint8))


def _draw_trails(view: Picture, trails: Mapping[int, Trail], factor: int) -> None:
    if not trails:
        return
    ink = np.zeros(view.shape[:2], np.uint8)
    for trail in trails.values():
        fixed = np.rint(np.array(trail, np.float64) * factor * (1 << _SHIFT)).astype(np.int32)
        cv2.polylines(ink, [fixed], False, 255, 1, cv2.LINE_AA, _SHIFT)
    blend(view, ink * np.float32(0.8 / 255), WINDOW)
    for number, trail in trails.items():
        x, y = trail[-1][0] * factor, trail[-1][1] * factor
        up = min(max(y - 22, 14), view.shape[0] - 4)
        if x + 40 < view.shape[1]:
            draw_text(view, str(number), x + 14, up, SMALL, WINDOW)
        else:
            draw_text(view, str(number), x - 14, up, SMALL, WINDOW, align="right")
