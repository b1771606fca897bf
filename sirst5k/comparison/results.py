"""What an experiment came to: every figure, gathered from the folders of its runs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sirst5k.comparison import statistics
from sirst5k.comparison.arms import BASELINE
from sirst5k.comparison.cells import CURVE, DONE, SCORES, TEST_CURVE, plain, read_rows
from sirst5k.comparison.clips import figures as box_figures
from sirst5k.comparison.clips.scoring import CURVE as BOX_CURVE
from sirst5k.comparison.clips.scoring import read_run
from sirst5k.comparison.experiment import Cell, Experiment
from sirst5k.comparison.kinds import BOXES, MASKS
from sirst5k.comparison.running import FAILED, STARTS
from sirst5k.comparison.statistics import Spread, spread, steps_to_reach
from sirst5k.errors import OutputError
from sirst5k.evaluation.binning import PdBin, TargetOutcome, pd_by_scr, pd_by_size, wilson
from sirst5k.evaluation.bootstrap import Bootstrap
from sirst5k.training.records import read_records

VERSION = 1
LEVELS = (0.3, 0.4, 0.5, 0.6, 0.7)  # IoUs whose first reaching is told
CHOICES = ("last", "best_validation")


def gather(root: Path, rule: Bootstrap | None = None) -> dict[str, Any]:
    """Return the results of an experiment as plain values, ready for JSON.

    Only finished cells count; what is missing is listed. Differences are between the seeds
    that both arms have finished.

    Parameters
    ----------
    root : Path
        The experiment's folder.
    rule : Bootstrap, optional
        Of the intervals; 10,000 resamples by default.

    Raises
    ------
    OutputError
        If there is no finished run.
    """
    experiment = Experiment.load(root)
    rule = rule or Bootstrap(10_000)
    runs = [_run(root, cell) for cell in experiment.cells()]
    if not any(run["status"] == "done" for run in runs):
        raise OutputError(f"Expected at least one finished run in {root}, found none.")
    detectors = {
        detector: {
            f"{fraction:g}": _detector(experiment, root, detector, fraction, rule)
            for fraction in sorted(experiment.fractions, reverse=True)
        }
        for detector in experiment.detectors
    }
    document = {
        "version": VERSION,
        "experiment": experiment.to_dict(),
        "bootstrap": {"resamples": rule.resamples, "level": rule.level},
        "detectors": detectors,
        "runs": runs,
        "environment": _environment(root, experiment),
        "commands": _commands(root),
    }
    whole: dict[str, Any] = plain(document)
    return whole


def _detector(
    experiment: Experiment, root: Path, detector: str, fraction: float, rule: Bootstrap
) -> dict[str, Any]:
    """Return every arm of a detector, and each arm's difference from the baseline."""
    done = {
        arm.name: [
            cell
            for seed in experiment.seeds
            if (root / (cell := Cell(detector, arm.name, fraction, seed)).name / DONE).is_file()
        ]
        for arm in experiment.arms
    }
    figures = _figures_of(root, [cell for cells in done.values() for cell in cells])
    arms = {name: _arm(root, cells, figures) for name, cells in done.items() if cells}
    differences = {}
    baseline = done.get(BASELINE, [])
    for name, cells in done.items():
        seeds = {cell.seed for cell in cells} & {cell.seed for cell in baseline}
        if name == BASELINE or not seeds:
            continue
        differences[name] = {
            which: {
                figure: {"value": d.value, "low": d.low, "high": d.high, "clear": d.is_clear}
                for figure, d in figures.differences(
                    [figures.read(root / c.name, which) for c in cells if c.seed in seeds],
                    [figures.read(root / c.name, which) for c in baseline if c.seed in seeds],
                    rule,
                ).items()
            }
            for which in CHOICES
        }
    return {"kind": figures.kind, "arms": arms, "differences": differences}


@dataclass(frozen=True, slots=True)
class _Figures:
    """How the figures of one kind are read, summed up over seeds, and compared."""

    kind: str
    main: str
    curve: tuple[str, ...]
    read: Callable[[Path, str], Any]
    spreads: Callable[[Sequence[Any]], Mapping[str, Spread]]
    differences: Callable[..., Mapping[str, statistics.Difference]]


_OF_MASKS = _Figures(
    MASKS.name,
    MASKS.main,
    CURVE,
    read_rows,
    statistics.spreads,
    statistics.paired_differences,
)
_OF_BOXES = _Figures(
    BOXES.name,
    BOXES.main,
    BOX_CURVE,
    read_run,
    box_figures.spreads,
    box_figures.paired_differences,
)


def _figures_of(root: Path, cells: Sequence[Cell]) -> _Figures:
    """Return the figures that finished cells have, which are all of one kind."""
    for cell in cells:
        document = json.loads((root / cell.name / SCORES).read_text(encoding="utf-8"))
        return _OF_BOXES if document.get("kind") == BOXES.name else _OF_MASKS
    return _OF_MASKS


