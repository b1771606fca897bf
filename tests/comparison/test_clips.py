"""Experiments on sequences: figures of boxes, paired over sequences, in the same report."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("faster_coco_eval")
pytest.importorskip("jinja2")

from sirst5k.comparison import Experiment, parse_arm, run, write_report  # noqa: E402
from sirst5k.comparison.arms import why_not  # noqa: E402
from sirst5k.comparison.clips.figures import (  # noqa: E402
    FIGURES,
    Run,
    paired_differences,
    spreads,
)
from sirst5k.comparison.clips.found import evaluator_of, read_boxes, save_boxes  # noqa: E402
from sirst5k.comparison.training_sets import open_parts, training_set  # noqa: E402
from sirst5k.datasets.sequences import sequence_of  # noqa: E402
from sirst5k.errors import OutputError, ParameterError, SplitError  # noqa: E402
from sirst5k.evaluation.bootstrap import Bootstrap  # noqa: E402
from sirst5k.metrics.boxes.frame import BoxFrame  # noqa: E402

DATA = "demo:sequences=5,frames=8,size=48,seed=2"


def frames(hit: float, seed: int = 0, sequences: int = 6, empty: bool = False) -> list[BoxFrame]:
    """Return made-up frames of which a detector finds about a share."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(sequences * 5):
        sequence = f"s{number // 5}"
        truth = np.array([[10, 10, 16, 15]]) if not (empty and number < 5) else np.zeros((0, 4))
        found = np.array([[10, 10, 16, 15]]) if rng.random() < hit else np.array([[40, 3, 44, 8]])
        made.append(
            BoxFrame.checked(
                f"{sequence}/{number}", sequence, found, rng.random(1), None, truth, None
            )
        )
    return made


def test_figures_are_those_of_the_evaluator() -> None:
    """AP50 by faster-coco-eval, on frames some of which are empty."""
    found = frames(0.7, empty=True)
    figures = dict(zip(FIGURES, Run.of(found).figures(), strict=True))
    honest = evaluator_of(found, "corrected").compute()
    published = evaluator_of(found, "published").compute()
    for name in ("ap50", "precision", "recall", "f1", "best_f1", "false_alarms_per_frame"):
        assert figures[name] == pytest.approx(getattr(honest, name), abs=1e-12), name
    for name in ("precision", "recall", "f1"):
        assert figures[f"published_{name}"] == pytest.approx(getattr(published, name), abs=1e-12)
    assert figures["published_f1"] != pytest.approx(figures["f1"])


def test_boxes_come_back_from_their_file(tmp_path: Path) -> None:
    kept = frames(0.5, empty=True)
    save_boxes(tmp_path / "boxes.npz", kept)
    again = read_boxes(tmp_path / "boxes.npz")
    for one, two in zip(kept, again, strict=True):
        assert (one.name, one.sequence) == (two.name, two.sequence)
        for key in ("boxes", "scores", "classes", "truth", "truth_classes"):
            assert np.array_equal(getattr(one, key), getattr(two, key))
    (tmp_path / "boxes.npz").write_bytes(b"PK nothing")
    with pytest.raises(OutputError, match="Cannot read"):
        read_boxes(tmp_path / "boxes.npz")


def test_differences_are_paired_over_sequences() -> None:
    """The same runs differ by nothing in every resample; a better one is clearly better."""
    low = [Run.of(frames(0.2, seed)) for seed in (0, 1)]
    high = [Run.of(frames(0.9, seed)) for seed in (0, 1)]
    rule = Bootstrap(60)
    same = paired_differences(low, low, rule)
    assert {(d.value, d.low, d.high) for d in same.values() if d.value == d.value} == {(0, 0, 0)}
    apart = paired_differences(high, low, rule)["recall"]
    assert apart.is_clear
    assert apart.low <= apart.value <= apart.high
    means = [spreads(runs)["recall"].mean for runs in (high, low)]
    assert apart.value == pytest.approx(means[0] - means[1])
    one = [Run.of(frames(0.5, sequences=1))]
    alone = paired_differences(one, one, rule)["ap50"]
    assert math.isnan(alone.low)
    assert not alone.is_clear
    with pytest.raises(ParameterError, match="same test sequences"):
        paired_differences(low, [Run.of(frames(0.5, sequences=5))] * 2, rule)
    with pytest.raises(ParameterError, match="same seeds"):
        paired_differences(low, low[:1], rule)


