from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from tiny import make_tiny

from sirst5k import NoiseBank, Recipe, SyntheticDataset, open_dataset
from sirst5k.components import count_targets
from sirst5k.errors import DatasetError

SETS = ["sampling.size=16", "sampling.guard=2"]


def make(tmp_path: Path, recipe: str = "sirst5k", sets=(), depth: int = 8, seed: int = 0):
    folder = make_tiny(tmp_path, n=6, bit_depth=depth, size=(64, 56))
    chosen = Recipe.load(recipe)
    if recipe == "sirst5k":
        chosen = chosen.override([*SETS, *sets])
    else:
        chosen = chosen.override(["sampling.size=16", "sampling.max_variance=500", *sets])
    return SyntheticDataset(open_dataset(folder, "train"), chosen, seed=seed)


def pixels(sample) -> bytes:
    return sample.image.tobytes() + sample.mask.tobytes()


@pytest.mark.parametrize("depth", [8, 16, 32])
@pytest.mark.parametrize("recipe", ["sirst5k", "reference"])
def test_outputs_keep_depth_and_targets(tmp_path: Path, recipe: str, depth: int) -> None:
    synthetic = make(tmp_path, recipe, depth=depth)
    dtype = {8: np.uint8, 16: np.uint16, 32: np.float32}[depth]
    for sample in synthetic:
        assert sample.image.dtype == dtype
        parent = synthetic.dataset.get(sample.meta["parent"])
        if recipe == "sirst5k":
            assert sample.shape == parent.shape
            assert count_targets(sample.mask) == count_targets(parent.mask)
            assert sample.mask.sum() == parent.mask.sum()
        elif sample.meta["operations"]:
            assert sample.shape == (256, 256)


def test_noise_has_the_recorded_strength(tmp_path: Path) -> None:
    synthetic = make(tmp_path, sets=["negatives=null", "displacement.gain_range=[2,4]"])
    for variant in synthetic.plan:
        if variant.is_original:
            continue
        sample = synthetic.make(variant)
        (operation,) = sample.meta["operations"]
        before = synthetic.dataset.get(variant.source_id).image
        change = sample.image.astype(float) - before
        # Rounding adds a twelfth of a squared grey level.
        assert change.std() == pytest.approx(np.hypot(operation["std"], 12**-0.5), rel=0.05)
        assert abs(change.mean()) < 0.05


def test_without_displacement_only_windows_change(tmp_path: Path) -> None:
    from sirst5k.synthesis.turning import turned_windows

    synthetic = make(tmp_path, sets=["displacement=null"])
    changed = 0
    for sample in synthetic:
        before = synthetic.dataset.get(sample.meta["parent"])
        outside = np.ones(sample.shape, bool)
        for operation in sample.meta["operations"]:
            for window in turned_windows(operation):
                outside[window.slices] = False
        np.testing.assert_array_equal(sample.image[outside], before.image[outside])
        np.testing.assert_array_equal(sample.mask[outside], before.mask[outside])
        np.testing.assert_array_equal(
            np.sort(sample.image[sample.mask]), np.sort(before.image[before.mask])
        )
        changed += bool((sample.image != before.image).any())
    assert changed > len(synthetic) / 2
    assert synthetic.bank is None


def test_targets_pass_through_all_symmetries(tmp_path: Path) -> None:
    synthetic = make(tmp_path)
    first = synthetic.dataset.ids[0]
    turns = [
        sample.meta["operations"][0]["turns"][0]["symmetry"]
        for sample in synthetic
        if sample.meta["parent"] == first and sample.meta["operations"]
    ]
    allowed = set(turns)
    assert len(turns) == 8
    assert all(turns.count(symmetry) == 8 // len(allowed) for symmetry in allowed)


@pytest.mark.parametrize("recipe", ["sirst5k", "reference"])
def test_an_item_depends_on_its_address_alone(tmp_path: Path, recipe: str) -> None:
    one, two = make(tmp_path, recipe), make(tmp_path, recipe)
    forwards = [pixels(one[index]) for index in range(len(one))]
    backwards = [pixels(two[index]) for index in reversed(range(len(two)))]
    assert forwards == backwards[::-1]
    copied = pickle.loads(pickle.dumps(one))
    assert pixels(copied[3]) == forwards[3]


def test_the_seed_changes_the_noise_and_nothing_else_does(tmp_path: Path) -> None:
    base, other = make(tmp_path), make(tmp_path, seed=1)
    assert pixels(base[1]) != pixels(other[1])
    subset = SyntheticDataset(base.dataset[1:3], base.recipe, base.bank)
    by_id = {sample.id: pixels(sample) for sample in subset}
    assert all(pixels(sample) == by_id[sample.id] for sample in base if sample.id in by_id)


@pytest.mark.parametrize("recipe", ["sirst5k", "reference"])
def test_recorded_operations_replay_to_the_same_pixels(tmp_path: Path, recipe: str) -> None:
    sets = [] if recipe == "reference" else ["displacement.scr_range=[2,5]"]
    synthetic = make(tmp_path, recipe, sets)
    for sample in synthetic:
        recorded = json.loads(json.dumps(sample.meta["operations"]))
        fresh = SyntheticDataset(synthetic.dataset, synthetic.recipe, synthetic.bank, seed=99)
        again = fresh.replay(sample.id, sample.meta["parent"], recorded)
        assert pixels(again) == pixels(sample)


@pytest.mark.parametrize("field", ["resize", "spectral", "tile"])
@pytest.mark.parametrize("method", ["mixup", "residual"])
def test_every_field_serves_every_displacement(tmp_path: Path, field: str, method: str) -> None:
    synthetic = make(
        tmp_path, sets=[f"displacement.method={method}", f"displacement.field={field}"]
    )
    sample = synthetic[1]
    before = synthetic.dataset.get(sample.meta["parent"]).image
    assert (sample.image != before).mean() > 0.1
    assert pixels(synthetic[1]) == pixels(sample)


def test_a_bank_of_another_depth_is_scaled(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    eight = (100 + 4 * rng.normal(size=(30, 16, 16))).astype(np.uint8)
    sixteen = make(tmp_path, depth=16, sets=["displacement.gain_range=[1,1]", "negatives=null"])
    synthetic = SyntheticDataset(sixteen.dataset, sixteen.recipe, NoiseBank.from_windows(eight))
    before = synthetic.dataset.get(synthetic[1].meta["parent"]).image
    change = synthetic[1].image.astype(float) - before
    assert change.std() == pytest.approx(4 * 257, rel=0.2)


def test_a_negative_seed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="not negative, got -1"):
        make(tmp_path, seed=-1)
