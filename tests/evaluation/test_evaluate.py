"""`evaluate`: figures, what is reported about files, pictures."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import make_tiny, write

from sirst5k import open_dataset
from sirst5k.datasets import Dataset
from sirst5k.errors import ImageError, ParameterError, Sirst5kError
from sirst5k.evaluation import (
    Bootstrap,
    PdBin,
    TargetOutcome,
    evaluate,
    pd_by_scr,
    pd_by_size,
)
from sirst5k.evaluation.binning import wilson
from sirst5k.evaluation.charts import Axis, Line, draw_lines
from sirst5k.evaluation.plots import error_gallery, roc_plot, write_plots
from sirst5k.evaluation.summary import problems, summarise
from sirst5k.metrics import PROFILES, Evaluator


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return open_dataset(make_tiny(tmp_path, n=9))


def save_masks(dataset: Dataset, folder: Path) -> Path:
    for sample in dataset:
        write(folder / f"{sample.id}.png", sample.mask.astype(np.uint8) * 255)
    return folder


def test_perfect_predictions(dataset: Dataset, tmp_path: Path) -> None:
    report = evaluate(dataset, predictions=save_masks(dataset, tmp_path / "out"))
    scores = report.scores["corrected"]
    assert (scores.miou, scores.niou, scores.pd, scores.fa) == (1, 1, 1, 0)
    assert report.matched == 9
    assert (report.missing, report.extra, report.lenient, report.skipped) == ((), (), {}, {})
    assert all(outcome.found for outcome in report.outcomes)
    assert len(report.outcomes) == scores.targets
    assert "two levels" in report.notes[0]


def test_figures_are_those_of_the_evaluator(dataset: Dataset) -> None:
    report = evaluate(dataset, detector="tophat", profiles=tuple(PROFILES), k=4)
    from sirst5k.detectors import create
    from sirst5k.evaluation import predict_map

    for profile in ("corrected", "dstransnet"):
        evaluator = Evaluator(profile, "prob")
        for sample in dataset:
            evaluator.update(predict_map(create("tophat", k=4), sample.image), sample.mask)
        expected = evaluator.compute()
        for name in ("miou", "niou", "pd", "fa", "auc"):
            assert getattr(report.scores[profile], name) == pytest.approx(getattr(expected, name))
    hits = sum(outcome.found for outcome in report.outcomes)
    assert hits == report.scores["corrected"].hits


def test_missing_extra_and_lenient_names(dataset: Dataset, tmp_path: Path) -> None:
    folder = save_masks(dataset, tmp_path / "out")
    lost = dataset.get("000003")
    (folder / "000003.png").unlink()
    (folder / "000004.png").rename(folder / "4_pred.png")
    write(folder / "zebra.png", lost.mask.astype(np.uint8))
    report = evaluate(dataset, predictions=folder)
    assert report.missing == ("000003",)
    assert report.extra == ("zebra.png",)
    assert report.lenient == {"000004": "zero padding"}
    scores = report.scores["corrected"]
    assert scores.images == 9
    assert 0 < scores.pd < 1
    assert {o.id for o in report.outcomes if not o.found} == {"000003"}
    text = "\n".join(summarise(report))
    for part in ("1 image without prediction: 000003", "zero padding", "zebra.png"):
        assert part in text
    assert list(problems(report)) == ["  1 image without prediction: 000003"]


def test_missing_predictions_equal_silent_ones(dataset: Dataset, tmp_path: Path) -> None:
    folder = save_masks(dataset, tmp_path / "out")
    (folder / "000003.png").unlink()
    without = evaluate(dataset, predictions=folder, profiles=["corrected", "dnanet"])
    write(folder / "000003.png", np.zeros((48, 40), np.uint8))
    silent = evaluate(dataset, predictions=folder, profiles=["corrected", "dnanet"])
    for name in ("corrected", "dnanet"):
        assert without.to_dict()["profiles"][name] == silent.to_dict()["profiles"][name]


def test_threshold_of_saved_maps(dataset: Dataset, tmp_path: Path) -> None:
    for sample in dataset:
        write(tmp_path / "out" / f"{sample.id}.png", (sample.mask * 26000).astype(np.uint16))
    assert evaluate(dataset, predictions=tmp_path / "out").scores["corrected"].pd == 0
    low = evaluate(
        dataset, predictions=tmp_path / "out", threshold=0.3, profiles=["corrected", "dnanet"]
    )
    assert (low.scores["corrected"].pd, low.scores["dnanet"].pd) == (1, 0)
    assert "does not apply to dnanet" in low.notes[0]


def test_logits(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for sample in dataset:
        np.save(tmp_path / "out" / f"{sample.id}.npy", np.where(sample.mask, 4.0, -4.0))
    report = evaluate(dataset, predictions=tmp_path / "out", inputs="logits")
    assert report.scores["corrected"].miou == 1
    assert all(outcome.found for outcome in report.outcomes)


def test_outcomes_agree_with_the_scores_at_ties(dataset: Dataset, tmp_path: Path) -> None:
    """Scores a rounding away from the threshold are decided alike everywhere."""
    (tmp_path / "out").mkdir()
    for sample in dataset:
        level = np.where(sample.mask, np.float32(0.3), np.float32(0))
        np.save(tmp_path / "out" / f"{sample.id}.npy", level)
    report = evaluate(dataset, predictions=tmp_path / "out", threshold=0.3)
    assert report.scores["corrected"].hits == sum(o.found for o in report.outcomes)
    for sample in dataset:
        np.save(tmp_path / "out" / f"{sample.id}.npy", np.where(sample.mask, 1e-9, -1.0))
    report = evaluate(dataset, predictions=tmp_path / "out", inputs="logits")
    hits = report.scores["corrected"].hits
    assert hits == sum(o.found for o in report.outcomes) == len(report.outcomes)


def test_intervals_only_for_figures_that_exist(dataset: Dataset) -> None:
    report = evaluate(
        dataset, detector="mpcm", profiles=["corrected", "dnanet"], bootstrap=Bootstrap(50)
    )
    assert "niou" in report.intervals["corrected"]
    assert "niou" not in report.intervals["dnanet"]
    low, high = report.intervals["corrected"]["pd"]
    assert low <= report.scores["corrected"].pd <= high
    document = json.loads(report.to_json(curves=True))
    assert document["bootstrap"] == {"resamples": 50, "seed": 0, "level": 0.95}
    assert document["profiles"]["dnanet"]["scores"]["niou"] is None
    assert len(document["profiles"]["corrected"]["scores"]["roc"]["fpr"]) > 2


def test_rows(dataset: Dataset, tmp_path: Path) -> None:
    report = evaluate(dataset, detector="tophat", profiles=["corrected", "mshnet"])
    report.write_rows(tmp_path / "rows.csv")
    table = list(csv.DictReader((tmp_path / "rows.csv").read_text().splitlines()))
    assert [row["name"] for row in table] == [*dataset.ids, *dataset.ids]
    mine = [row for row in table if row["profile"] == "corrected"]
    inter, union = (sum(int(row[name]) for row in mine) for name in ("intersection", "union"))
    assert inter / union == pytest.approx(report.scores["corrected"].miou)


def test_damaged_images_are_skipped_on_wish(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, n=4)
    (root / "images" / "000002.png").write_bytes(b"x")
    dataset = open_dataset(root)
    with pytest.raises(ImageError, match="000002"):
        evaluate(dataset, detector="tophat")
    report = evaluate(dataset, detector="tophat", on_error="skip")
    assert list(report.skipped) == ["000002"]
    assert report.images == 3
    for path in (root / "images").iterdir():
        path.write_bytes(b"")
    with pytest.raises(ParameterError, match="all 4 were left out"):
        evaluate(dataset, detector="tophat", on_error="skip")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "one of both"),
        ({"detector": "tophat", "predictions": "x"}, "one of both"),
        ({"detector": "tophat", "profiles": ["dnanet"], "threshold": 0.4}, "fix their threshold"),
        ({"detector": "tophat", "profiles": ["danet"]}, "Did you mean 'dnanet'"),
        ({"detector": "tophat", "profiles": []}, "at least one profile"),
        ({"detector": "tophat", "threshold": 1.5}, "in [0, 1)"),
        ({"detector": "tophat", "on_error": "no"}, "'stop' or 'skip'"),
        ({"predictions": ".", "k": 3}, "take no k"),
    ],
)
def test_mistakes(dataset: Dataset, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Sirst5kError) as raised:
        evaluate(dataset, **options)
    assert sentence in str(raised.value)


def test_table_fits_80_columns(dataset: Dataset) -> None:
    report = evaluate(dataset, detector="tophat", profiles=tuple(PROFILES), bootstrap=Bootstrap(20))
    lines = list(summarise(report))[1:]  # the first names a path of any length
    assert max(map(len, lines)) <= 80
    heads = " ".join(lines).split()
    assert set(PROFILES) <= set(heads)


def test_bins() -> None:
    outcomes = [
        TargetOutcome("a", 3, 0.5, False),
        TargetOutcome("a", 4, 25.0, True),
        TargetOutcome("b", 9, math.inf, True),
        TargetOutcome("b", 500, math.nan, True),
    ]
    sizes = pd_by_size(outcomes)
    assert [(one.targets, one.hits) for one in sizes if one.targets] == [(2, 1), (1, 1), (1, 1)]
    contrast = pd_by_scr(outcomes)
    assert sum(one.targets for one in contrast) == 3
    assert (contrast[-1].targets, contrast[-1].hits) == (2, 2)
    assert math.isnan(PdBin(0, 1, 0, 0).pd)
    with pytest.raises(ParameterError, match="grow"):
        pd_by_size(outcomes, [3, 2])


def test_wilson_against_published_values() -> None:
    # Newcombe, Statistics in Medicine 17, 1998, table I, method 3.
    for hits, trials, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson(hits, trials) == pytest.approx((low, high), abs=5e-5)
    assert wilson(0, 0) == (0, 1)


def test_plots(dataset: Dataset, tmp_path: Path) -> None:
    report = evaluate(dataset, detector="lcm", gallery=3)
    names = [path.name for path in write_plots(report, tmp_path / "plots")]
    expected = ["roc.png", "pr.png", "pd_fa.png", "pd_by_size.png", "pd_by_scr.png"]
    assert names[:5] == expected
    assert ("errors.png" in names) == bool(report.misses or report.false_alarms)
    assert (tmp_path / "plots" / "roc.png").stat().st_size > 1000
    (tmp_path / "file").write_text("")
    with pytest.raises(Sirst5kError, match="Cannot make the folder"):
        write_plots(report, tmp_path / "file")


def test_gallery_keeps_the_worst(dataset: Dataset) -> None:
    def nothing(batch: np.ndarray) -> np.ndarray:
        return np.zeros_like(batch)

    report = evaluate(dataset, detector=nothing, gallery=4)
    worst = [error.severity for error in report.misses]
    assert worst == sorted((o.scr for o in report.outcomes), reverse=True)[:4]
    assert report.false_alarms == ()
    assert error_gallery(report.misses, ()).shape[1] > 1000


def test_curves_without_a_curve_are_refused(dataset: Dataset) -> None:
    report = evaluate(dataset, detector="tophat", profiles=["basicirstd"])
    with pytest.raises(ParameterError, match="Score with the profile 'corrected'"):
        roc_plot(report.scores)


def test_a_better_curve_is_drawn_above() -> None:
    x, y = Axis("x", 1e-6, 1.0, log=True), Axis("y", 0.0, 1.0)
    grid = np.logspace(-6, 0, 50)
    line = Line(grid, np.full(50, 0.75), "a")
    picture = draw_lines("t", x, y, [line], False).astype(int)
    blue = np.nonzero((np.abs(picture - (72, 196, 255)).sum(axis=2) < 20)[:, 100:400])
    high = 560 - 86 - 96
    assert np.median(blue[0]) == pytest.approx(96 + 0.25 * high, abs=2)
