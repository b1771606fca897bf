"""No arm of any kind trains on a held-out or test image, or on a variant of one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")

from comparison.faking import experiment
from tiny import make_tiny

from sirst5k.comparison.arms import Arm, parse_arm
from sirst5k.comparison.subsets import nested_subset
from sirst5k.comparison.training_sets import open_parts, origins, training_set
from sirst5k.datasets import open_dataset
from sirst5k.errors import ParameterError, SplitError
from sirst5k.synthesis import Recipe, SyntheticDataset, sample_noise, write_dataset

NAMES = st.lists(st.text("abc1_-", min_size=1, max_size=6), min_size=4, max_size=40, unique=True)


@given(NAMES, st.floats(0.01, 1), st.floats(0.01, 1))
def test_subsets_are_nested_and_do_not_depend_on_order(
    names: list[str], one: float, two: float
) -> None:
    small, large = sorted((one, two))
    assert set(nested_subset(names, small)) <= set(nested_subset(names, large))
    assert set(nested_subset(names[::-1], one)) == set(nested_subset(names, one))
    assert nested_subset(names, 1.0) == names
    assert len(nested_subset(names, one)) >= 2


@pytest.mark.parametrize("fraction", [0.0, -1.0, 1.1, float("nan")])
def test_wrong_fractions(fraction: float) -> None:
    with pytest.raises(ParameterError):
        nested_subset(["a", "b"], fraction)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give a dataset, and one made of its training split by the recipe `reference`."""
    root = tmp_path_factory.mktemp("sets")
    data = make_tiny(root, n=18)
    training = open_dataset(data, "train")
    recipe = Recipe.load("reference").override(["size=64", "sampling.size=8"])
    bank = sample_noise(training, Recipe.load("sirst5k").override(["sampling.size=8"]).sampling)
    write_dataset(SyntheticDataset(training, recipe, bank, 0), root / "made", jobs=1)
    return data, root / "made"


@pytest.mark.parametrize("kind", ["none", "reference", "sirst5k", "folder"])
@settings(max_examples=6, deadline=None)
@given(fraction=st.floats(0.2, 1), share=st.floats(0.05, 0.6))
def test_nothing_held_out_is_trained_on(
    kind: str, folder: tuple[Path, Path], fraction: float, share: float
) -> None:
    data, made = folder
    wish = experiment(data=str(data))
    dataset, test = open_parts(wish)
    arm = Arm("made", "folder", folder=str(made)) if kind == "folder" else parse_arm(kind)
    found = training_set(dataset, arm, fraction, share, test.ids)
    plain = training_set(dataset, parse_arm("none"), fraction, share)
    parents = {name: name for name in found.training.ids}
    if kind == "folder":
        lines = (made / "manifest.jsonl").read_text().splitlines()
        known = {row["id"]: row["parent"] for row in map(json.loads, lines)}
        parents = {name: known[name] for name in found.training.ids}
        assert set(parents.values()) == set(plain.training.ids)
        assert found.training[-1].shape == (64, 64)  # resized, as its recipe says
    assert not set(parents.values()) & set(found.held_out.ids)
    assert not set(parents.values()) & set(test.ids)
    assert found.held_out.ids == plain.held_out.ids  # the same for every arm
    assert found.held_out[0].shape == (48, 40)  # originals, at their own size


def test_origins_by_name(tmp_path: Path) -> None:
    made = make_tiny(tmp_path, n=6).parent / "dnanet"
    dataset = open_dataset(made, "train")
    first = dataset.ids[0]
    assert origins(dataset, dataset.ids) == {name: name for name in dataset.ids}
    with pytest.raises(SplitError, match="begins with none"):
        origins(dataset, ["something"])
    with pytest.raises(SplitError, match="test image"):
        origins(dataset, dataset.ids[1:], [first])


def test_a_longer_name_wins() -> None:
    from sirst5k.comparison.training_sets import _longest_beginning

    known = {"Misc_1", "Misc_1_2", "Misc_12"}
    assert _longest_beginning("Misc_1_k0", known) == "Misc_1"
    assert _longest_beginning("Misc_1_2_k0", known) == "Misc_1_2"
    assert _longest_beginning("Misc_12_k0", known) == "Misc_12"
    assert _longest_beginning("Misc_123", known) is None
