"""Several transforms as one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from transform_scenes import make_bank, make_frame

from sirst5k.errors import ParameterError
from sirst5k.transforms import (
    ClutterDecoys,
    Compose,
    NegativeRotation,
    NoiseDisplacement,
    OneOf,
    TargetPaste,
    operations,
)

IMAGE, MASK = make_frame()


def test_one_of_weighs_by_p_and_applies_the_chosen_for_certain() -> None:
    change = OneOf([NegativeRotation(p=0.1), ClutterDecoys(p=0.0), TargetPaste(p=0.3)])
    rng = np.random.default_rng(0)
    drawn = [change.draw(IMAGE, MASK, rng) for _ in range(400)]
    chosen = Counter(params["index"] for params in drawn)
    assert chosen[1] == 0
    assert 60 < chosen[0] < 140
    assert all(params["part"]["op"] in ("turn", "paste") for params in drawn)


def test_a_pipeline_inside_one_of_keeps_its_parts_p() -> None:
    change = OneOf([Compose([NegativeRotation(p=0.5)], p=0.01)])
    rng = np.random.default_rng(0)
    ops = Counter(len(operations(change.draw(IMAGE, MASK, rng))) for _ in range(200))
    assert 70 < ops[1] < 130


def test_parts_see_the_scene_that_those_before_have_left() -> None:
    """A pasted target is turned as well, and noise is added to it."""
    change = Compose([TargetPaste(count_range=(1, 1), p=1.0), NegativeRotation(p=1.0)])
    params = change.draw(IMAGE, MASK, np.random.default_rng(3))
    pasted, turned = params["parts"]
    assert len(pasted["pasted"]) == 1
    assert len(turned["turns"]) == 3


def test_parts_draw_one_after_the_other_from_one_generator() -> None:
    parts = [NegativeRotation(p=0.5), NoiseDisplacement(make_bank(), canvas=2, p=0.5)]
    rng, by_hand = np.random.default_rng(4), np.random.default_rng(4)
    by_hand.random()  # what the p of the group is compared with
    image, mask = parts[1](*parts[0](IMAGE, MASK, by_hand), by_hand)
    together = Compose(parts)(IMAGE, MASK, rng)
    assert np.array_equal(together[0], image)
    assert np.array_equal(together[1], mask)


def test_an_empty_pipeline_changes_nothing() -> None:
    change = Compose([])
    image, mask = change(IMAGE, MASK, np.random.default_rng(0))
    assert np.array_equal(image, IMAGE)
    assert np.array_equal(mask, MASK)
    assert change.draw(IMAGE, MASK) == {"op": "sequence", "parts": []}


def test_groups_of_anything_else_are_refused() -> None:
    with pytest.raises(ParameterError, match="Compose: expected transforms"):
        Compose([lambda image, mask: (image, mask)])  # type: ignore[list-item]
