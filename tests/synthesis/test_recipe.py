from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import sirst5k.synthesis
from sirst5k import Recipe
from sirst5k.errors import RecipeError
from sirst5k.synthesis import built_in_recipes
from sirst5k.synthesis.parameters import (
    AdaptiveNegatives,
    AdaptiveSampling,
    ClutterDecoys,
    MatchedPaste,
    MixupDisplacement,
    PatchNegatives,
    PublishedSampling,
    ResidualDisplacement,
)

counts = st.tuples(st.integers(0, 9), st.integers(9, 20))
ranges = st.tuples(st.floats(0, 10), st.floats(0, 10)).map(lambda pair: tuple(sorted(pair)))
recipes = st.builds(
    Recipe,
    name=st.text(min_size=1, max_size=12),
    size=st.none() | st.integers(8, 4096),
    originals=st.booleans(),
    variants=st.integers(1, 10**6),
    displacement=st.none()
    | st.builds(
        MixupDisplacement,
        field=st.sampled_from(["resize", "spectral", "tile"]),
        weights=st.lists(st.sampled_from([0.1, 0.2, 0.5, 1.0]), min_size=1, unique=True).map(tuple),
    )
    | st.builds(
        ResidualDisplacement,
        gain_range=ranges,
        signal_dependence=st.floats(0, 1),
        scr_range=st.none() | ranges,
    ),
    negatives=st.none()
    | st.builds(
        PatchNegatives,
        patch_sizes=st.lists(st.sampled_from([3, 5, 7, 9, 32]), min_size=1, unique=True).map(tuple),
    )
    | st.builds(AdaptiveNegatives, margin=st.integers(1, 50), margin_ratio=st.floats(0, 3)),
    paste=st.none()
    | st.builds(
        MatchedPaste,
        count_range=counts,
        scr_range=st.none() | st.tuples(st.floats(0.1, 5), st.floats(5, 9)),
        guard=st.integers(1, 20),
        halo=st.integers(0, 16),
        max_stretch=st.floats(1, 9),
    ),
    decoys=st.none()
    | st.builds(
        ClutterDecoys,
        count_range=counts,
        kinds=st.lists(st.sampled_from(["streak", "blob"]), min_size=1, unique=True).map(tuple),
        contrast_range=ranges,
        guard=st.integers(0, 20),
    ),
    sampling=st.builds(PublishedSampling, size=st.integers(4, 99))
    | st.builds(AdaptiveSampling, quantile=st.floats(0, 1), tolerance=st.floats(1, 9)),
)


@example(recipe=Recipe(name="\x85"))
@example(recipe=Recipe(name="a\u2028b\n"))
@example(recipe=Recipe(name="0E0"))
@given(recipe=recipes)
def test_recipes_survive_yaml(recipe: Recipe) -> None:
    assert Recipe.from_text(recipe.to_text()) == recipe


@pytest.mark.parametrize("name", built_in_recipes())
def test_built_in_recipes_load_and_save(name: str, tmp_path: Path) -> None:
    recipe = Recipe.load(name)
    assert recipe.name == name
    recipe.save(tmp_path / "recipe.yaml")
    assert Recipe.load(tmp_path / "recipe.yaml") == recipe


def test_reference_is_the_published_set() -> None:
    recipe = Recipe.load("reference")
    assert recipe.size == 256
    assert recipe.originals
    assert recipe.displacement == MixupDisplacement("resize", (0.1,))
    assert recipe.negatives == PatchNegatives((3,), (0, 1, 2, 3))


def test_set_takes_dotted_keys_and_yaml_values() -> None:
    reference = Recipe.load("reference")
    changed = reference.override(
        ["negatives.patch_sizes=[3,32]", "displacement.weights=[0.1]", "size=null"]
    )
    assert changed == replace(reference, size=None, negatives=PatchNegatives((3, 32)))
    assert reference.override(["displacement=null"]).displacement is None


def test_another_method_starts_from_its_defaults() -> None:
    recipe = Recipe.load("sirst5k").override(
        ["displacement.weights=[0.3]", "displacement.method=mixup"]
    )
    assert recipe.displacement == MixupDisplacement("resize", (0.3,))


