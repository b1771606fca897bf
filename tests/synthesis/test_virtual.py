from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from tiny import make_tiny

from sirst5k import NoiseBank, Recipe, SyntheticDataset, open_dataset
from sirst5k.components import count_targets, find_targets, label_targets
from sirst5k.contrast import measure_targets
from sirst5k.errors import DatasetError
from sirst5k.negatives import decoy_profile, lift_target

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


ADDED = ["paste.count_range=[1,3]", "decoys.count_range=[2,4]"]
ALONE = ["displacement=null", "negatives=null"]
EVERY_CASE = [
    pytest.param("sirst5k", [], id="sirst5k"),
    pytest.param("sirst5k", ["paste.scr_range=[3,9]", "paste.halo=0"], id="scr"),
    pytest.param("sirst5k", ["displacement.method=mixup", "displacement.field=tile"], id="mixup"),
    pytest.param("sirst5k", ["negatives=null"], id="unturned"),
    pytest.param("reference", [], id="reference"),
]


def operation_of(sample, name: str):
    return next(each for each in sample.meta["operations"] if each["op"] == name)


@pytest.mark.parametrize("depth", [8, 16, 32])
@pytest.mark.parametrize(("recipe", "sets"), EVERY_CASE)
def test_additions_replay_and_raise_the_count_by_what_was_pasted(
    tmp_path: Path, recipe: str, sets, depth: int
) -> None:
    synthetic = make(tmp_path, recipe, [*ADDED, *sets], depth)
    fresh = SyntheticDataset(synthetic.dataset, synthetic.recipe, synthetic.bank, seed=99)
    pasted = 0
    for sample in synthetic:
        if not sample.meta["operations"]:
            continue
        recorded = json.loads(json.dumps(sample.meta["operations"], allow_nan=False))
        again = fresh.replay(sample.id, sample.meta["parent"], recorded)
        assert pixels(again) == pixels(sample)
        pasted += len(operation_of(sample, "paste")["pasted"])
        if recipe == "sirst5k":
            parent = synthetic.dataset.get(sample.meta["parent"])
            added = len(operation_of(sample, "paste")["pasted"])
            assert count_targets(sample.mask) == count_targets(parent.mask) + added
    assert pasted > len(synthetic) / 2


@pytest.mark.parametrize("sets", [[], ["displacement.method=mixup"]])
def test_the_sensor_sees_the_finished_scene(tmp_path: Path, sets) -> None:
    sample = make(tmp_path, sets=[*ADDED, *sets])[1]
    order = [operation["op"] for operation in sample.meta["operations"]]
    scene = ["turn", "paste", "decoys"]
    assert order == (["displace", *scene] if sets else [*scene, "displace"])


def test_additions_leave_the_other_operations_as_they_are(tmp_path: Path) -> None:
    plain, added = make(tmp_path), make(tmp_path, sets=ADDED)
    for one, two in zip(plain, added, strict=True):
        kept = [each for each in two.meta["operations"] if each["op"] in ("turn", "displace")]
        assert kept == one.meta["operations"]


def test_nothing_but_stamps_and_decoys_changes(tmp_path: Path) -> None:
    synthetic = make(tmp_path, sets=[*ADDED, *ALONE])
    for sample in synthetic:
        before = synthetic.dataset.get(sample.meta["parent"])
        outside = np.ones(sample.shape, bool)
        if sample.meta["operations"]:
            labels, targets = label_targets(before.mask)
            for paste in operation_of(sample, "paste")["pasted"]:
                stamp = lift_target(before.image, labels, targets[paste["target"]])
                cover(outside, paste["place"], stamp.turned(paste["symmetry"]).mask.shape)
            for decoy in operation_of(sample, "decoys")["added"]:
                profile = decoy_profile(decoy["kind"], decoy["size"], decoy["angle"])
                cover(outside, decoy["place"], profile.shape)
        np.testing.assert_array_equal(sample.image[outside], before.image[outside])
        np.testing.assert_array_equal(sample.image[before.mask], before.image[before.mask])
        assert sample.mask[before.mask].all()