def test_parts_of_sequences_are_whole_sequences() -> None:
    experiment = Experiment(DATA, ("sstnet",), (parse_arm("none"),), steps=1)
    data, test = open_parts(experiment)
    images = training_set(data, parse_arm("none"), 0.75, 0.3, test.ids)
    owners = [{sequence_of(i) for i in part.ids} for part in (images.training, images.held_out)]
    assert not owners[0] & owners[1]
    assert len(owners[0] | owners[1]) == 3
    assert not (owners[0] | owners[1]) & {sequence_of(name) for name in test.ids}
    for name in owners[0]:
        assert set(data.sequences[name]) <= set(images.training.ids)


def test_what_sequences_and_images_cannot_have() -> None:
    arms = (parse_arm("none"),)
    with pytest.raises(ParameterError, match="look at clips"):
        open_parts(Experiment("demo:n=8,size=32", ("unet", "sstnet"), arms, steps=1))
    with pytest.raises(ParameterError, match="--shift"):
        open_parts(Experiment(DATA, ("sstnet",), arms, steps=1, shift=(1.0,)))
    mixed = Experiment(
        DATA, ("sstnet", "unet"), (*arms, parse_arm("reference")), seeds=(0,), steps=1
    )
    assert why_not(mixed.arms[1], "sstnet")
    assert not why_not(mixed.arms[1], "unet")
    assert {(c.detector, c.arm) for c in mixed.cells()} == {
        ("sstnet", "none"),
        ("unet", "none"),
        ("unet", "reference"),
    }


def test_a_folder_of_images_is_no_arm_of_sequences(tmp_path: Path) -> None:
    from tiny import make_tiny

    arm = parse_arm(str(make_tiny(tmp_path, n=4)))
    data, test = open_parts(Experiment(DATA, ("sstnet",), (parse_arm("none"),), steps=1))
    with pytest.raises(SplitError, match="both of images or both"):
        training_set(data, arm, 1.0, 0.3, test.ids)


def test_a_small_experiment_end_to_end(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    experiment = Experiment(
        DATA,
        ("sstnet", "unet"),
        (parse_arm("none"), parse_arm("sirst5k", ["displacement=null"])),
        seeds=(0,),
        steps=2,
        networks={"sstnet": {"width": 0.05}, "unet": {"widths": [2, 4]}},
        settings=("augmentation.crop=64", "batch_size=2"),
        also_test=("demo:sequences=2,frames=3,size=48,seed=9",),
    )
    outcomes = run(experiment, tmp_path, jobs=1, device="cpu")
    assert [outcome.message for outcome in outcomes if outcome.status != "done"] == []
    written = write_report([tmp_path], tmp_path, rule=Bootstrap(20))
    results = json.loads(Path(written["json"]).read_text())
    for name in ("sstnet", "unet"):
        block = results["detectors"][name]["1"]
        assert block["kind"] == "boxes"
        assert set(block["arms"]) == {"none", "sirst5k"}
        arm = block["arms"]["sirst5k"]
        assert set(arm["scores"]["last"]) == set(FIGURES)
        assert set(arm["profiles"]) == {"corrected", "published"}
        assert len(arm["curve"]["ap50"][0]) == len(arm["curve"]["steps"])
        assert block["differences"]["sirst5k"]["last"]["ap50"]["value"] is not None
        trained = [a["training"][0]["frames"] for a in block["arms"].values()]
        assert trained[1] > trained[0]
    rows = list(csv.DictReader(Path(written["csv"]).read_text().splitlines()))
    assert {row["figure"] for row in rows} == set(FIGURES)
    page = Path(written["report"]).read_text(encoding="utf-8")
    assert "AP50 (%)" in page
    assert "F1 as published (%)" in page
    assert "mIoU" not in page.partition('<script type="application/json"')[0]
