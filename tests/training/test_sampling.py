"""Batches are functions of seed and step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sirst5k.errors import ParameterError
from sirst5k.training.sampling import NegativeBatches, ShuffledBatches


@given(st.integers(1, 60), st.integers(1, 20), st.booleans(), st.integers(0, 5))
def test_an_epoch_holds_every_frame_at_most_once(
    frames: int, size: int, drop_last: bool, seed: int
) -> None:
    batches = ShuffledBatches(frames, size, drop_last, seed)
    for epoch in range(2):
        steps = range(epoch * batches.per_epoch, (epoch + 1) * batches.per_epoch)
        drawn = np.concatenate([batches.at(step) for step in steps])
        if frames < size and drop_last:
            assert len(drawn) == size
            assert set(drawn.tolist()) == set(range(frames))
            continue
        assert len(set(drawn.tolist())) == len(drawn)
        left_out = frames - len(drawn)
        assert left_out == (frames % size if drop_last else 0)


def test_batches_follow_from_seed_and_step_alone() -> None:
    one, two = ShuffledBatches(37, 5, seed=3), ShuffledBatches(37, 5, seed=3)
    late = two.at(100)
    assert all((one.at(step) == two.at(step)).all() for step in range(30))
    assert (one.at(100) == late).all()
    assert (ShuffledBatches(37, 5, seed=4).at(0) != one.at(0)).any()
    epochs = [tuple(one.at(epoch * one.per_epoch)) for epoch in range(6)]
    assert len(set(epochs)) == 6


def test_all_variants_of_an_image_make_one_batch() -> None:
    parents = ["a", "b", "a", "c", "b", "a"]
    batches = NegativeBatches(parents, seed=1)
    assert (batches.per_epoch, batches.largest) == (3, 3)
    for epoch in range(3):
        drawn = [batches.at(epoch * 3 + place) for place in range(3)]
        assert sorted(map(tuple, drawn)) == [(0, 2, 5), (1, 4), (3,)]


@pytest.mark.parametrize("numbers", [(0, 4), (4, 0)])
def test_nothing_to_draw_from_is_refused(numbers: tuple[int, int]) -> None:
    with pytest.raises(ParameterError, match="at least one frame"):
        ShuffledBatches(*numbers)
    with pytest.raises(ParameterError, match="at least one frame"):
        NegativeBatches([])
