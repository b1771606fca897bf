from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthesis.sequences.clips import clips, recipe

from sirst5k.errors import DatasetError, RecipeError
from sirst5k.noise import SequenceNoise
from sirst5k.synthesis.sequences import FramePlan, SyntheticSequences


@pytest.fixture(scope="module")
def synthetic() -> SyntheticSequences:
    return SyntheticSequences(clips(), recipe(), seed=4)


def _frames(synthetic, name):
    return [synthetic.read_frame(frame) for frame in synthetic.sequences[name]]


def test_it_reads_as_any_dataset_of_sequences(synthetic):
    assert list(synthetic.sequences) == ["a", "a_v0", "a_v1", "long/b", "long/b_v0", "long/b_v1"]
    assert len(synthetic) == 6 * 10
    clip = synthetic[12]
    assert clip.id == "a_v0/000004"
    assert clip.frames.shape == (5, 56, 56)
    assert clip.meta["parent"] == "a/000004"
    assert clip.meta["tracks"] == [3, 5, 8]
    np.testing.assert_array_equal(clip.image, synthetic.read_frame("a_v0/000004"))
    np.testing.assert_array_equal(clip.boxes, synthetic.labels("a_v0/000004").boxes)
    assert synthetic.window("a_v0/000002")[:2] == ("a_v0/000000", "a_v0/000000")
    assert synthetic.with_length(3)[0].frames.shape[0] == 3
    assert synthetic.stills()[0].mask.any()


def test_originals_stand_untouched_beside_their_variants(synthetic):
    for frame in synthetic.dataset.sequences["a"]:
        np.testing.assert_array_equal(
            synthetic.read_frame(frame), synthetic.dataset.read_frame(frame)
        )
    without = SyntheticSequences(clips(), recipe("originals=false"), synthetic.bank)
    assert list(without.sequences) == ["a_v0", "a_v1", "long/b_v0", "long/b_v1"]


@given(order=st.permutations(range(0, 72, 7)))
@settings(max_examples=5, deadline=None)
def test_a_frame_is_the_same_in_any_order(synthetic, order):
    fresh = SyntheticSequences(clips(), recipe(), synthetic.bank, seed=4)
    for place in order:
        made, again = fresh.make(fresh.plan[place]), synthetic.make(synthetic.plan[place])
        np.testing.assert_array_equal(made.image, again.image)
        assert made.operations == again.operations


def test_a_pickled_one_makes_the_same_frames(synthetic):
    copied = pickle.loads(pickle.dumps(synthetic))
    for place in (0, 20, 50):
        frame = synthetic.plan[place]
        np.testing.assert_array_equal(copied.make(frame).image, synthetic.make(frame).image)


def test_another_seed_gives_other_noise(synthetic):
    other = SyntheticSequences(clips(), recipe(), synthetic.bank, seed=5)
    assert (other.read_frame("a_v0/000003") != synthetic.read_frame("a_v0/000003")).any()
    assert other.fingerprint() != synthetic.fingerprint()


def test_a_fingerprint_tells_recipe_seed_and_noise(synthetic):
    source, rule = synthetic.dataset, synthetic.recipe
    assert SyntheticSequences(source, rule, seed=4).fingerprint() == synthetic.fingerprint()
    stronger = rule.override(["displacement.gain_range=[2,2]"])
    given = synthetic.bank.rescaled(2 * synthetic.bank.full_scale)
    others = [(stronger, None, 4), (rule, None, 6), (rule, synthetic.bank, 4), (rule, given, 4)]
    prints = {SyntheticSequences(source, *other).fingerprint() for other in others}
    assert len(prints | {synthetic.fingerprint()}) == 5


def test_a_track_has_one_symmetry_but_where_it_rests(synthetic):
    for variant in ("a_v0", "a_v1"):
        done: dict[int, list[int]] = {3: [], 5: [], 8: []}
        for frame in synthetic.sequences[variant]:
            operations = synthetic.make(synthetic.maker.frame(frame)).operations
            for turn in operations[0]["turns"]:
                done[turn["track"]].append(turn["symmetry"])
        assert all(len({s for s in each if s}) <= 1 for each in done.values())
        # The two that cross rest together, once, around the middle.
        if any(done[3]):
            resting = [t for t, symmetry in enumerate(done[3]) if not symmetry]
            assert resting
            assert resting == list(range(resting[0], resting[-1] + 1))
        assert len(set(done[8])) == 1


def test_boxes_follow_the_pixels_of_their_targets():
    still = SyntheticSequences(clips(), recipe("displacement=null", "variants=8"))
    turned = 0
    for name in [name for name in still.sequences if name.startswith("a_")]:
        for frame in still.sequences[name]:
            made = still.make(still.maker.frame(frame))
            assert made.labels.mask is not None
            inside = np.zeros_like(made.labels.mask)
            for x1, y1, x2, y2 in made.labels.boxes.astype(int):
                inside[y1:y2, x1:x2] = True
            np.testing.assert_array_equal(inside, made.labels.mask)
            np.testing.assert_array_equal(made.labels.boxes, still.labels(frame).boxes)
            # The bright pixels are still those of the mask.
            assert (made.image[made.labels.mask] > 140).all()
            assert (made.image[~made.labels.mask] < 140).all()
            parent = still.dataset.read_frame(made.parent)
            turned += bool((parent != made.image).any())
            assert sorted(parent[parent > 140]) == sorted(made.image[made.image > 140])
    assert turned > 50


