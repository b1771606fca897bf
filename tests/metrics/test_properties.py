"""What must hold whatever the images are."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_scenes import Scene, make_scene, scenes, unhurried

from sirst5k.metrics import PROFILES, Evaluator, Scores

LISTS = st.lists(scenes(), min_size=1, max_size=6)
NAMES = st.sampled_from(sorted(PROFILES))


def run(pairs: list[Scene], profile: str = "corrected", **options: Any) -> Evaluator:
    evaluator = Evaluator(profile, **options)
    for logits, mask in pairs:
        evaluator.update(logits, mask)
    return evaluator


def same(one: Scores, other: Scores) -> None:
    """Equal to the last bit, curves included, NaN equal to NaN."""
    assert one.to_json(curves=True) == other.to_json(curves=True)


@unhurried
@given(LISTS, NAMES, st.randoms(use_true_random=False))
def test_order_changes_nothing(pairs: list[Scene], profile: str, random: Any) -> None:
    shuffled = random.sample(pairs, len(pairs))
    same(run(pairs, profile).compute(), run(shuffled, profile).compute())


@unhurried
@given(LISTS, LISTS, NAMES)
def test_merging_equals_one_pass(first: list[Scene], second: list[Scene], profile: str) -> None:
    merged = run(first, profile).merge(run(second, profile))
    same(merged.compute(), run(first + second, profile).compute())


@unhurried
@given(LISTS, NAMES)
def test_pickled_halfway(pairs: list[Scene], profile: str) -> None:
    evaluator = pickle.loads(pickle.dumps(run(pairs, profile)))
    evaluator.update(*pairs[0])
    same(evaluator.compute(), run([*pairs, pairs[0]], profile).compute())


@unhurried
@given(st.integers(0, 2**31), st.integers(1, 5), NAMES)
def test_batches_equal_single_images(seed: int, count: int, profile: str) -> None:
    pairs = [make_scene(seed + k, 24, 31, 3, 2) for k in range(count)]
    batched = Evaluator(profile)
    batched.update(*(np.stack(part)[:, np.newaxis] for part in zip(*pairs)))
    same(batched.compute(), run(pairs, profile).compute())


@unhurried
@given(LISTS, NAMES)
def test_reset_forgets(pairs: list[Scene], profile: str) -> None:
    if profile == "mshnet_log":
        return  # keeps targets on purpose; see the fixtures
    evaluator = run(pairs, profile)
    evaluator.reset()
    evaluator.update(*pairs[0])
    same(evaluator.compute(), run(pairs[:1], profile).compute())


@unhurried
@given(scenes(), st.integers(0, 30), st.integers(0, 30))
def test_shifting_both_changes_nothing(pair: Scene, down: int, right: int) -> None:
    logits, mask = pair
    height, width = mask.shape

    def placed(top: int, left: int) -> Scores:
        canvas = np.full((height + 30, width + 30), -20, np.float32)
        truth = np.zeros(canvas.shape, bool)
        canvas[top : top + height, left : left + width] = logits
        truth[top : top + height, left : left + width] = mask
        return run([(canvas, truth)]).compute()

    same(placed(0, 0), placed(down, right))


@unhurried
@given(scenes(targets=8), st.sampled_from(["flip", "mirror", "turn"]))
def test_turning_both_changes_nothing(pair: Scene, how: str) -> None:
    turn = {"flip": np.flipud, "mirror": np.fliplr, "turn": np.rot90}[how]
    one, other = run([pair]).compute(), run([(turn(pair[0]), turn(pair[1]))]).compute()
    for name in ("miou", "pd", "fa", "hits", "false_area", "auc", "ap", "split_targets"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), nan_ok=True), name


@unhurried
@given(LISTS)
def test_perfect_prediction(pairs: list[Scene]) -> None:
    pairs = [(np.where(mask, 9, -9).astype(np.float32), mask) for _, mask in pairs]
    scores = run(pairs).compute()
    if any(mask.any() for _, mask in pairs):
        assert (scores.miou, scores.niou, scores.pd, scores.fa) == (1, 1, 1, 0)
        assert (scores.precision, scores.recall, scores.f1, scores.target_f1) == (1, 1, 1, 1)
    else:
        assert scores.niou == 1
        assert scores.fa == 0
        assert math.isnan(scores.miou)
        assert math.isnan(scores.pd)


@unhurried
@given(LISTS)
def test_what_must_fall_falls(pairs: list[Scene]) -> None:
    scores = run(pairs, thresholds=20).compute()
    assert scores.pd_fa is not None
    assert scores.roc is not None
    assert (np.diff(scores.pd_fa.fa_pixel) <= 0).all()
    assert (np.diff(scores.roc.thresholds) < 0).all()
    assert (np.diff(scores.roc.tp) >= 0).all()
    assert (np.diff(scores.roc.fp) >= 0).all()
    assert (scores.pd_fa.fa <= 1).all()
    found = scores.pd_fa.pd[~np.isnan(scores.pd_fa.pd)]
    assert ((found >= 0) & (found <= 1)).all()


@unhurried
@given(scenes(targets=8), st.floats(0.5, 8), st.floats(0.5, 8))
def test_wider_distance_finds_no_less(pair: Scene, one: float, other: float) -> None:
    near, far = sorted([one, other])
    assert run([pair], distance=near).compute().hits <= run([pair], distance=far).compute().hits


@unhurried
@given(LISTS)
def test_logits_and_probabilities_agree(pairs: list[Scene]) -> None:
    probabilities = [(1 / (1 + np.exp(-logits.astype(np.float64))), mask) for logits, mask in pairs]
    one, other = run(pairs).compute(), run(probabilities, inputs="prob").compute()
    for name in ("miou", "niou", "pd", "fa", "f1", "auc", "ap"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), nan_ok=True), name


@settings(max_examples=20, deadline=None)
@given(LISTS, NAMES)
def test_tensors_equal_arrays(pairs: list[Scene], profile: str) -> None:
    torch = pytest.importorskip("torch")
    evaluator = Evaluator(profile)
    for logits, mask in pairs:
        evaluator.update(
            torch.tensor(logits)[None, None].requires_grad_(), torch.tensor(mask)[None, None]
        )
    same(evaluator.compute(), run(pairs, profile).compute())


def test_half_precision_tensors() -> None:
    torch = pytest.importorskip("torch")
    logits, mask = make_scene(1, 30, 30, 3, 2)
    for kind in (torch.bfloat16, torch.float16):
        rounded = torch.tensor(logits).to(kind)
        evaluator = Evaluator()
        evaluator.update(rounded, torch.tensor(mask))
        same(evaluator.compute(), run([(rounded.float().numpy(), mask)]).compute())
