"""What `sirst5k inspect --quality` measures and prints."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import progress_bar

if TYPE_CHECKING:
    from sirst5k.datasets import Dataset
    from sirst5k.quality import Difference, Neighbour, Quality

_SHOWN = 10  # near-duplicates that are listed


def report_quality(
    datasets: list[Dataset], page: Path | None, *, jobs: int, quiet: bool, as_json: bool
) -> None:
    """Measure one dataset or two, print the figures, and write the page.

    The second is compared with the first; where its images were made of the first's, each is
    also compared with its source.
    """
    from sirst5k.errors import DatasetError
    from sirst5k.quality import compare_quality, measure_quality

    def progress(rows: Iterable[Any], total: int) -> Iterable[Any]:
        pieces = iter(rows)
        return (next(pieces) for _ in progress_bar(range(total), quiet or as_json, "measure"))

    qualities = [measure_quality(datasets[0], jobs=jobs, progress=progress)]
    if len(datasets) == 2:
        try:
            second = measure_quality(datasets[1], datasets[0], jobs=jobs, progress=progress)
        except DatasetError:  # not made of the first: two datasets of their own
            second = measure_quality(datasets[1], jobs=jobs, progress=progress)
        qualities.append(second)
    difference = compare_quality(*qualities) if len(qualities) == 2 else None
    parts = _train_and_test(datasets[0])
    alike = _neighbours(parts, jobs)
    if page is not None:
        _write(page, qualities, difference, alike, parts)
    if as_json:
        click.echo(json.dumps(_document(qualities, difference, alike), indent=1))
    elif not quiet:
        for line in _lines(qualities, difference, alike):
            click.echo(line)
        if page is not None:
            click.echo(f"\n{page}")


def _train_and_test(dataset: Dataset) -> tuple[Dataset, Dataset] | None:
    """Return the training and test split, where the layout has both."""
    from sirst5k.datasets import test_part, training_part
    from sirst5k.errors import Sirst5kError

    try:
        training = training_part(dataset.of_split("all"), None)
        test = test_part(training)
    except Sirst5kError:
        return None
    return (training, test) if test is not None and len(test) and len(training) else None


def _neighbours(parts: tuple[Dataset, Dataset] | None, jobs: int) -> list[Neighbour]:
    from sirst5k.quality import nearest_neighbours

    return [] if parts is None else nearest_neighbours(parts[1], parts[0], jobs)


def _write(
    page: Path,
    qualities: list[Quality],
    difference: Difference | None,
    alike: list[Neighbour],
    parts: tuple[Dataset, Dataset] | None,
) -> None:
    from sirst5k.imaging import write_atomically
    from sirst5k.quality.page import pictured, render

    pairs = [] if parts is None else pictured(alike, parts[1], parts[0])
    near = sum(neighbour.near_duplicate for neighbour in alike)
    page.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(page, render(qualities, difference, pairs, near).encode("utf-8"))


def _document(
    qualities: list[Quality], difference: Difference | None, alike: list[Neighbour]
) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "datasets": [quality.to_dict() for quality in qualities],
        "difference": None if difference is None else difference.to_dict(),
        "near_duplicates": [asdict(n) for n in alike if n.near_duplicate],
    }


def _lines(
    qualities: list[Quality], difference: Difference | None, alike: list[Neighbour]
) -> Iterator[str]:
    from sirst5k.quality.measuring import MEASURES, names_of

    for place, quality in enumerate(qualities):
        mark = f"{'AB'[place]}  " if len(qualities) > 1 else ""
        yield f"{mark}{quality.name}, {len(quality.ids):,} images"
    heads = ["A", "B", "distance"] if difference is not None else ["median (middle half)"]
    yield f"\n  {'':<36}" + "".join(f"{head:>26}" for head in heads).rstrip()
    for name in names_of(qualities):
        measure = MEASURES[name]
        label = f"{measure.title}, {measure.unit}" if measure.unit else measure.title
        cells = [_cell(quality, name) for quality in qualities]
        if difference is not None:
            distance = difference.distances.get(name)
            cells.append("" if distance is None else f"{distance:.2f}")
        yield f"  {label:<36}" + "".join(f"{cell:>26}" for cell in cells).rstrip()
    if difference is not None:
        yield f"\n  spectra {difference.spectrum_db:.2f} dB apart (log-spectral distance)"
    near = [neighbour for neighbour in alike if neighbour.near_duplicate]
    if alike:
        yield f"\n  {len(near)} of {len(alike)} test images have a near-duplicate in training"
    for neighbour in near[:_SHOWN]:
        yield f"    {neighbour.id} ~ {neighbour.nearest}  {neighbour.correlation:.3f}"
    if len(near) > _SHOWN:
        yield f"    … and {len(near) - _SHOWN} more; --json lists them all"


def _cell(quality: Quality, name: str) -> str:
    found = quality.quantiles(name) if name in quality.values else {}
    if not found:
        return "–"
    return f"{found[0.5]:.3g} ({found[0.25]:.3g}–{found[0.75]:.3g})"
