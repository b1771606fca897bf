"""Hits, misses, false alarms; and how they are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from sirst5k.components import find_targets
from sirst5k.errors import ShapeError
from sirst5k.evaluation import Prediction, draw_overlay, verdicts
from sirst5k.evaluation.overlay import COLOURS, inset
from sirst5k.evaluation.verdicts import FALSE_ALARM, FOUND, HIT, MISS, marks_of
from sirst5k.metrics import match_targets


def masks() -> tuple[np.ndarray, np.ndarray]:
    label, mask = np.zeros((2, 60, 80), bool)
    label[10:13, 10:13] = label[40:42, 60:64] = True
    mask[11:14, 10:13] = True
    mask[30:35, 20:22] = True
    mask[5, 70] = True
    return mask, label


def prediction(labelled: bool = True) -> Prediction:
    mask, label = masks()
    image = np.random.default_rng(0).integers(0, 65536, mask.shape, dtype=np.uint16)
    return Prediction("a", image, mask.astype(np.float32), 0.5, label if labelled else None)


def test_verdicts() -> None:
    marks = verdicts(*masks())
    assert [mark.kind for mark in marks] == [HIT, MISS, FALSE_ALARM, FALSE_ALARM]
    assert [mark.area for mark in marks] == [9, 8, 10, 1]
    miss = marks[1]
    assert (miss.top, miss.left, miss.height, miss.width) == (40, 60, 2, 4)
    assert (miss.y, miss.x) == (40.5, 61.5)
    with pytest.raises(ShapeError, match="label's shape"):
        verdicts(np.zeros((3, 3), bool), np.zeros((3, 4), bool))


@given(hnp.arrays(bool, (14, 15)), hnp.arrays(bool, (14, 15)))
@settings(max_examples=60, deadline=None)
def test_verdicts_are_those_of_the_corrected_profile(mask: np.ndarray, label: np.ndarray) -> None:
    marks, wanted = verdicts(mask, label), match_targets(mask, label)
    found = {target for target, _ in wanted.pairs}
    targets = [mark for mark in marks if mark.kind != FALSE_ALARM]
    assert [mark.kind == HIT for mark in targets] == [k in found for k in range(len(targets))]
    assert [m.area for m in targets] == [t.area for t in find_targets(label)]
    alarms = sum(mark.area for mark in marks if mark.kind == FALSE_ALARM)
    assert alarms == sum(region.area for region in wanted.false_alarms)


def test_without_label_everything_is_a_detection() -> None:
    assert {mark.kind for mark in marks_of(prediction(labelled=False))} == {FOUND}


def has_colour(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((picture == colour).all(axis=2).any())


def test_overlay_shows_every_kind() -> None:
    picture = draw_overlay(prediction())
    assert picture.dtype == np.uint8
    assert all(has_colour(picture, COLOURS[kind]) for kind in (HIT, MISS, FALSE_ALARM))
    plain = draw_overlay(prediction(labelled=False))
    assert has_colour(plain, COLOURS[FOUND])
    assert not has_colour(plain, COLOURS[MISS])
    assert not has_colour(plain, COLOURS[FALSE_ALARM])


def test_marks_stand_where_the_targets_are() -> None:
    """The miss's brackets lie around its place in the fitted view, and nowhere else in it."""
    picture = draw_overlay(prediction())
    factor = 768 / 80
    yellow = (picture[46 : 46 + round(60 * factor), 18 : 18 + 768] == COLOURS[MISS]).all(axis=2)
    rows, columns = np.nonzero(yellow)
    x, y = 62 * factor, 41 * factor
    assert abs(columns.mean() - x) < 20
    assert abs(rows.mean() - y) < 20
    assert np.hypot(rows - y, columns - x).max() < 60


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (700, 4), (2000, 30)])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_any_frame_can_be_drawn(shape: tuple[int, int], level: float) -> None:
    image = np.zeros(shape, np.float32)
    probability = np.full(shape, level, np.float32)
    picture = draw_overlay(Prediction("x" * 300, image, probability, 0.5, image > 0))
    assert picture.shape[1] <= 3000


def test_many_false_alarms_do_not_make_an_endless_picture() -> None:
    probability = np.zeros((200, 200), np.float32)
    probability[::4, ::4] = 1
    image = np.zeros((200, 200), np.uint8)
    assert draw_overlay(Prediction("a", image, probability, 0.5, image > 0)).shape[1] < 1800


def test_inset_has_its_side_at_any_border() -> None:
    one = prediction()
    for mark in verdicts(*masks()):
        assert inset(one, mark, 176).shape == (176, 176, 3)
