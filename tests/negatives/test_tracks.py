from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirst5k.components import find_targets
from sirst5k.negatives import (
    PatchWindow,
    box_windows,
    frame_symmetries,
    link_boxes,
    open_symmetries,
    turn_box,
    turn_target,
)


def _box(*edges: float) -> np.ndarray:
    return np.array(edges, np.float32).reshape(-1, 4)


@given(
    symmetry=st.integers(0, 7),
    x=st.integers(0, 11),
    y=st.integers(0, 11),
    width=st.integers(1, 5),
    height=st.integers(1, 5),
)
@settings(max_examples=60, deadline=None)
def test_a_box_follows_its_pixels(symmetry, x, y, width, height):
    mask = np.zeros((24, 24), bool)
    mask[3 + y : 3 + y + height, 4 + x : 4 + x + width] = True
    window = PatchWindow(2, 3, 18, 18)
    _, turned = turn_target(np.zeros((24, 24), np.uint8), mask, window, symmetry, 0)
    found = find_targets(turned)[0]
    edges = turn_box((4 + x, 3 + y, 4 + x + width, 3 + y + height), window, symmetry)
    assert edges == (found.left, found.top, found.right, found.bottom)


@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 6),
    fractions=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_a_window_never_cuts_a_neighbour_and_keeps_its_own_target(seed, count, fractions):
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-3, 60, (count, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(1, 9, (count, 2))], axis=1)
    boxes = (boxes if fractions else np.rint(boxes)).astype(np.float32)
    windows = box_windows(boxes, (64, 64))
    for number, (box, place) in enumerate(zip(boxes, windows)):
        window = place.window
        for symmetry in place.symmetries:
            if symmetry == 0:
                continue
            assert min(window.top, window.left) >= 0
            assert max(window.top + window.height, window.left + window.width) <= 64
            x1, y1, x2, y2 = turn_box(box, window, symmetry)
            # The middle moves by no more than a pixel, and the size is kept or swapped.
            if not fractions and box.min() >= 0 and box.max() <= 64:
                assert np.hypot(x1 + x2 - box[0] - box[2], y1 + y2 - box[1] - box[3]) <= 2
            sizes = sorted([x2 - x1, y2 - y1])
            assert sizes == pytest.approx(sorted([box[2] - box[0], box[3] - box[1]]), abs=1e-3)
            for other in np.delete(boxes, number, axis=0):
                apart = (
                    other[2] <= window.left
                    or other[0] >= window.left + window.width
                    or other[3] <= window.top
                    or other[1] >= window.top + window.height
                )
                outside = other[0] >= 64 or other[1] >= 64 or other[2] <= 0 or other[3] <= 0
                assert apart or outside


def test_boxes_of_even_size_are_turned_in_place():
    for side in (2, 3, 4, 5):
        place = box_windows(_box(20, 20, 20 + side, 20 + side), (64, 64))[0]
        for symmetry in range(8):
            assert turn_box((20, 20, 20 + side, 20 + side), place.window, symmetry) == (
                20,
                20,
                20 + side,
                20 + side,
            )


def test_where_two_tracks_cross_both_rest_and_turn_again_after_it():
    frames = [_box(10 + t, 20, 14 + t, 24, 40 - t, 20, 44 - t, 24) for t in range(31)]
    windows = [box_windows(boxes, (48, 64)) for boxes in frames]
    tracks = [(0, 1)] * len(frames)
    possible = open_symmetries(tracks, windows)
    assert possible == {0: tuple(range(8)), 1: tuple(range(8))}
    done = [frame_symmetries((0, 1), places, {0: 1, 1: 6}) for places in windows]
    resting = [t for t, symmetries in enumerate(done) if symmetries == [0, 0]]
    assert resting == list(range(resting[0], resting[-1] + 1))
    assert 15 in resting
    assert len(resting) < 15
    # A flip fits in a window that is no larger than the box: the second rests for less long.
    assert {tuple(s) for t, s in enumerate(done) if t < resting[0] - 6} == {(1, 6)}
    assert {tuple(s) for t, s in enumerate(done) if t > resting[-1] + 6} == {(1, 6)}


def test_a_track_that_rests_for_most_of_its_frames_is_not_turned_at_all():
    # Ten frames along the upper border, four free of it.
    frames = [
        _box(10 + 4 * t, 0 if t < 10 else 20, 13 + 4 * t, 3 if t < 10 else 23) for t in range(14)
    ]
    windows = [box_windows(boxes, (48, 96)) for boxes in frames]
    assert open_symmetries([(7,)] * 14, windows) == {7: (0, 4)}


def test_pixels_without_a_box_are_kept_clear_of():
    boxes = _box(20, 20, 23, 23)
    mask = np.zeros((64, 64), bool)
    mask[20:23, 20:23] = True
    alone = box_windows(boxes, (64, 64), mask=mask)[0]
    mask[20:23, 25] = True
    beside = box_windows(boxes, (64, 64), mask=mask)[0]
    assert alone.margin == 3
    assert beside.window.left + beside.window.width <= 25
    assert box_windows(boxes, (64, 64), mask=np.zeros((64, 64), bool))[0] == alone


def test_boxes_outside_of_the_frame_are_left():
    windows = box_windows(_box(-9, 3, -2, 8, 70, 3, 75, 8, 20, 20, 24, 24), (64, 64))
    assert [place.symmetries for place in windows[:2]] == [(0,), (0,)]
    assert len(windows[2].symmetries) == 8
    assert box_windows(np.zeros((0, 4), np.float32), (64, 64)) == []


def test_linking_follows_targets_that_cross_and_that_are_out_of_sight():
    frames = []
    for t in range(20):
        boxes = [[2 * t, 10, 2 * t + 3, 13], [38 - 2 * t, 11, 41 - 2 * t, 14]]
        frames.append(_box(*boxes[t % 2], *boxes[1 - t % 2]))
    linked = link_boxes(frames)
    assert [names if t % 2 == 0 else names[::-1] for t, names in enumerate(linked)] == [(0, 1)] * 20
    lost = [frames[0][:1], frames[0][:0], frames[2][:1], *[frames[0][:0]] * 5, frames[8][:1]]
    assert [names for names in link_boxes(lost) if names] == [(0,), (0,), (1,)]


def test_linking_nothing_gives_nothing():
    assert link_boxes([]) == []
    assert link_boxes([_box(), _box()]) == [(), ()]
