"""What is held out follows from the names alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sirst5k.errors import ParameterError, SplitError
from sirst5k.training.holdout import hold_out

NAMES = st.lists(st.text(max_size=6), min_size=2, max_size=60, unique=True)
SHARES = st.floats(0.01, 0.99)


def held(ids: list[str], fraction: float, salt: str = "sirst5k-validation") -> set[str]:
    return {ids[index] for index in hold_out(ids, fraction, salt)[1]}


@given(NAMES, SHARES)
def test_parts_are_disjoint_complete_and_of_the_exact_size(ids: list[str], share: float) -> None:
    training, out = hold_out(ids, share)
    assert sorted([*training, *out]) == list(range(len(ids)))
    assert (np.diff(training) > 0).all()
    assert (np.diff(out) > 0).all()
    assert len(out) == min(max(round(share * len(ids)), 1), len(ids) - 1)


@given(NAMES, SHARES, st.randoms())
def test_the_order_does_not_matter(ids: list[str], share: float, random: object) -> None:
    shuffled = list(ids)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert held(ids, share) == held(shuffled, share)


@given(NAMES, SHARES, SHARES)
def test_a_larger_share_holds_out_the_same_and_more(ids: list[str], one: float, two: float) -> None:
    assert held(ids, min(one, two)) <= held(ids, max(one, two))


@given(NAMES, st.lists(st.text(max_size=6), max_size=20), SHARES)
def test_added_images_move_others_in_one_direction_only(
    ids: list[str], added: list[str], share: float
) -> None:
    before = held(ids, share)
    after = held([*ids, *(name for name in dict.fromkeys(added) if name not in ids)], share)
    after &= set(ids)
    assert before <= after or after <= before


@given(NAMES, SHARES, st.data())
def test_variants_follow_their_image(ids: list[str], share: float, data: st.DataObject) -> None:
    parents = data.draw(st.lists(st.sampled_from(ids), max_size=40)) + ids
    assert held(parents, share) == held(ids, share)
    training, out = hold_out(parents, share)
    assert not {parents[index] for index in training} & {parents[index] for index in out}


def test_the_choice_is_fixed_for_all_time() -> None:
    ids = [f"Misc_{number}" for number in range(1, 21)]
    assert held(ids, 0.2) == {"Misc_2", "Misc_3", "Misc_4", "Misc_12"}
    assert held(ids, 0.2) != held(ids, 0.2, salt="another")


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_that_leaves_nothing_is_refused(fraction: float) -> None:
    with pytest.raises(ParameterError, match="between 0 and 1"):
        hold_out(["a", "b"], fraction)


@pytest.mark.parametrize("ids", [[], ["a"], ["a", "a"]])
def test_too_few_images_are_refused(ids: list[str]) -> None:
    with pytest.raises(SplitError, match="at least two"):
        hold_out(ids, 0.5)
