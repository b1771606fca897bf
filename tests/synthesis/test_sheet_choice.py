"""What a contact sheet shows: spread, telling, and always the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sirst5k.errors import DatasetError
from sirst5k.negatives import PatchWindow
from sirst5k.synthesis.sheet_choice import (
    Turn,
    check_ids,
    choose_samples,
    choose_variants,
    main_target,
    turns_of,
)

Operations = list[dict[str, Any]]


def adaptive(*symmetries: int, side: int = 9) -> Operations:
    turns = [
        {"target": k, "window": [k, k, side + k, side + k], "margin": 3, "symmetry": symmetry}
        for k, symmetry in enumerate(symmetries)
    ]
    return [
        {"op": "turn", "method": "adaptive", "seam": "hard", "turns": turns},
        {"op": "displace", "method": "residual", "field": "spectral"},
    ]


def patch(target: int, symmetry: int) -> Operations:
    turn = {"op": "turn", "method": "patch", "target": target, "window": [1, 2, 2, 2]}
    return [{"op": "displace", "method": "mixup"}, {**turn, "symmetry": symmetry}]


def test_turns_of_both_methods() -> None:
    assert turns_of(patch(1, 3)) == [Turn(1, PatchWindow(1, 2, 2, 2), 3)]
    assert turns_of(adaptive(0, 5)) == [
        Turn(0, PatchWindow(0, 0, 9, 9), 0),
        Turn(1, PatchWindow(1, 1, 10, 10), 5),
    ]
    assert turns_of([]) == turns_of([{"op": "displace"}]) == []


def test_main_target_is_turned_most_then_largest() -> None:
    assert main_target([adaptive(1, 0), adaptive(2, 3)]) == 0
    assert main_target([adaptive(1, 1)]) == 1  # the second window is larger
    assert main_target([patch(0, 0), patch(0, 1), patch(1, 0), patch(1, 2)]) == 0
    assert main_target([[], [{"op": "displace"}]]) is None


def test_variants_that_turn_the_main_target_come_first() -> None:
    candidates = [patch(j, k) for j in (0, 1) for k in (0, 1, 2, 3)]
    assert choose_variants(candidates, 3) == [1, 2, 3]
    assert choose_variants(candidates, 2) == [1, 3]
    cycle = [adaptive(k) for k in range(8)]
    assert choose_variants(cycle, 3) == [1, 4, 7]
    assert choose_variants(cycle, 8) == list(range(8))


@given(st.integers(0, 12), st.integers(1, 14))
def test_any_number_of_variants(candidates: int, count: int) -> None:
    chosen = choose_variants([[] for _ in range(candidates)], count)
    assert len(chosen) == len(set(chosen)) == min(candidates, count)
    assert chosen == sorted(chosen)


@given(st.integers(1, 40), st.integers(1, 8), st.integers(0, 3))
def test_samples_are_spread_and_repeatable(total: int, count: int, seed: int) -> None:
    ids = [f"Misc_{k}" for k in range(total)]
    chosen = choose_samples(ids, count, seed, lambda name: True)
    assert chosen == choose_samples(ids, count, seed, lambda name: True)
    places = [ids.index(name) for name in chosen]
    count = min(count, total)
    assert len(places) == count
    for part, place in enumerate(places):
        assert part * total // count <= place < (part + 1) * total // count


def test_seeds_choose_differently() -> None:
    ids = [f"Misc_{k}" for k in range(300)]
    assert len({tuple(choose_samples(ids, 2, seed, lambda name: True)) for seed in range(5)}) > 1


def test_empty_samples_are_passed_over_if_possible() -> None:
    ids = [f"Misc_{k}" for k in range(12)]
    with_target = {"Misc_1", "Misc_9"}
    for seed in range(5):
        chosen = choose_samples(ids, 3, seed, with_target.__contains__)
        assert {"Misc_1", "Misc_9"} <= set(chosen)
        assert len(chosen) == 3


def test_kinds_are_shown_side_by_side() -> None:
    ids = [f"{('sky', 'sea', 'urban')[k % 3]}_{k:04d}" for k in range(60)]
    for seed in range(5):
        chosen = choose_samples(ids, 3, seed, lambda name: True)
        assert {name.partition("_")[0] for name in chosen} == {"sky", "sea", "urban"}


def test_unknown_ids_get_the_nearest() -> None:
    known = [f"Misc_{k}" for k in range(1000)]
    check_ids(["Misc_7", "Misc_999"], known, "here")
    with pytest.raises(DatasetError, match=r"'Misc_7x' in here\. Did you mean 'Misc_7'"):
        check_ids(["Misc_3", "Misc_7x"], known, "here")
    with pytest.raises(DatasetError, match=r"There are 1000, as 'Misc_0'\.$") as error:
        check_ids(["zebra"], known, "here")
    assert len(str(error.value)) < 100
