"""`sirst5k inspect`: what is in a dataset folder, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import click
from tqdm import tqdm

from sirst5k.datasets import (
    Dataset,
    SequenceDataset,
    open_dataset,
    open_stills,
    training_part,
)
from sirst5k.datasets.inspection import Inspection, inspect_dataset
from sirst5k.datasets.opening import known_layouts
from sirst5k.datasets.survey import PairSurvey
from sirst5k.errors import SplitError
from sirst5k.imaging.writable import check_file_path

from .findings import histogram, problems, row
from .options import jobs_option, mask_threshold_option, output_options, reading_options


def _print_layouts(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        layouts = known_layouts()
        click.echo(
            "\n".join(f"{name:<{max(map(len, layouts))}}  {by}" for name, by in layouts.items())
        )
        ctx.exit()


@click.command()
@click.argument("path")
@click.argument("other", required=False)
@click.option("--quality", is_flag=True, help="Measure the images; with OTHER, side by side.")
@click.option(
    "--page", type=click.Path(path_type=Path), help="With --quality: write it as one HTML file."
)
@click.option(
    "--layouts",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_layouts,
    help="List the layouts that are known, and what each is recognised by.",
)
@click.option("--split", metavar="NAME", help="Only this list or role; by default every pair.")
@reading_options
@mask_threshold_option
@jobs_option
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    path: str,
    other: str | None,
    quality: bool,
    page: Path | None,
    split: str | None,
    mask_threshold: float | None,
    jobs: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say which layout PATH is in, what it holds, and what is wrong with it.

    Every pair is read; of sequences every label, the head of every frame's file, and one frame
    of each. The exit code is 1 if a problem was found. With --quality the images are
    measured instead: SCR, contrast, noise, entropy, sharpness, spectrum, test images that look
    like training images, and what a synthesised OTHER changed.

    \b
    Examples:
      sirst5k inspect data/sirst --split trainval
      sirst5k inspect --layouts
      sirst5k inspect demo
      sirst5k inspect demo:sequences=8,frames=40
      sirst5k inspect data/sirst out --quality --page quality.html
    """
    if not quality and (other is not None or page is not None):
        raise click.UsageError("A second dataset and --page go with --quality.")
    if quality:
        from .quality import report_quality

        if page is not None:
            check_file_path(page, ".html", make_folder=True)
        datasets = [open_stills(path, split, mask_threshold=mask_threshold)]
        if other is not None:
            datasets.append(_second(open_stills(other, mask_threshold=mask_threshold), split))
        report_quality(datasets, page, jobs=jobs, quiet=quiet, as_json=as_json)
        return
    dataset = open_dataset(path, split, mask_threshold=mask_threshold, on_error="skip")
    if isinstance(dataset, SequenceDataset):
        from .inspect_sequences import report_sequences

        ctx.exit(report_sequences(dataset, as_json=as_json, quiet=quiet))

    def progress(surveys: Iterable[PairSurvey], total: int) -> Iterator[PairSurvey]:
        hidden = True if quiet else None  # None: hidden where stderr is no terminal
        yield from tqdm(surveys, total=total, unit="pair", disable=hidden, leave=False)

    findings = inspect_dataset(dataset, jobs=jobs, progress=progress)
    if as_json:
        click.echo(json.dumps(findings.to_dict(), indent=2, ensure_ascii=False))
    elif not quiet:
        click.echo("\n".join(_report(findings)))
    elif findings.problems:
        click.echo("\n".join(problems(findings.problems)))
    ctx.exit(1 if findings.problems else 0)


def _second(whole: Dataset, split: str | None) -> Dataset:
    """Return the split of the second dataset, or its training images if it has no such split."""
    with suppress(SplitError):
        return whole if split is None else whole.of_split(split)
    return training_part(whole, None)


def _report(found: Inspection) -> Iterator[str]:
    yield click.style(found.path, bold=True)
    yield from row("layout", [found.layout])
    yield from row("images", [f"{found.images:,}", found.split or "every pair"])
    splits = [
        f"{name} {count:,}" if count >= 0 else f"{name} ?" for name, count in found.splits.items()
    ]
    yield from row("splits", splits or ["none"])
    renamed = [f"{role} = {name}" for role, name in found.roles.items() if role != name]
    if renamed:
        yield from row("roles", renamed)
    yield from row("sizes", _sizes(found))
    yield from row("files", [f"{mode} {count:,}" for mode, count in found.modes.items()])
    yield from row("depth", [f"{dtype} {count:,}" for dtype, count in found.dtypes.items()])
    yield from row("targets", [f"{found.targets:,}", f"{found.touching_border:,} touch the border"])
    yield from row("empty", [f"{found.empty_masks:,} masks without target"])
    yield ""
    yield from histogram("targets per image", found.targets_per_image)
    if found.areas:
        yield ""
        yield from _quantile_table(found)
    yield ""
    yield from problems(found.problems)


def _sizes(found: Inspection) -> list[str]:
    sizes = [f"{size.replace('x', ' × ')} {count:,}" for size, count in found.sizes.items()]
    if len(sizes) <= 6:
        return sizes
    pairs = [tuple(map(int, size.split("x"))) for size in found.sizes]
    widths, heights = zip(*pairs, strict=True)
    return [
        f"{len(sizes)} different",
        f"{min(widths)}…{max(widths)} wide",
        f"{min(heights)}…{max(heights)} high",
        f"most often {next(iter(found.sizes)).replace('x', ' × ')}",
    ]


def _quantile_table(found: Inspection) -> Iterator[str]:
    names = {0.0: "min", 1.0: "max"}
    heads = [names.get(quantile, f"{quantile:.0%}") for quantile in found.areas]
    yield f"  {'':<12}" + "".join(f"{head:>9}" for head in heads)
    yield f"  {'area, px':<12}" + "".join(f"{value:>9.4g}" for value in found.areas.values())
    if found.scr:
        yield f"  {'SCR':<12}" + "".join(f"{value:>9.3g}" for value in found.scr.values())