def test_without_identities_tracks_are_linked():
    unnamed = SyntheticSequences(clips(tracks=False, masks=False), recipe("displacement=null"))
    made = [unnamed.make(unnamed.maker.frame(f)) for f in unnamed.sequences["a_v1"]]
    assert {turn["track"] for m in made for turn in m.operations[0]["turns"]} == {0, 1, 2}
    assert made[0].labels.tracks is None
    assert made[0].labels.mask is None


def test_noise_is_new_in_every_frame_but_for_what_stays():
    source = clips(frames=24)
    quiet = SyntheticSequences(
        source, recipe("negatives=null", "displacement.gain_range=[1,1]"), seed=1
    )
    bank = quiet.bank
    assert bank is not None
    assert bank.white_std == pytest.approx(2, rel=0.05)
    assert bank.fixed_std == pytest.approx(1, rel=0.1)
    added = np.stack(_frames(quiet, "a_v0")).astype(float) - np.stack(_frames(quiet, "a"))
    operation = quiet.make(quiet.maker.frame("a_v0/000007")).operations[0]
    fixed = added.mean(axis=0)
    white = (added - fixed).var() * 24 / 23
    assert white == pytest.approx(operation["white_std"] ** 2, rel=0.1)
    assert fixed.var() - white / 24 == pytest.approx(operation["fixed_std"] ** 2, rel=0.2)


def test_sequences_of_the_outputs_give_back_the_noise_of_both():
    """Variances of the source's noise and of what was added add up, part by part."""
    source = clips(frames=24)
    rule = recipe("negatives=null", "displacement.gain_range=[1,1]", "originals=false")
    made = SyntheticSequences(source, rule, seed=2)
    again = SequenceNoise.sample(made, size=16, guard=2, quantile=0.5)
    assert made.bank is not None
    assert again.white_std == pytest.approx(made.bank.white_std * np.sqrt(2), rel=0.06)
    assert again.fixed_std == pytest.approx(made.bank.fixed_std * np.sqrt(2), rel=0.2)


def test_floats_are_neither_rounded_nor_clipped():
    made = SyntheticSequences(clips(depth=32), recipe("sampling.max_variance=1"))
    frame = made.read_frame("a_v0/000003")
    assert frame.dtype == np.float32
    assert len(np.unique(frame)) > 3000


@pytest.mark.parametrize(
    ("assignment", "sentence"),
    [
        ("size=256", "sequences keep their size"),
        ("displacement.method=mixup", "same still window"),
        ("displacement.field=resize", "stretched tile"),
        ("displacement.scr_range=[2,4]", "flicker"),
        ("negatives.method=patch", "come and go"),
        ("paste.guard=5", "nor like a target"),
        ("decoys.guard=5", "nor like a target"),
        ("sampling.method=published", "which part of the noise stays"),
    ],
)
def test_what_has_no_meaning_for_sequences_is_refused(assignment, sentence):
    chosen = recipe()
    if assignment.startswith("sampling"):
        chosen = recipe().override(["sampling.method=published"])
    else:
        chosen = recipe(assignment)
    with pytest.raises(RecipeError, match=f"{sentence}.*--set"):
        SyntheticSequences(clips(), chosen)


def test_an_operation_of_another_package_is_refused(monkeypatch):
    monkeypatch.setattr("sirst5k.synthesis.recipe.make_operation", lambda *_: None)
    with pytest.raises(RecipeError, match=r"knows no others.*--set custom=\{\}"):
        SyntheticSequences(clips(), recipe("custom.fog={}"))


def test_the_remedies_of_the_refusals_hold():
    chosen = recipe("size=256", "paste.guard=5", "displacement.field=resize")
    for _ in range(3):
        with pytest.raises(RecipeError) as refused:
            SyntheticSequences(clips(), chosen)
        chosen = chosen.override([str(refused.value).rpartition("--set ")[2]])
    assert SyntheticSequences(clips(), chosen).recipe.size is None


def test_names_that_clash_and_frames_that_are_not_there_are_refused(synthetic):
    with pytest.raises(DatasetError, match="bears the name"):
        SyntheticSequences(clips(("a", "a_v0")), recipe(), synthetic.bank)
    for wrong in ("a_v7/000003", "a_v0/000099", "nothing"):
        with pytest.raises(DatasetError, match="no frame"):
            synthetic.read_frame(wrong)
    with pytest.raises(DatasetError, match="seed"):
        SyntheticSequences(clips(), recipe(), synthetic.bank, seed=-1)


@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    variants=st.integers(1, 4),
    originals=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_the_plan_lists_every_frame_once_in_order(lengths, variants, originals):
    sequences = {f"s{n}": [f"s{n}/{t}" for t in range(k)] for n, k in enumerate(lengths)}
    chosen = recipe(f"variants={variants}", f"originals={str(originals).lower()}")
    plan = FramePlan(sequences, chosen)
    assert len(plan) == sum(lengths) * (variants + originals)
    ids = [frame.id for frame in plan]
    assert len(set(ids)) == len(ids)
    assert plan[-1].id == ids[-1]
    count = 0
    for number, variant in enumerate(plan.variants):
        assert plan.frames_of_first(number) == count
        count += len(sequences[variant.source_id])
    assert plan.frames_of_first(999) == count == len(plan)
