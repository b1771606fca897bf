"""How boxes and keypoints move in the forms that other hosts have for them."""

from __future__ import annotations

import numpy as np

from sirst5k.errors import ShapeError
from sirst5k.transforms.motions import Motion, Rows, move_boxes, move_points

_ANGLE = 3
"""The column of albumentations' keypoints that holds an angle in radians."""


def move_shares(boxes: Rows, motions: list[Motion], shape: tuple[int, int]) -> Rows:
    """Move boxes whose edges are shares of the image's width and height.

    Parameters
    ----------
    boxes : (N, 4 or more) float
        x1, y1, x2, y2 in 0 to 1; further columns are carried.
    motions : list of Motion
    shape : (int, int)
        Height and width in pixels.
    """
    if boxes.size == 0:
        return boxes
    height, width = shape
    scale = np.ones(boxes.shape[1])
    scale[:4] = width, height, width, height
    return (move_boxes(boxes * scale, motions) / scale).astype(boxes.dtype)


def move_format(boxes: Rows, motions: list[Motion], form: str) -> Rows:
    """Move boxes ``(N, 4)`` float in pixels, of torchvision's XYXY, XYWH or CXCYWH."""
    if form not in ("XYXY", "XYWH", "CXCYWH"):
        raise ShapeError(f"boxes: expected XYXY, XYWH or CXCYWH, got {form}.")
    first, second = boxes[:, :2], boxes[:, 2:]
    if form == "CXCYWH":
        first = first - second / 2
    if form != "XYXY":
        second = first + second
    moved = move_boxes(np.hstack([first, second]), motions)
    first, second = moved[:, :2], moved[:, 2:]
    if form == "CXCYWH":
        return np.hstack([(first + second) / 2, second - first])
    return np.hstack([first, second - first]) if form == "XYWH" else moved


def move_keypoints(points: Rows, motions: list[Motion]) -> Rows:
    """Move keypoints, and turn their angles with them.

    Parameters
    ----------
    points : (N, 2 or more) float
        x, y with whole numbers at pixel centres, then z, the angle, and columns that are
        carried. A quarter turn counter-clockwise takes 90 degrees off the angle and a
        left-right flip mirrors it, as `albumentations.RandomRotate90` and
        `HorizontalFlip` do.
    motions : list of Motion
    """
    if points.size == 0:
        return points
    moved = points
    for motion in motions:
        before = moved
        moved = move_points(before, [motion])
        if points.shape[1] <= _ANGLE or not motion.symmetry:
            continue
        concerned = np.flatnonzero(_inside(before, motion))
        if motion.pixels is not None:  # copies, behind the others
            concerned = np.arange(len(before), len(moved))
        moved[concerned, _ANGLE] = _turned(moved[concerned, _ANGLE], motion.symmetry)
    return moved


def _inside(points: Rows, motion: Motion) -> Rows:
    window = motion.window
    x, y = points[:, 0] + 0.5 - window.left, points[:, 1] + 0.5 - window.top
    inside: Rows = (x >= 0) & (x < window.width) & (y >= 0) & (y < window.height)
    return inside


def _turned(angles: Rows, symmetry: int) -> Rows:
    mirrored = np.pi - angles if symmetry >= 4 else angles
    turned: Rows = (mirrored - symmetry % 4 * (np.pi / 2)) % (2 * np.pi)
    return turned
