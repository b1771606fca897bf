"""Boxes from maps of probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from sirst5k.errors import ParameterError
from sirst5k.evaluation.clips import boxes_of_map


def test_a_component_is_a_box_with_its_largest_probability() -> None:
    probability = np.zeros((20, 30), np.float32)
    probability[3:6, 4:9] = 0.6
    probability[4, 5] = 0.8
    found = boxes_of_map(probability)
    assert found.boxes.tolist() == [[4, 3, 9, 6]]
    assert found.scores.tolist() == pytest.approx([0.8])
    assert found.classes.tolist() == [0]


def test_surer_detections_keep_their_extent_at_lower_levels() -> None:
    """A halo of 0.3 around a core of 0.9 neither widens its box nor is a box of its own."""
    probability = np.zeros((20, 20), np.float32)
    probability[2:12, 2:12] = 0.3
    probability[5:8, 5:8] = 0.9
    probability[15:17, 15:18] = 0.35
    found = boxes_of_map(probability)
    assert found.boxes.tolist() == [[5, 5, 8, 8], [15, 15, 18, 17]]
    assert found.scores.tolist() == pytest.approx([0.9, 0.35])
    assert len(boxes_of_map(probability, levels=(0.5,))) == 1


def test_the_surest_are_kept_where_there_are_too_many() -> None:
    probability = np.zeros((20, 40), np.float32)
    probability[1, 1::4] = np.linspace(0.55, 0.9, 10)
    found = boxes_of_map(probability, most=3)
    assert found.scores.tolist() == pytest.approx(np.linspace(0.55, 0.9, 10)[:-4:-1].tolist())


def test_silence_has_no_box() -> None:
    assert len(boxes_of_map(np.zeros((5, 5), np.float32))) == 0


@pytest.mark.parametrize("levels", [(), (0.5, 0.5), (0.2, 0.5), (1.0,)])
def test_levels_fall(levels: tuple) -> None:
    with pytest.raises(ParameterError, match="levels"):
        boxes_of_map(np.zeros((5, 5), np.float32), levels)
