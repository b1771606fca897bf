from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from sirst5k.clip import Clip
from sirst5k.errors import ShapeError


def parts(**other: Any) -> dict[str, Any]:
    return {
        "id": "a/3",
        "frames": np.zeros((5, 6, 8), np.uint16),
        "boxes": np.array([[1, 2, 4, 5]], np.float32),
        "classes": np.zeros(1, np.int64),
        **other,
    }


def test_the_key_frame_is_the_last() -> None:
    frames = np.zeros((3, 6, 8), np.uint8)
    frames[-1] = 7
    clip = Clip(**parts(frames=frames))
    assert clip.shape == (6, 8)
    assert (clip.image == 7).all()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"frames": np.zeros((6, 8), np.uint8)}, "grey frames (T, H, W)"),
        ({"frames": np.zeros((0, 6, 8), np.uint8)}, "grey frames (T, H, W)"),
        ({"frames": np.zeros((5, 6, 8), np.float64)}, "of float64"),
        ({"boxes": np.zeros((1, 5), np.float32)}, "boxes (N, 4)"),
        ({"boxes": np.zeros((1, 4), np.int64)}, "of int64"),
        ({"classes": np.zeros(2, np.int64)}, "1 classes of int64"),
        ({"mask": np.zeros((8, 6), np.bool_)}, "(H, W) = (6, 8)"),
        ({"mask": np.zeros((6, 8), np.uint8)}, "of uint8"),
    ],
)
def test_wrong_arrays_are_refused_with_the_clips_name(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ShapeError, match=rf"^a/3: expected .*{re.escape(says)}"):
        Clip(**parts(**wrong))
