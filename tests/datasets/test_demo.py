"""Demo datasets: specifications, ids, splits, and that every frame is the same everywhere."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sirst5k.components import find_targets
from sirst5k.datasets.demo import DemoSpec, open_demo, parse_spec
from sirst5k.datasets.demo.scene import SCENES
from sirst5k.errors import DatasetError


def test_defaults_are_sixty_four_frames_of_all_scenes_in_turn():
    dataset = open_demo("demo")
    assert len(dataset) == 64
    assert dataset.layout == "demo"
    assert dataset.root is None
    assert dataset.ids[:5] == (
        "demo_sky_0000",
        "demo_sea_0001",
        "demo_ground_0002",
        "demo_urban_0003",
        "demo_sky_0004",
    )
    assert len(set(dataset.ids)) == 64


def test_size_is_width_by_height():
    sample = open_demo("demo:n=1,size=48x32")[0]
    assert sample.image.shape == sample.mask.shape == (32, 48)
    assert parse_spec("demo:size=48") == DemoSpec(width=48, height=48)


@pytest.mark.parametrize(("depth", "dtype"), [(8, np.uint8), (16, np.uint16), (32, np.float32)])
def test_depths(depth, dtype):
    for sample in open_demo(f"demo:n=4,size=64,depth={depth}"):
        assert sample.image.dtype == dtype
        assert np.unique(sample.image).size > 8


def test_a_frame_is_the_same_scene_at_every_depth():
    eight, sixteen, real = (
        open_demo(f"demo:n=2,size=64,depth={depth}")[1] for depth in (8, 16, 32)
    )
    np.testing.assert_array_equal(eight.image, np.rint(real.image.astype(np.float64) * 255))
    np.testing.assert_array_equal(eight.mask, sixteen.mask)
    shown = (real.image > 0.02) & (real.image < 0.98)
    line = np.polyfit(real.image[shown], sixteen.image[shown].astype(np.float64), 1)
    assert np.abs(np.polyval(line, real.image[shown]) - sixteen.image[shown]).max() < 1
    assert 1000 <= line[1] <= 6000  # a raw frame does not begin at 0
    assert sixteen.image.max() < 2**14


@pytest.mark.parametrize("size", ["16", "16x90", "90x16", "33x47", "256"])
@pytest.mark.parametrize("scene", SCENES)
def test_every_frame_has_separate_targets_away_from_the_border(size, scene):
    for sample in open_demo(f"demo:n=3,seed=5,size={size},scene={scene}"):
        targets = find_targets(sample.mask)
        assert len(targets) == len(sample.meta["targets"]) >= 1
        assert min(target.area for target in targets) >= 4
        border = sample.mask.copy()
        border[3:-3, 3:-3] = False
        assert not border.any()


def test_meta_tells_the_targets():
    sample = open_demo("demo:n=8,seed=2")[5]
    told = sorted((t["x"], t["y"], t["area"]) for t in sample.meta["targets"])
    found = sorted((round(t.x, 3), round(t.y, 3), t.area) for t in find_targets(sample.mask))
    assert told == found
    assert json.loads(json.dumps(sample.meta)) == sample.meta


def test_reading_is_deterministic_and_independent_of_order_and_count():
    few, many = open_demo("demo:n=8,size=64,seed=3"), open_demo("demo:n=40,size=64,seed=3")
    backwards = [few[index] for index in range(7, -1, -1)][::-1]
    for first, second in zip(backwards, many[:8], strict=True):
        assert first.id == second.id
        np.testing.assert_array_equal(first.image, second.image)
        np.testing.assert_array_equal(first.mask, second.mask)


def test_other_seeds_and_indices_give_other_frames():
    frames = [
        sample.image.tobytes()
        for seed in (0, 1)
        for sample in open_demo(f"demo:n=6,size=32,seed={seed},scene=sky")
    ]
    assert len(set(frames)) == 12


@pytest.mark.parametrize("spec", ["demo:n=64", "demo:n=64,scene=sea", "demo:n=4"])
def test_splits_part_the_frames_and_every_scene_is_tested(spec):
    dataset = open_demo(spec)
    train, test = dataset.of_split("train"), dataset.of_split("test")
    assert set(train.ids) | set(test.ids) == set(dataset.ids)
    assert not set(train.ids) & set(test.ids)
    assert len(train) == 3 * len(test)
    if spec == "demo:n=64":
        assert {name.split("_")[1] for name in test.ids} == set(SCENES)
    assert train.ids[:3] == dataset.ids[:3]
    assert train[0].id == dataset[0].id


def test_stamps_change_with_what_the_pixels_follow_from():
    specs = ["demo", "demo:seed=1", "demo:size=128", "demo:size=128x256", "demo:depth=16"]
    prints = {open_demo(spec).fingerprint() for spec in specs}
    assert len(prints) == len(specs)
    assert open_demo("demo:seed=0").fingerprint() == open_demo("demo").fingerprint()
    assert open_demo("demo").source.files("demo_sky_0000") is None


@pytest.mark.parametrize(
    "name", ["demo_sky_0001", "demo_sky_0064", "demo_sky_0", "demo_sky_00000", "x", ""]
)
def test_unknown_frames_are_refused(name):
    with pytest.raises(DatasetError, match="no frame"):
        open_demo("demo").get(name)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("dome", "Expected 'demo'"),
        ("demos:n=3", "Expected 'demo'"),
        ("demo:sed=1", "Did you mean 'seed'"),
        ("demo:colour=1", "Known: depth, n, scene, seed, size"),
        ("demo:n", "key=value"),
        ("demo:n=0", "n to be a whole number from 1"),
        ("demo:n=-3", "n to be a whole number from 1"),
        ("demo:n=1.5", "n to be a whole number from 1"),
        ("demo:seed=x", "seed to be a whole number from 0"),
        ("demo:n=2,n=3", "'n' twice"),
        ("demo:size=32,size=64", "'size' twice"),
        ("demo:size=15", "from 16 to"),
        ("demo:size=64x8", "from 16 to"),
        ("demo:size=64x64x3", "width x height"),
        ("demo:size=99999", "from 16 to"),
        ("demo:depth=12", "depth=8, depth=16 or depth=32"),
        ("demo:depth=", "depth=8, depth=16 or depth=32"),
        ("demo:scene=skye", "Did you mean 'sky'"),
    ],
)
def test_bad_specifications_get_one_sentence_with_the_remedy(spec, message):
    with pytest.raises(DatasetError, match=message) as caught:
        open_demo(spec)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=30))
def test_any_other_text_is_refused_or_understood_never_a_crash(text):
    try:
        spec = parse_spec("demo:" + text)
    except DatasetError:
        return
    assert spec.n >= 1
    assert min(spec.width, spec.height) >= 16
    assert spec.depth in (8, 16, 32)
