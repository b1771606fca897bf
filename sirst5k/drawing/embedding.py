"""Pictures inside a page: as data, of a size that fits a column."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from sirst5k.drawing.blending import Picture


def fitted(picture: Picture, side: int) -> Picture:
    """Return an ``(H, W, 3)`` uint8 picture scaled so that its longer side has `side` pixels.

    Enlarged pixels stay squares, so that a target of three pixels shows as three.
    """
    factor = side / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor)))
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(picture, size, interpolation=kind), np.uint8)


def data_uri(picture: Picture) -> str:
    """Return an ``(H, W, 3)`` uint8 RGB picture as the PNG data URI of an ``img`` element."""
    done, data = cv2.imencode(".png", np.ascontiguousarray(picture[..., ::-1]))
    assert done
    return "data:image/png;base64," + base64.b64encode(data.tobytes()).decode("ascii")
