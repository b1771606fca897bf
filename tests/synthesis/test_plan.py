from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sirst5k import Plan, Recipe
from sirst5k.errors import DatasetError


def reference(**sets: object) -> Recipe:
    return Recipe.load("reference").override(
        [f"{key.replace('__', '.')}={value}" for key, value in sets.items()]
    )


def test_reference_names_and_order() -> None:
    recipe = reference(displacement__weights=[0.1, 0.25], negatives__patch_sizes=[3, 32])
    plan = Plan(["a"], recipe, {"a": 2}.__getitem__)
    names = [variant.id for variant in plan]
    assert len(plan) == len(names) == len(set(names)) == 1 + 2 * 2 * 4 * 2
    assert names[:3] == ["a", "a_w0.1_p3_k0_j0", "a_w0.1_p3_k1_j0"]
    assert names[-1] == "a_w0.25_p32_k3_j1"
    assert plan[0].is_original


def test_an_image_without_targets_has_no_published_negatives() -> None:
    plan = Plan(["a", "empty", "b"], reference(), {"a": 1, "empty": 0, "b": 1}.__getitem__)
    sources = [variant.source_id for variant in plan]
    assert sources == ["a"] * 5 + ["empty"] + ["b"] * 5
    bare = Plan(["empty", "b"], reference(originals="false"), {"empty": 0, "b": 1}.__getitem__)
    assert [variant.source_id for variant in bare] == ["b"] * 4


@given(
    counts=st.lists(st.integers(0, 4), max_size=8),
    originals=st.booleans(),
    variants=st.integers(1, 3),
)
def test_indexing_agrees_with_iteration(counts: list[int], originals: bool, variants: int) -> None:
    ids = [f"s{place}" for place in range(len(counts))]
    recipe = reference(originals=str(originals).lower(), variants=variants)
    plan = Plan(ids, recipe, dict(zip(ids, counts, strict=True)).__getitem__)
    listed = list(plan)
    assert len(listed) == sum(originals + 4 * count * variants for count in counts)
    assert [plan[index] for index in range(len(plan))] == listed
    assert plan[:] == listed
    if listed:
        assert plan[-1] == listed[-1]
    assert len({variant.id for variant in listed}) == len(listed)
    addresses = {(variant.source_id, variant.number) for variant in listed}
    assert len(addresses) == len(listed)
    with pytest.raises(IndexError):
        plan[len(plan)]


def test_a_long_plan_is_computed_on_demand() -> None:
    recipe = Recipe.load("sirst5k").override(["variants=30000", "originals=false"])
    began = time.process_time()
    plan = Plan([f"s{place}" for place in range(400)], recipe)
    assert len(plan) == 12_000_000
    assert plan[9_999_999].id == "s333_v9999"
    assert time.process_time() - began < 10  # 0.1 s here; making each would take minutes


def test_the_default_recipe_is_planned_without_looking_at_masks() -> None:
    def refuse(name: str) -> int:
        raise AssertionError(name)

    assert len(Plan(["a", "b"], Recipe.load("sirst5k"), refuse)) == 18


@pytest.mark.parametrize(
    ("ids", "reserved"),
    [(["a", "a_v3"], []), (["a"], ["a_v0"]), (["a", "a_w0.1_p3_k0_j0"], [])],
)
def test_names_that_would_clash_are_refused(ids: Sequence[str], reserved: Sequence[str]) -> None:
    with pytest.raises(DatasetError, match="bears the name"):
        Plan(ids, Recipe.load("sirst5k")).check_names(reserved)


def test_names_that_only_look_like_variants_are_fine() -> None:
    Plan(["scene_v1", "scene_v2"], Recipe.load("sirst5k")).check_names(["other_v0"])