@pytest.mark.parametrize(("section", "kind"), [("paste", MatchedPaste), ("decoys", ClutterDecoys)])
def test_a_section_with_one_method_need_not_name_it(section: str, kind: type) -> None:
    recipe = Recipe.load("sirst5k")
    assert getattr(recipe, section) is None
    assert getattr(recipe.override([f"{section}={{}}"]), section) == kind()
    changed = recipe.override([f"{section}.count_range=[2,3]"])
    assert getattr(changed, section) == kind(count_range=(2, 3))
    assert Recipe.from_text(changed.to_text()) == changed
    assert getattr(changed.override([f"{section}=null"]), section) is None
    assert f"{section}:" not in recipes_text("reference")


def recipes_text(name: str) -> str:
    return (Path(sirst5k.synthesis.__file__).parent / f"recipes/{name}.yaml").read_text()


@pytest.mark.parametrize(
    ("assignment", "sentence"),
    [
        ("negativs.margin=3", "unknown key 'negativs'. Did you mean 'negatives'?"),
        ("negatives.margn=3", "unknown key 'negatives.margn'. Did you mean 'margin'?"),
        ("negatives.patch_sizes=[3]", "--set negatives.method=patch"),
        ("negatives.a.b=3", "unknown key 'negatives.a.b'"),
        ("variants.x=3", "unknown key 'variants.x'"),
        ("displacement.gain_range=[2, 1]", "0 <= low <= high, got"),
        ("displacement.gain_range=[1]", "low, high"),
        ("displacement.gain_range=2", "expected a list, got 2"),
        ("displacement.gain_range=[.nan, 1]", "finite number, got nan"),
        ("displacement.gain_range=[0, .inf]", "finite number, got inf"),
        ("displacement.field=spectrl", "Did you mean 'spectral'?"),
        ("displacement.signal_dependence=2", "in [0, 1], got 2.0"),
        ("displacement.method=mixin", "Did you mean 'mixup'?"),
        ("negatives.symmetries=[]", "at least one"),
        ("negatives.symmetries=[0, 0]", "each once"),
        ("negatives.symmetries=[8]", "got 8"),
        ("negatives.margin=0", "at least 1 pixel"),
        ("negatives.seam=feathr", "Did you mean 'feather'?"),
        ("negatives={}", "negatives.method: no such method None"),
        ("paste=3", "paste: expected a mapping of keys to values, got 3"),
        ("paste.method=blended", "no such method 'blended'"),
        ("paste.count_range=[2, 1]", "0 <= low <= high, got [2, 1]"),
        ("paste.count_range=[0.5, 1]", "whole number, got 0.5"),
        ("paste.scr_range=[0, 5]", "low > 0, got [0.0, 5.0]"),
        ("paste.guard=0", "at least 1 pixel, got 0"),
        ("paste.halo=17", "0 to 16 pixels, got 17"),
        ("paste.max_stretch=0.9", "at least 1, got 0.9"),
        ("paste.symmetries=[9]", "got 9"),
        ("paste.gard=2", "Did you mean 'guard'?"),
        ("decoys.kinds=[streek]", "Did you mean 'streak'?"),
        ("decoys.kinds=[]", "got none"),
        ("decoys.kinds=[blob, blob]", "each once"),
        ("decoys.contrast_range=[-1, 2]", "0 <= low <= high"),
        ("decoys.guard=-1", "pixels >= 0, got -1"),
        ("sampling.tolerance=0.5", "at least 1, got 0.5"),
        ("sampling=null", "expected a mapping"),
        ("variants=0", "at least 1, got 0"),
        ("variants=true", "whole number, got True"),
        ("variants=2.5", "whole number, got 2.5"),
        ("size=4", "8 to 16384 pixels, got 4"),
        ("originals=2", "true or false, got 2"),
        ("version=9", "version 1, got 9"),
        ("variants", "expected KEY=VALUE"),
        ("variants=[1", "no YAML value"),
    ],
)
def test_what_a_recipe_does_not_know_is_refused(assignment: str, sentence: str) -> None:
    with pytest.raises(RecipeError) as caught:
        Recipe.load("sirst5k").override([assignment])
    assert sentence in str(caught.value)


def test_weights_must_differ_in_their_name() -> None:
    with pytest.raises(RecipeError, match="differ in their name"):
        MixupDisplacement(weights=(0.1, 0.10000001))


def test_files_that_are_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="Did you mean 'reference'"):
        Recipe.load("referense")
    for text in ("[1, 2]", "a: [", "!!python/object/apply:os.system ['true']", "3", ""):
        path = tmp_path / "odd.yaml"
        path.write_text(text)
        with pytest.raises(RecipeError, match="odd.yaml"):
            Recipe.load(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="odd.yaml"):
        Recipe.load(path)
