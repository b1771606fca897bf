"""From an experiment's folder to the files that are read, printed and cited."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sirst5k.comparison.experiment import Experiment
from sirst5k.comparison.report.gallery import GalleryRow, gallery, to_plain
from sirst5k.comparison.report.page import render
from sirst5k.comparison.results import gather
from sirst5k.comparison.tables import to_csv, to_latex
from sirst5k.errors import OutputError, ParameterError
from sirst5k.evaluation.bootstrap import Bootstrap
from sirst5k.imaging import write_atomically

Path_ = str | os.PathLike[str]


def write_report(
    folders: Sequence[Path_], out: Path_, *, rule: Bootstrap | None = None, pictures: int = 4
) -> dict[str, str]:
    """Write the report of one experiment, or of several together.

    Parameters
    ----------
    folders : sequence of path
        Experiments' folders. Several must have been run on the same data with the same
        protocol; their detectors stand in one report.
    out : path
        Gets ``report.html``, ``results.json``, ``results.csv`` and ``table.tex``.
    rule : Bootstrap, optional
        Of the intervals.
    pictures : int
        Test images a detector.

    Returns
    -------
    dict of str to str
        What was written, by kind.

    Raises
    ------
    OutputError
        If a folder holds no finished run, or the files cannot be written.
    ParameterError
        If experiments do not go together.
    """
    roots = [Path(folder) for folder in folders]
    parts = [gather(root, rule) for root in roots]
    shown: list[GalleryRow] = []
    for root, names in zip(roots, _names(parts), strict=True):
        for row in gallery(root, Experiment.load(root), pictures):
            shown.append(replace(row, detector=names[row.detector]))
    results = {**merged(parts), "gallery": to_plain(shown)}
    texts = {
        "report": ("report.html", render(results, shown, _commands(parts))),
        "json": ("results.json", json.dumps(results, indent=1, allow_nan=False) + "\n"),
        "csv": ("results.csv", to_csv(results)),
        "latex": ("table.tex", to_latex(results)),
    }
    target = Path(out)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"Cannot write a report to {target}: {error.strerror}.") from error
    for name, text in texts.values():
        write_atomically(target / name, text.encode("utf-8"))
    return {kind: str(target / name) for kind, (name, _) in texts.items()}


def merged(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return several experiments' results as those of one.

    A detector that stands in several keeps the name of the first; further ones are numbered.
    """
    if not parts:
        raise ParameterError("Expected at least one experiment, got none.")
    first = parts[0]
    for other in parts[1:]:
        for key in ("data", "split", "test", "protocol", "steps", "epochs"):
            one, two = first["experiment"][key], other["experiment"][key]
            if one != two:
                raise ParameterError(
                    f"Expected experiments that go together, but their {key} differ: {one!r} "
                    f"and {two!r}. Make a report of each."
                )
    detectors: dict[str, Any] = {}
    runs: list[dict[str, Any]] = []
    for part, names in zip(parts, _names(parts), strict=True):
        detectors |= {names[name]: block for name, block in part["detectors"].items()}
        runs += [{**run, "detector": names[run["detector"]]} for run in part["runs"]]
    arms = {arm["name"]: arm for part in reversed(parts) for arm in part["experiment"]["arms"]}
    experiment = {**first["experiment"], "detectors": list(detectors), "arms": list(arms.values())}
    commands = [command for part in parts for command in part["commands"]]
    return {
        **first,
        "experiment": experiment,
        "detectors": detectors,
        "runs": runs,
        "commands": commands,
    }


def _names(parts: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return for each experiment what its detectors are called among all."""
    taken: set[str] = set()
    found = []
    for part in parts:
        names = {}
        for name in part["detectors"]:
            free, number = name, 2
            while free in taken:
                free, number = f"{name} ({number})", number + 1
            taken.add(free)
            names[name] = free
        found.append(names)
    return found


def _commands(parts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what was typed to start the experiments."""
    typed = [words for part in parts for words in part["commands"]]
    return [" ".join(["sirst5k", *map(shlex.quote, words[1:])]) for words in typed]
