"""Boxes, points and further masks follow their pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transform_scenes import make_frame

from sirst5k.components import find_targets
from sirst5k.negatives import PatchWindow
from sirst5k.transforms import (
    Compose,
    Motion,
    NegativeRotation,
    TargetPaste,
    move_boxes,
    move_plane,
    move_points,
)


def boxes_of(mask: np.ndarray) -> np.ndarray:
    rows = [(t.left, t.top, t.right, t.bottom) for t in find_targets(mask)]
    return np.array(rows, float).reshape(-1, 4)


def centroids_of(mask: np.ndarray) -> np.ndarray:
    return np.array([(t.x, t.y) for t in find_targets(mask)], float).reshape(-1, 2)


def in_order(rows: np.ndarray) -> np.ndarray:
    return np.array(sorted(np.round(rows, 6).tolist()))


@st.composite
def motions(draw: st.DrawFn) -> tuple[Motion, tuple[int, int]]:
    """Draw a window inside a 14×16 scene and a symmetry that it can stand."""
    symmetry = draw(st.integers(0, 7))
    height = draw(st.integers(1, 9))
    width = height if symmetry % 2 else draw(st.integers(1, 9))
    top, left = draw(st.integers(0, 14 - height)), draw(st.integers(0, 16 - width))
    return Motion(PatchWindow(top, left, height, width), top, left, symmetry), (14, 16)


@given(motions(), st.integers(0, 13), st.integers(0, 15))
def test_a_pixel_its_box_and_its_point_go_together(
    drawn: tuple[Motion, tuple[int, int]], y: int, x: int
) -> None:
    motion, shape = drawn
    plane = np.zeros(shape, bool)
    plane[y, x] = True
    moved = np.argwhere(move_plane(plane, [motion]))
    assert len(moved) == 1
    ((row, column),) = moved.tolist()
    point = move_points(np.array([[x, y, 9.0]]), [motion])
    box = move_boxes(np.array([[x, y, x + 1, y + 1, 7]]), [motion])
    assert point.tolist() == [[column, row, 9.0]]
    assert box.tolist() == [[column, row, column + 1, row + 1, 7]]
    assert box.dtype == int


@given(motions())
def test_a_box_of_the_whole_window_covers_it_afterwards(
    drawn: tuple[Motion, tuple[int, int]],
) -> None:
    window = drawn[0].window
    right, bottom = window.left + window.width, window.top + window.height
    box = np.array([[window.left, window.top, right, bottom]], float)
    assert np.array_equal(move_boxes(box, [drawn[0]]), box)


def test_a_copy_takes_its_pixels_and_leaves_them() -> None:
    plane = np.zeros((12, 12), np.int32)
    plane[1:3, 1:4] = [[5, 0, 0], [5, 5, 8]]  # 8 is a neighbour's
    own = plane[1:3, 1:4] == 5
    copy = Motion(PatchWindow(1, 1, 2, 3), 6, 7, 1, own)
    moved = move_plane(plane, [copy])
    assert np.array_equal(moved[:4, :5], plane[:4, :5])
    assert moved[6:9, 7:9].tolist() == [[0, 0], [0, 5], [5, 5]]
    boxes = move_boxes(np.array([[1, 1, 4, 3, 1.0], [8, 8, 9, 9, 2]]), [copy])
    assert boxes.tolist() == [[1, 1, 4, 3, 1], [8, 8, 9, 9, 2], [7, 6, 9, 9, 1]]
    points = move_points(np.array([[1, 1], [9, 1]]), [copy])
    assert points.tolist() == [[1, 1], [9, 1], [7, 8]]


@pytest.mark.parametrize("seam", ["hard", "feather"])
def test_target_boxes_and_centroids_follow_a_rotation(seam: str) -> None:
    image, mask = make_frame(targets=3)
    turn = NegativeRotation(seam=seam, p=1.0)
    moved = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        result = turn(image, mask, rng, boxes=boxes_of(mask), points=centroids_of(mask))
        assert np.array_equal(in_order(result["boxes"]), in_order(boxes_of(result["mask"])))
        assert np.allclose(in_order(result["points"]), in_order(centroids_of(result["mask"])))
        moved += not np.array_equal(result["boxes"], boxes_of(mask))
    assert moved > 6


def test_pasted_targets_bring_their_boxes() -> None:
    image, mask = make_frame((120, 160), targets=3)
    change = Compose([NegativeRotation(p=1.0), TargetPaste(count_range=(2, 3), p=1.0)])
    more = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        result = change(image, mask, rng, boxes=boxes_of(mask), points=centroids_of(mask))
        assert np.array_equal(in_order(result["boxes"]), in_order(boxes_of(result["mask"])))
        assert np.allclose(in_order(result["points"]), in_order(centroids_of(result["mask"])))
        more += len(result["boxes"]) > 3
    assert more > 6


def test_what_lies_elsewhere_stays() -> None:
    image, mask = make_frame()
    boxes = np.array([[-9, -9, -3, -2], [200, 300, 210, 310], [50, 3, 50, 3]], float)
    points = np.array([[-5, 4.5], [96, 10], [60, 1]])
    result = NegativeRotation(p=1.0)(
        image, mask, np.random.default_rng(0), boxes=boxes, points=points
    )
    assert np.array_equal(result["boxes"], boxes)
    assert np.array_equal(result["points"], points)


@pytest.mark.parametrize("empty", [[], np.zeros((0, 4)), np.zeros((0, 5), int)])
def test_no_boxes_are_no_boxes(empty: object) -> None:
    image, mask = make_frame()
    result = NegativeRotation(p=1.0)(image, mask, np.random.default_rng(0), boxes=empty)
    assert result["boxes"].shape[0] == 0
    assert result["boxes"].shape[1] >= 4


def test_lists_of_rows_do_as_well() -> None:
    image, mask = make_frame()
    rows = boxes_of(mask).tolist()
    a = NegativeRotation(p=1.0)(image, mask, np.random.default_rng(1), boxes=rows)
    b = NegativeRotation(p=1.0)(image, mask, np.random.default_rng(1), boxes=np.array(rows))
    assert np.array_equal(a["boxes"], b["boxes"])