def cover(outside, place, shape) -> None:
    outside[place[0] : place[0] + shape[0], place[1] : place[1] + shape[1]] = False


def test_pasted_targets_have_the_recorded_scr(tmp_path: Path) -> None:
    sets = ["paste.count_range=[1,1]", "paste.scr_range=[4,8]", "paste.max_stretch=9", *ALONE]
    checked = 0
    for sample in make(tmp_path, sets=sets, depth=16):
        for paste in operation_of(sample, "paste")["pasted"] if sample.meta["operations"] else []:
            here = [
                each
                for each in measure_targets(sample.image, sample.mask)
                if 0 <= each.target.top - paste["place"][0] <= 3
                and 0 <= each.target.left - paste["place"][1] <= 3
            ]
            assert [each.scr for each in here] == [pytest.approx(paste["scr"], rel=0.02)]
            checked += 1
    assert checked > 20


def test_decoys_keep_away_from_targets_and_out_of_the_mask(tmp_path: Path) -> None:
    synthetic = make(tmp_path, sets=["decoys.count_range=[4,4]", "decoys.guard=6", *ALONE])
    kinds = set()
    for sample in synthetic:
        before = synthetic.dataset.get(sample.meta["parent"])
        np.testing.assert_array_equal(sample.mask, before.mask)
        for decoy in operation_of(sample, "decoys")["added"] if sample.meta["operations"] else []:
            side = decoy_profile(decoy["kind"], decoy["size"], decoy["angle"]).shape[0]
            top, left = decoy["place"]
            near = sample.mask[max(0, top - 6) : top + side + 6, max(0, left - 6) : left + side + 6]
            assert not near.any()
            assert decoy["strength"] > 0
            kinds.add(decoy["kind"])
    assert len(kinds) >= 4


def scene_dataset(tmp_path: Path, image, mask):
    from tiny import write

    write(tmp_path / "odd/images/a.png", image)
    write(tmp_path / "odd/masks/a.png", mask.astype(np.uint8) * 255)
    recipe = Recipe.load("sirst5k").override([*ALONE, "paste.count_range=[2,2]", "decoys={}"])
    return SyntheticDataset(open_dataset(tmp_path / "odd", "all"), recipe)


def test_where_nothing_fits_nothing_is_pasted_and_that_is_recorded(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(90, 110, (40, 40)).astype(np.uint8)
    empty, full, tiny = (np.zeros((40, 40), bool) for _ in range(3))
    full[8:32, 8:32] = True
    tiny[5, 5] = True
    cases = {"empty": (image, empty), "full": (image, full)}
    cases["small"] = (image[:9, :9], tiny[:9, :9])
    for name, (levels, mask) in cases.items():
        synthetic = scene_dataset(tmp_path / name, levels, mask)
        for sample in synthetic[1:]:
            paste = operation_of(sample, "paste")
            assert (paste["wanted"], paste["pasted"]) == (2, [])
            np.testing.assert_array_equal(sample.mask, mask)
            assert pixels(synthetic.replay(sample.id, "a", sample.meta["operations"])) == pixels(
                sample
            )


def test_on_a_constant_background_contrast_is_kept(tmp_path: Path) -> None:
    image, mask = np.full((40, 40), 80, np.uint8), np.zeros((40, 40), bool)
    mask[10:12, 10:13] = True
    image[mask] = 120
    for sample in scene_dataset(tmp_path, image, mask)[1:]:
        pasted = operation_of(sample, "paste")["pasted"]
        assert [paste["gain"] for paste in pasted] == [1.0, 1.0]
        assert [paste["scr"] for paste in pasted] == [None, None]
        assert len(find_targets(sample.mask)) == 3
        assert (sample.image == 80 + 40 * sample.mask.astype(np.uint8)).all()
