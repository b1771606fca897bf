"""`sirst5k inspect` of a dataset of sequences."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

import click
from tqdm import tqdm

from sirst5k.datasets import SequenceDataset
from sirst5k.datasets.sequences.inspection import SequenceInspection, inspect_sequences

from .findings import histogram, problems, row


def report_sequences(data: SequenceDataset, *, as_json: bool, quiet: bool) -> int:
    """Print what a dataset of sequences holds, and return the exit code."""

    def progress(frames: Iterable[str], total: int) -> Iterator[str]:
        hidden = True if quiet else None  # None: hidden where stderr is no terminal
        yield from tqdm(frames, total=total, unit="frame", disable=hidden, leave=False)

    findings = inspect_sequences(data, progress=progress)
    if as_json:
        click.echo(json.dumps(findings.to_dict(), indent=2, ensure_ascii=False))
    elif not quiet:
        click.echo("\n".join(_report(findings)))
    elif findings.problems:
        click.echo("\n".join(problems(findings.problems)))
    return 1 if findings.problems else 0


def _report(found: SequenceInspection) -> Iterator[str]:
    yield click.style(found.path, bold=True)
    yield from row("layout", [found.layout])
    yield from row("sequences", [f"{found.sequences:,}", found.split or "every one"])
    yield from row("frames", [f"{found.frames:,}", f"{found.key_frames:,} with labels"])
    splits = [f"{name} {count:,}" for name, count in found.splits.items()]
    yield from row("splits", splits or ["none"])
    renamed = [f"{role} = {name}" for role, name in found.roles.items() if role != name]
    if renamed:
        yield from row("roles", renamed)
    yield from row("sizes", [f"{s.replace('x', ' × ')} {n:,}" for s, n in found.sizes.items()])
    yield from row("depth", [f"{dtype} {n:,}" for dtype, n in found.dtypes.items()])
    masks = "with masks" if found.with_masks else "no masks"
    tracks = f"{found.tracks:,} tracks" if found.tracks else "no tracks"
    yield from row("targets", [f"{found.boxes:,} boxes", tracks, masks])
    if len(found.classes) > 1:
        yield from row("classes", [f"{kind}: {n:,}" for kind, n in found.classes.items()])
    yield from row("empty", [f"{found.without_target:,} frames without target"])
    yield ""
    yield from histogram("targets per frame", found.boxes_per_frame)
    yield ""
    yield from _quantile_table(found)
    yield ""
    yield from problems(found.problems)


def _quantile_table(found: SequenceInspection) -> Iterator[str]:
    names = {0.0: "min", 1.0: "max"}
    heads = [names.get(quantile, f"{quantile:.0%}") for quantile in found.lengths]
    yield f"  {'':<12}" + "".join(f"{head:>9}" for head in heads)
    table: list[tuple[str, Mapping[float, float]]] = [
        ("frames", found.lengths),
        ("width, px", found.widths),
        ("height, px", found.heights),
    ]
    for label, values in table:
        if values:
            yield f"  {label:<12}" + "".join(f"{value:>9.4g}" for value in values.values())
