"""Flips and turns of clips: boxes stay where the targets are."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sirst5k.errors import ParameterError  # noqa: E402
from sirst5k.training.augmentation import Augmentation  # noqa: E402
from sirst5k.training.clips.turning import (  # noqa: E402
    Turns,
    check,
    draw,
    turn_boxes,
    turn_clips,
)

SIDE = 12


def test_boxes_follow_the_pixels() -> None:
    """All eight symmetries: the box of the turned pixels is the turned box."""
    every = np.array(list(product([False, True], repeat=3)))
    turns = Turns(*every.T)
    clips = torch.zeros(8, 2, SIDE, SIDE)
    clips[:, :, 2:5, 3:10] = 1  # x 3..10, y 2..5
    clips[:, :, 2, 3] = 2  # tells all eight apart
    boxes = np.tile(np.array([[3, 2, 10, 5], [0, 0, 0, 0]], np.float32), (8, 1, 1))
    turned, moved = turn_clips(clips, turns), turn_boxes(boxes, turns, SIDE)
    assert moved.dtype == np.float32
    for clip, box in zip(turned, moved[:, 0], strict=True):
        for frame in clip:
            rows, columns = np.nonzero(frame.numpy())
            found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert box.tolist() == found
    assert len({tuple(clip.flatten().tolist()) for clip in turned}) == 8


def test_draws_follow_the_probabilities() -> None:
    rng = np.random.default_rng(0)
    never = draw(Augmentation(flip_horizontal=0.0), 100, rng)
    assert not (never.horizontal | never.vertical | never.turned).any()
    turns = draw(Augmentation(flip_horizontal=1.0, quarter_turn=0.5), 1000, rng)
    assert turns.horizontal.all()
    assert not turns.vertical.any()
    assert 400 < turns.turned.sum() < 600


@pytest.mark.parametrize(
    ("key", "value"),
    [("blur", 0.5), ("scale_range", (0.5, 2.0)), ("on_target", 0.5), ("base", 256)],
)
def test_what_clips_do_not_have_is_refused(key: str, value: object) -> None:
    fits = {"scale_range": (1.0, 1.0), "blur": 0.0}
    check(Augmentation(**fits))
    with pytest.raises(ParameterError, match=rf"augmentation\.{key}"):
        check(Augmentation(**{**fits, key: value}))