def _arm(root: Path, cells: Sequence[Cell], figures: _Figures) -> dict[str, Any]:
    folders = [root / cell.name for cell in cells]
    scores = [json.loads((folder / SCORES).read_text(encoding="utf-8")) for folder in folders]
    curves = [read_records(folder / TEST_CURVE) for folder in folders]
    found = {
        which: {
            name: vars_of(value)
            for name, value in figures.spreads(
                [figures.read(folder, which) for folder in folders]
            ).items()
        }
        for which in CHOICES
    }
    # What the published codes report: the best of many looks at the test images.
    main = figures.main
    found["best_on_test"] = {
        name: vars_of(spread([_number(_best(curve, main)[name]) for curve in curves]))
        for name in figures.curve
    }
    outcomes = [
        TargetOutcome(sample_id, area, math.nan if scr is None else scr, hit)
        for document in scores
        for sample_id, area, scr, hit in document.get("outcomes", [])
    ]
    return {
        "seeds": [cell.seed for cell in cells],
        "parameters": scores[0]["parameters"],
        "training": [document["training"] for document in scores],
        "scores": found,
        "profiles": _profiles([document["test"]["last"] for document in scores]),
        "axes": _axes([document["axes"] for document in scores]),
        "curve": {
            "steps": [row["step"] for row in curves[0]],
            **{name: [[row[name] for row in curve] for curve in curves] for name in figures.curve},
        },
        "steps_to_reach": {
            f"{level:g}": [
                steps_to_reach([r["step"] for r in c], [r[main] or 0.0 for r in c], level)
                for c in curves
            ]
            for level in LEVELS
        },
        **_bins(outcomes, len(cells)),
    }


def _bins(outcomes: Sequence[TargetOutcome], runs: int) -> dict[str, Any]:
    """Return Pd by size and by SCR, where the targets' outcomes are known."""
    if not outcomes:
        return {"pd_by_size": [], "pd_by_scr": []}
    return {
        "pd_by_size": [_bin(part, runs) for part in pd_by_size(outcomes)],
        "pd_by_scr": [_bin(part, runs) for part in pd_by_scr(outcomes)],
    }


def _best(curve: Sequence[dict[str, Any]], main: str) -> dict[str, Any]:
    return max(curve, key=lambda row: row[main] or 0.0)


def _profiles(tests: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        profile: _spread_of([test[profile] for test in tests])
        for profile in tests[0]
        if all(profile in test for test in tests)
    }


def _axes(axes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        name: _spread_of([axis[name] for axis in axes])
        for name in axes[0]
        if all(name in axis for axis in axes)
    }


def _spread_of(scores: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return mean and deviation of every number that all seeds have."""
    return {
        name: vars_of(spread([one[name] for one in scores]))
        for name in scores[0]
        if all(isinstance(one.get(name), int | float) for one in scores)
    }


def vars_of(found: Any) -> dict[str, Any]:
    """Return a `Spread` as plain values."""
    return {"mean": found.mean, "sd": found.sd, "values": list(found.values)}


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _bin(part: PdBin, runs: int) -> dict[str, Any]:
    # The same targets in several runs are no more targets: the interval is that of one run.
    targets = part.targets // runs
    low, high = wilson(round(part.hits / runs), targets)
    return {
        "from": part.low,
        "to": part.high,
        "targets": targets,
        "pd": part.pd,
        "low": low,
        "high": high,
    }


def _run(root: Path, cell: Cell) -> dict[str, Any]:
    folder = root / cell.name
    row: dict[str, Any] = {**{k: getattr(cell, k) for k in cell.__slots__}, "folder": cell.name}
    if (folder / DONE).is_file():  # scored on less than all there is now, perhaps
        done = json.loads((folder / DONE).read_text(encoding="utf-8"))
        return {**row, "status": "done", "seconds": done["seconds"]}
    if (folder / FAILED).is_file():
        message = (folder / FAILED).read_text(encoding="utf-8").strip()
        return {**row, "status": "failed", "message": message}
    return {**row, "status": "missing"}


def _commands(root: Path) -> list[list[str]]:
    """Return what was typed to start it, each command once."""
    file = root / STARTS
    if not file.is_file():
        return []
    rows = [json.loads(line)["command"] for line in file.read_text("utf-8").splitlines()]
    return [list(words) for words in dict.fromkeys(map(tuple, rows))]


def _environment(root: Path, experiment: Experiment) -> Any:
    """Return where the first finished run was made."""
    for cell in experiment.cells():
        file = root / cell.name / "run" / "environment.json"
        if file.is_file():
            return json.loads(file.read_text(encoding="utf-8"))["starts"][-1]
    return None
