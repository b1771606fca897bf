"""The grid: going on, failures, limits, growth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from comparison.faking import experiment, fake_training

from sirst5k.comparison import cells, gather, run, worker
from sirst5k.comparison.arms import parse_arm
from sirst5k.comparison.processes import Processes
from sirst5k.comparison.running import FAILED
from sirst5k.errors import OutputError, SplitError
from sirst5k.evaluation.bootstrap import Bootstrap

SOME = {"arms": (parse_arm("none"), parse_arm("sirst5k"))}


def test_what_is_done_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = fake_training(monkeypatch)
    seen: list[tuple[int, int]] = []
    first = run(
        experiment(**SOME),
        tmp_path,
        jobs=1,
        observe=lambda _, done, all_: seen.append((done, all_)),
    )
    assert [outcome.status for outcome in first] == ["done"] * 4
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [outcome.status for outcome in run(experiment(**SOME), tmp_path)] == ["there"] * 4
    assert len(made) == 4


def test_an_arm_may_be_added_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = fake_training(monkeypatch)
    run(experiment(**SOME), tmp_path, jobs=1)
    run(experiment(arms=(parse_arm("noise=sirst5k"),)), tmp_path, jobs=1)
    assert len(made) == 6
    block = gather(tmp_path, Bootstrap(100))["detectors"]["unet"]["1"]
    assert list(block["arms"]) == ["none", "sirst5k", "noise"]
    assert list(block["differences"]) == ["sirst5k", "noise"]


def test_a_further_test_set_is_scored_on_without_training_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_training(monkeypatch)
    run(experiment(seeds=(0,), **SOME), tmp_path, jobs=1)
    again = run(experiment(seeds=(0,), shift=(2.0,), **SOME), tmp_path, jobs=1)
    assert [outcome.status for outcome in again] == ["done"] * 2  # fit goes on from its last step
    scores = json.loads((tmp_path / "runs/unet/none/seed0" / cells.SCORES).read_text())
    assert list(scores["axes"]) == ["shift/2"]


def test_a_failed_cell_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = fake_training(monkeypatch, lambda name: "sirst5k/seed0" in name)
    outcomes = run(experiment(**SOME), tmp_path, jobs=1)
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    assert [(o.cell.arm, o.cell.seed, o.message) for o in failed] == [
        ("sirst5k", 0, "RuntimeError: the sky fell")
    ]
    assert len(made) == 5  # the failed one was tried twice
    found = gather(tmp_path, Bootstrap(100))
    assert [r["message"] for r in found["runs"] if r["status"] == "failed"] == [failed[0].message]
    assert found["detectors"]["unet"]["1"]["arms"]["sirst5k"]["seeds"] == [1]
    fake_training(monkeypatch)
    outcomes = run(experiment(**SOME), tmp_path, jobs=1)
    assert sorted(outcome.status for outcome in outcomes) == ["done", "there", "there", "there"]
    assert not (tmp_path / failed[0].cell.name / FAILED).exists()


def test_an_interruption_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(name: str) -> bool:
        raise KeyboardInterrupt

    fake_training(monkeypatch, stop)
    with pytest.raises(KeyboardInterrupt):
        run(experiment(**SOME), tmp_path, jobs=1)
    assert not list(tmp_path.rglob(FAILED))


def test_a_limit_begins_no_further_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_training(monkeypatch)
    assert run(experiment(**SOME), tmp_path, jobs=1, limit=-1) == []


def test_what_would_fail_everywhere_fails_at_once(tmp_path: Path) -> None:
    with pytest.raises(SplitError, match="share no image"):
        run(experiment(split="train", test="train"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_another_experiment_in_the_folder_is_named(tmp_path: Path) -> None:
    experiment().save(tmp_path)
    with pytest.raises(OutputError, match="The folder holds an experiment with protocol 'fair'"):
        run(experiment(protocol="mshnet"), tmp_path)


def test_a_worker_is_a_process_and_its_figures_can_be_traced(tmp_path: Path) -> None:
    """The real thing, once: training, scoring and gathering, without any stand-in."""
    wish = experiment(arms=(parse_arm("none"),), seeds=(0,))
    outcomes = run(wish, tmp_path, device="cpu", workers=2)
    assert [outcome.status for outcome in outcomes] == ["done"], outcomes
    trace(tmp_path)


def test_a_worker_says_in_one_line_why_it_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise SplitError("no such list")

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    whole = experiment(**SOME).save(tmp_path)
    name = whole.cells()[0].name
    monkeypatch.setattr(worker, "run_cell", fail)
    assert worker.main(str(tmp_path), name, "cpu") == 2
    assert capsys.readouterr().err == "no such list\n"
    monkeypatch.setattr(worker, "run_cell", stop)
    assert worker.main(str(tmp_path), name, "cpu") == 130


def test_a_stopped_pool_starts_nothing(tmp_path: Path) -> None:
    processes = Processes(tmp_path, "cpu", 1)
    processes.stop()
    with pytest.raises(KeyboardInterrupt):
        processes.run(experiment().cells()[0])


def trace(root: Path) -> None:
    """Compute the figures of a run anew from its weights, by another way than the cell did."""
    from sirst5k.datasets import open_dataset
    from sirst5k.detectors import load_weights
    from sirst5k.evaluation import evaluate

    (cell,) = experiment(arms=(parse_arm("none"),), seeds=(0,)).cells()
    weights = root / cell.name / "run" / "checkpoints" / "last.safetensors"
    test = open_dataset(experiment().data, "test")
    scores = evaluate(test, detector=load_weights("unet", weights)).scores["corrected"]
    found = gather(root, Bootstrap(100))["detectors"]["unet"]["1"]["arms"]["none"]
    for figure in ("miou", "niou", "pd", "fa"):
        assert found["scores"]["last"][figure]["mean"] == pytest.approx(getattr(scores, figure))
    assert found["training"][0]["steps"] == 4
    # The last point of the curve is the same network on the same images.
    assert found["curve"]["miou"][0][-1] == pytest.approx(scores.miou, abs=1e-6)
