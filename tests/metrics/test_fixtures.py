"""Every profile against the figures that the published codes gave, on every fixture case.

The fixtures were made by running the published codes (`../shared/protocol/metrics.md`).
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sirst5k.metrics import Evaluator, Scores

PROTOCOL = Path(__file__).resolve().parents[3] / "shared" / "protocol"
PRESENT = (PROTOCOL / "metrics-fixtures.json").is_file()
pytestmark = pytest.mark.skipif(not PRESENT, reason=f"needs the fixtures in {PROTOCOL}")

FIXTURES: dict[str, Any] = (
    json.loads((PROTOCOL / "metrics-fixtures.json").read_text()) if PRESENT else {"cases": {}}
)
CASES = FIXTURES["cases"]
PUBLISHED = ("dnanet", "mshnet", "serankdet", "dstransnet", "basicirstd", "basicirstd_2023")
# These are about what a float32 sigmoid loses.
LOST = ("saturated", "logit_zero_and_tiny", "high_logits", "r256_high_logits")
EACH = [(case, profile) for case in CASES for profile in CASES[case]["expected"]]


@pytest.fixture(scope="module")
def arrays() -> Any:
    return np.load(PROTOCOL / "metrics-fixtures.npz")


def run(arrays: Any, case: str, profile: str, inputs: str, **options: Any) -> Evaluator:
    evaluator = Evaluator(profile, inputs=inputs, per_image=True, **options)
    scores, masks = arrays[f"{case}/{inputs}"], arrays[f"{case}/mask"]
    for first, last in CASES[case]["updates"]:
        evaluator.update(scores[first:last], masks[first:last])
    return evaluator


def agree(got: Any, expected: Any) -> None:
    """Compare to 1e-6 relative to one unit, NaN equal to NaN."""
    if not isinstance(expected, list):
        got, expected = np.atleast_1d(got), [expected]
    numbers = np.array([math.nan if value == "nan" else value for value in expected], float)
    np.testing.assert_allclose(np.asarray(got, float), numbers, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("case", "profile"), EACH)
def test_case(arrays: Any, case: str, profile: str) -> None:
    expected = CASES[case]["expected"][profile]
    {"corrected": check_corrected, "dtum": check_dtum}.get(profile, check_published)(
        arrays, case, profile, expected
    )


def check_corrected(arrays: Any, case: str, profile: str, expected: dict[str, Any]) -> None:
    evaluator = run(arrays, case, profile, "logits", thresholds=10)
    scores = evaluator.compute()
    pixel, target = expected["pixel"], expected["target"]
    for name in ("tp", "fp", "fn", "tn"):
        assert getattr(scores, name) == pixel[name]
    agree(scores.miou, pixel["iou"])
    for name in ("precision", "recall", "f1"):
        agree(getattr(scores, name), pixel[name])
    agree(scores.fp / (scores.fp + scores.tn) if scores.fp + scores.tn else math.nan, pixel["fpr"])
    agree(scores.auc, pixel["roc_auc"])
    agree(scores.ap, pixel["ap"])
    agree(scores.niou, expected["niou"]["nIoU"])
    agree(
        [1.0 if row.iou != row.iou else row.iou for row in evaluator.rows],
        expected["niou"]["per_sample"],
    )
    assert (scores.targets, scores.regions) == (target["n_gt"], target["n_pred"])
    assert (scores.hits, scores.false_targets) == (target["hits"], target["false_regions"])
    assert scores.false_area == target["unmatched_area"]
    agree(scores.pd, target["Pd"])
    agree(scores.target_precision, target["precision"])
    agree(scores.fa, target["Fa_region"])
    agree(scores.fa_pixel, target["Fa_pixel"])
    agree(scores.false_targets_per_image, target["false_per_image"])
    agree(scores.false_targets_per_mpx, target["false_per_Mpx"])
    curve = scores.pd_fa
    assert curve is not None
    agree(curve.pd, expected["target11"]["Pd"])
    assert curve.hits.tolist() == expected["target11"]["hits"]
    assert curve.false_targets.tolist() == expected["target11"]["false_regions"]
    assert curve.false_area.tolist() == expected["target11"]["unmatched_area"]


def check_dtum(arrays: Any, case: str, profile: str, expected: dict[str, Any]) -> None:
    curve = run(arrays, case, profile, "prob").compute().pd_fa
    assert curve is not None
    shooting = expected["shooting11"]
    assert curve.false_area.tolist() == shooting["false_pixels"]
    assert curve.hits.tolist() == shooting["hits"]
    assert curve.targets.tolist() == shooting["targets"]


def check_published(arrays: Any, case: str, profile: str, expected: dict[str, Any]) -> None:
    inputs = "prob" if profile in ("dstransnet", "basicirstd", "basicirstd_2023") else "logits"
    evaluator = run(arrays, case, profile, inputs)
    scores = evaluator.compute()
    iou = expected["iou"]
    agree(scores.miou, iou["mIoU"])
    agree(scores.pixel_accuracy, iou["pixAcc"])
    agree([scores.tp, scores.tp + scores.fp + scores.fn], [iou["inter"][0], iou["union"][0]])
    if "niou" in expected:
        agree(scores.niou, expected["niou"]["nIoU"])
        agree([row.iou for row in evaluator.rows], expected["niou"]["per_sample"])
    else:
        assert math.isnan(scores.niou)
    if profile == "dstransnet":
        if "roc101" in expected:
            check_dstransnet(scores, expected, 101)
        check_dstransnet(run(arrays, case, profile, inputs, thresholds=10).compute(), expected, 11)
        return
    if "roc11" in expected:
        check_roc(scores, expected["roc11"])
    if "pdfa" in expected:
        pdfa = expected["pdfa"]
        assert (scores.hits, scores.targets) == (pdfa["PD_count"], pdfa["target"])
        assert scores.false_area == pdfa["dismatch_pixel"]
        assert scores.pixels == pdfa["all_pixel"][0]
        if "error" not in pdfa:
            agree(scores.pd, pdfa["Pd"])
            assert scores.fa == pdfa["Fa"]  # through its float32 reciprocal, to the bit
        else:
            assert math.isnan(scores.pd)
    elif "skipped" not in expected["pdfa11"]:
        check_detection(scores, expected["pdfa11"], "fa")


def check_dstransnet(scores: Scores, expected: dict[str, Any], points: int) -> None:
    check_roc(scores, expected[f"roc{points}"])
    assert scores.pr is not None
    agree(scores.pr.f1, expected[f"roc{points}"]["f1_all"])
    for group, name in (
        ("SeRankDet_PD_FA", "fa"),
        ("PD_FA", "fa_rows_gt"),
        ("BasicIRSTD_PD_FA", "fa_rows_pred"),
    ):
        wanted = expected[f"{group}_{points}"]
        check_detection(scores, wanted, name)
        agree(scores.pd, wanted["Pd_headline"])
        headline = scores.fa if name == "fa" else scores.variants[name]
        agree(headline, wanted["Fa_headline"])


def check_roc(scores: Scores, expected: dict[str, Any]) -> None:
    roc, pr = scores.roc, scores.pr
    assert roc is not None
    assert pr is not None
    agree(roc.tpr, expected["tpr"])
    agree(roc.fpr, expected["fpr"])
    agree(pr.precision, expected["precision"])
    agree(roc.tp, expected["tp"])
    agree(roc.fp, expected["fp"])
    agree(roc.positives, expected["pos"])
    agree(roc.negatives, expected["neg"])
    agree(roc.tp + roc.fp, expected["class_pos"])
    if "recall" in expected:
        agree(pr.recall, expected["recall"])
    if "f1" in expected:
        agree(scores.f1, expected["f1"])
    else:
        assert math.isnan(scores.f1)
    if "auc" in expected:
        agree(scores.auc, expected["auc"])


def check_detection(scores: Scores, expected: dict[str, Any], name: str) -> None:
    curve = scores.pd_fa
    assert curve is not None
    fa = curve.fa if name == "fa" else curve.variants[name]
    agree(curve.pd, expected["Pd"])
    agree(fa, expected["Fa"])
    agree(fa * scores.pixels, expected["FA_pixels"])
    agree(curve.hits, expected["PD_count"])
    agree(curve.targets, expected["target"])
    if "thresholds_on_logits" in expected:
        agree(curve.thresholds, expected["thresholds_on_logits"])
    if name == "fa":
        place = expected["headline_index"]
        agree([scores.pd, scores.fa], [expected["Pd"][place], expected["Fa"][place]])


@pytest.mark.parametrize("case", [case for case in CASES if case not in LOST])
@pytest.mark.parametrize("profile", [*PUBLISHED, "corrected"])
def test_other_scale_gives_the_same(arrays: Any, case: str, profile: str) -> None:
    """Probabilities where logits are the rule, and logits where probabilities are."""
    one, other = (run(arrays, case, profile, inputs).compute() for inputs in ("logits", "prob"))
    for name in ("miou", "niou", "pd", "fa", "fp", "false_area"):
        agree(getattr(one, name), getattr(other, name))


def test_targets_of_earlier_epochs(arrays: Any) -> None:
    evaluator = Evaluator("mshnet_log")
    pd = []
    for _ in range(3):
        evaluator.reset()
        evaluator.update(arrays["stream10/logits"], arrays["stream10/mask"])
        pd.append(evaluator.compute().pd)
    agree(pd, FIXTURES["extras"]["mshnet_pd_over_epochs"]["Pd_epoch_0_1_2"])


def test_counts_lost_in_float32() -> None:
    logits, mask = np.full((256, 256), -9, np.float32), np.zeros((256, 256), bool)
    mask[0, 0] = True
    evaluator = Evaluator("dnanet")
    for _ in range(600):
        evaluator.update(logits, mask)
    scores = evaluator.compute()
    assert scores.roc is not None
    agree(scores.roc.negatives, FIXTURES["extras"]["roc_float32_accumulation"]["neg_reference"])
    assert any("2^24" in note for note in scores.notes)
