"""The functions against slow, literal versions of their definitions."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_scenes import Scene, scenes, unhurried

from sirst5k.components import find_targets
from sirst5k.metrics import (
    Evaluator,
    count_pixels,
    detection_rates,
    match_targets,
    mean_sample_iou,
    measure_suppression,
    pd_fa_curve,
    pixel_iou,
    pool,
    pr_curve,
    roc_curve,
)
from sirst5k.metrics.candidates import nearby
from sirst5k.metrics.regions import sweep
from sirst5k.metrics.score_histogram import ScoreHistogram
from sirst5k.metrics.target_table import tabulate


@unhurried
@given(scenes(targets=4))
def test_matching_is_the_best_one(pair: Scene) -> None:
    """Try every assignment: none matches more targets, or as many at less distance."""
    prediction, mask = pair[0] > 0, pair[1]
    targets, regions = find_targets(mask), find_targets(prediction)
    if len(targets) > 4 or len(regions) > 7:
        return
    matching = match_targets(prediction, mask)
    assert list(matching.targets) == targets
    assert list(matching.regions) == regions

    def distance(target: int, region: int) -> float:
        one, other = targets[target], regions[region]
        return math.hypot(one.x - other.x, one.y - other.y)

    best, least = 0, 0.0
    choices = [*range(len(regions)), *[None] * len(targets)]
    for chosen in set(itertools.permutations(choices, len(targets))):
        pairs = [(t, r) for t, r in enumerate(chosen) if r is not None]
        if any(distance(t, r) >= 3 - 1e-9 for t, r in pairs):
            continue
        total = sum(distance(t, r) for t, r in pairs)
        if len(pairs) > best or (len(pairs) == best and total < least):
            best, least = len(pairs), total
    assert len(matching.pairs) == best
    got = sum(distance(t, r) for t, r in matching.pairs)
    assert got == pytest.approx(least, abs=1e-3)  # overlap counts as a little distance
    assert len(matching.hits) + len(matching.misses) == len(targets)
    assert len(matching.detections) + len(matching.false_alarms) == len(regions)


@unhurried
@given(scenes(targets=4), st.lists(st.floats(-6, 6), min_size=1, max_size=4), st.floats(0.5, 9))
def test_measuring_near_targets_equals_measuring_all(
    pair: Scene, cuts: list[float], distance: float
) -> None:
    scores, mask = pair
    table, levels = tabulate(mask), np.sort(np.array(cuts, np.float32))
    for few, all_ in zip(sweep(scores, levels, measure=False), sweep(scores, levels, measure=True)):
        assert (len(few), few.pixels) == (len(all_), all_.pixels)
        one = nearby(table.regions, few, distance)
        other = nearby(table.regions, all_, distance)
        assert sorted(zip(*one)) == sorted(zip(*other))
        assert few.total_area(one[1]) == all_.areas[other[1]].sum()


@unhurried
@given(scenes())
def test_roc_and_pr(pair: Scene) -> None:
    scores, mask = np.round(pair[0]), pair[1]  # rounded, so that there are ties
    roc, pr = roc_curve(scores, mask), pr_curve(scores, mask)
    on, off = scores[mask], scores[~mask]
    if not on.size or not off.size:
        assert math.isnan(roc.auc)
        assert math.isnan(pr.ap)
        return
    above = (on[:, None] > off).mean() + (on[:, None] == off).mean() / 2
    assert roc.auc == pytest.approx(above, abs=1e-12)
    ap, recall = 0.0, 0.0
    for level in np.unique(scores)[::-1]:
        tp, fp = (on >= level).sum(), (off >= level).sum()
        # The point lies on the curve: at the straight line over its false-positive rate.
        x = fp / off.size
        at = np.flatnonzero(roc.fpr == x)
        high = roc.tpr[at].max() if at.size else np.interp(x, roc.fpr, roc.tpr)
        low = roc.tpr[at].min() if at.size else high
        assert low - 1e-12 <= tp / on.size <= high + 1e-12
        ap += tp / (tp + fp) * (tp / on.size - recall)
        recall = tp / on.size
    assert pr.ap == pytest.approx(ap, abs=1e-12)


# A binned histogram has all its bins from the first scene on: an example takes a fifth of a second.
@settings(unhurried, max_examples=min(40, settings.default.max_examples))
@given(st.lists(scenes(), min_size=1, max_size=4), st.integers(0, 3))
def test_binned_scores_stay_within_their_bound(pairs: list[Scene], split: int) -> None:
    from sirst5k.metrics.exact_curves import roc_from

    exact, binned, part = ScoreHistogram(), ScoreHistogram(limit=100), ScoreHistogram(limit=100)
    for place, (scores, mask) in enumerate(pairs):
        exact.update(scores, mask)
        (binned if place < split else part).update(scores, mask)
    binned.merge(part)
    one, other = roc_from(exact.tally()), roc_from(binned.tally())
    whole = ScoreHistogram(limit=100)
    for scores, mask in pairs:
        whole.update(scores, mask)
    np.testing.assert_array_equal(whole.tally().tp, binned.tally().tp)
    np.testing.assert_array_equal(whole.tally().thresholds, binned.tally().thresholds)
    if math.isnan(one.auc):
        assert math.isnan(other.auc)
    else:
        assert abs(one.auc - other.auc) <= other.auc_error + 1e-15
        assert other.auc_error < 0.01


@unhurried
@given(st.lists(scenes(), min_size=1, max_size=5))
def test_functions_equal_the_evaluator(pairs: list[Scene]) -> None:
    evaluator = Evaluator(per_image=True)
    for logits, mask in pairs:
        evaluator.update(logits, mask)
        predicted = logits > 0
        rates, row = detection_rates(predicted, mask), evaluator.rows[-1]
        assert (rates.hits, rates.targets, rates.regions) == (row.hits, row.targets, row.regions)
        assert (rates.false_area, rates.false_pixels) == (row.false_area, row.false_pixels)
        assert mean_sample_iou(predicted, mask) == (1.0 if row.union == 0 else row.iou)
        assert pixel_iou(predicted, mask) == pytest.approx(row.iou, nan_ok=True)
        assert count_pixels(predicted, mask).tp == row.intersection
        found = {target for target, _ in match_targets(predicted, mask).pairs}
        assert row.found == tuple(k in found for k in range(row.targets))
        curve = pd_fa_curve(logits, mask, [0.5])
        assert curve.hits.tolist() == [rates.hits]
        assert curve.false_area.tolist() == [rates.false_area]
    scores, pooled = evaluator.compute(), pool(evaluator.rows)
    for name in pooled.keys() - {"niou"}:
        assert pooled[name] == pytest.approx(getattr(scores, name), nan_ok=True), name


def test_suppression() -> None:
    rng = np.random.default_rng(3)
    image = rng.normal(100, 10, (60, 60)).clip(0, 255).astype(np.uint8)
    mask = np.zeros((60, 60), bool)
    mask[20:23, 20:23] = True
    image[mask] = 150
    prob = np.where(mask, 0.9, rng.uniform(0, 0.1, mask.shape))
    measured = measure_suppression(image, prob, mask)
    assert measured.background_suppression == pytest.approx(
        (image[~mask] / 255).std() / prob[~mask].std()
    )
    assert measured.scr_gain == pytest.approx(measured.scr_out[0] / measured.scr_in[0])
    assert measured.scr_gain > 1
    evaluator = Evaluator(inputs="prob", per_image=True)
    evaluator.update(prob, mask, images=image)
    scores = evaluator.compute()
    assert scores.scr_gain == evaluator.rows[0].scr_gain == measured.scr_gain
    assert scores.background_suppression == pytest.approx(measured.background_suppression)
    flat = Evaluator(inputs="prob")
    flat.update(mask, mask, images=image)
    assert flat.compute().scr_gain_infinite == 1
    assert math.isnan(flat.compute().background_suppression)
