"""A transform and the synthesis make the same pixels of the same parameters."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tiny import make_tiny
from transform_scenes import make_bank

from sirst5k import Recipe, SyntheticDataset, open_dataset
from sirst5k.sample import Sample
from sirst5k.synthesis.parameters import ClutterDecoys as Decoys
from sirst5k.synthesis.parameters import MatchedPaste, MixupDisplacement, PatchNegatives
from sirst5k.transforms import ClutterDecoys, TargetPaste, from_recipe, replay

SIRST5K, REFERENCE = Recipe.load("sirst5k"), Recipe.load("reference")
EVERYTHING = replace(
    SIRST5K, paste=MatchedPaste(guard=1, max_stretch=50.0), decoys=Decoys((1, 2), guard=0)
)
RECIPES = {
    "sirst5k": SIRST5K,
    "reference": REFERENCE,
    "reference-wide": replace(
        REFERENCE,
        size=64,
        displacement=MixupDisplacement("resize", (0.1, 0.4)),
        negatives=PatchNegatives((3, 9, 32), (1, 3)),
    ),
    "everything": EVERYTHING,
    "mixed-first": replace(EVERYTHING, displacement=MixupDisplacement("spectral", (0.2,))),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("data"), n=3, size=(80, 96))


def prepared(synthetic: SyntheticDataset, source_id: str) -> Sample:
    """Return the source at the recipe's size; resizing is no transform's business."""
    sample, size = synthetic.dataset.get(source_id), synthetic.recipe.size
    if size is None:
        return sample
    image = cv2.resize(sample.image, (size, size), interpolation=cv2.INTER_LINEAR)
    mask = cv2.resize(
        sample.mask.view(np.uint8), (size, size), interpolation=cv2.INTER_NEAREST_EXACT
    )
    return Sample(sample.id, image, mask.view(np.bool_))


def assert_same(result: Any, sample: Sample) -> None:
    assert np.array_equal(result[0], sample.image)
    assert np.array_equal(result[1], sample.mask)
    assert result[0].dtype == sample.image.dtype


@pytest.mark.parametrize("name", RECIPES)
def test_same_parameters_give_the_same_pixels(name: str, folder: Path) -> None:
    recipe = RECIPES[name]
    synthetic = SyntheticDataset(open_dataset(folder, "train"), recipe, make_bank(), seed=5)
    change = from_recipe(recipe, synthetic.bank)
    seen: set[str] = set()
    for sample in synthetic:
        steps = json.loads(json.dumps(sample.meta["operations"]))
        if not steps:  # an original, of its own size
            continue
        source = prepared(synthetic, sample.meta["parent"])
        assert_same(replay(source.image, source.mask, steps, synthetic.bank), sample)
        params = {"op": "sequence", "parts": steps}
        assert_same(change.apply(source.image, source.mask, params), sample)
        seen |= {step["op"] for step in steps}
        seen |= {"pasted" for step in steps if step.get("pasted")}
        seen |= {"added" for step in steps if step.get("added")}
    wanted = {"displace", "turn"}
    if recipe.paste is not None:
        wanted |= {"paste", "pasted", "decoys", "added"}
    assert seen == wanted


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("canvas", [0, 4])
def test_what_a_transform_records_the_synthesis_replays(
    name: str, canvas: int, folder: Path
) -> None:
    """Without a canvas a transform's history is a synthesis' history, key for key."""
    recipe = RECIPES[name]
    synthetic = SyntheticDataset(open_dataset(folder, "train"), recipe, make_bank(), seed=5)
    change = from_recipe(recipe, synthetic.bank, canvas=canvas)
    source = prepared(synthetic, synthetic.dataset.ids[0])
    for seed in range(3):
        made = change(source, rng=np.random.default_rng(seed))
        steps = made.meta["operations"]
        if canvas and recipe.displacement is not None and recipe.displacement.field != "resize":
            assert any("canvas" in step for step in steps)
            continue
        assert_same((made.image, made.mask), synthetic.replay("x", source.id, steps))
        keys = [set(step) for step in synthetic[1].meta["operations"]]
        assert [set(step) for step in steps] == keys


@pytest.mark.parametrize("kind", ["paste", "decoys"])
def test_one_operation_alone_draws_as_the_synthesis_does(kind: str, folder: Path) -> None:
    """From the same generator: these have no choice that a plan makes for them."""
    from sirst5k.synthesis.decoying import draw_decoys
    from sirst5k.synthesis.pasting import draw_paste

    sample = open_dataset(folder, "train")[0]
    rng = np.random.default_rng(1)
    transform = (TargetPaste if kind == "paste" else ClutterDecoys)(p=1.0)
    drawn = transform.draw(sample.image, sample.mask, np.random.default_rng(1))
    rng.random()  # what p is compared with
    if kind == "paste":
        assert drawn == draw_paste(MatchedPaste(), sample.image, sample.mask, rng)
    else:
        assert drawn == draw_decoys(Decoys(), sample.image, sample.mask, rng)


def test_recipes_come_in_the_order_of_the_synthesis() -> None:
    bank = make_bank()
    names = {
        name: [part.name for part in from_recipe(recipe, bank).transforms]
        for name, recipe in RECIPES.items()
    }
    assert names["sirst5k"] == ["NegativeRotation", "NoiseDisplacement"]
    assert names["reference"] == ["NoiseDisplacement", "NegativeRotation"]
    full = ["NegativeRotation", "TargetPaste", "ClutterDecoys"]
    assert names["everything"] == [*full, "NoiseDisplacement"]
    assert names["mixed-first"] == ["NoiseDisplacement", *full]


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_keep_every_parameter(name: str, tmp_path: Path) -> None:
    recipe = RECIPES[name]
    bank = make_bank()
    recipe.save(tmp_path / "recipe.yaml")
    for given in (recipe, str(tmp_path / "recipe.yaml"), tmp_path / "recipe.yaml"):
        parts = {part.op: part for part in from_recipe(given, bank).transforms}
        assert parts["displace"].settings == recipe.displacement
        assert parts["turn"].settings == recipe.negatives
        assert all(part.p == 1 for part in parts.values())
        if recipe.paste is not None:
            assert parts["paste"].settings == recipe.paste
            assert parts["decoys"].settings == recipe.decoys
