"""`sirst5k convert`: a dataset in another layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .interrupting import interruptible
from .options import (
    counting_bar,
    jobs_option,
    mask_threshold_option,
    output_options,
    reading_options,
)
from .suggesting import Choice

if TYPE_CHECKING:
    from sirst5k.datasets import ConvertReport

_TARGETS = ("dnanet", "sirst", "irstd1k", "grokcv", "coco", "yolo")
_SHOWN = 5


@click.command("convert")
@click.argument("path")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--to",
    type=Choice(_TARGETS),
    required=True,
    help="Layout to write, or the tools to write for.",
)
@click.option(
    "--split",
    "splits",
    metavar="NAME",
    multiple=True,
    help="List or role to convert; may be repeated. Everything by default.",
)
@click.option(
    "--yolo-labels",
    type=Choice(["segment", "box"]),
    default="segment",
    show_default=True,
    help="What YOLO's label files hold: outlines or boxes.",
)
@click.option("--overwrite", is_flag=True, help="Replace another conversion in OUT.")
@click.option(
    "--on-error",
    type=Choice(["stop", "skip"]),
    default="stop",
    show_default=True,
    help="What to do about a damaged file: stop, or leave it out and say so.",
)
@reading_options
@mask_threshold_option
@jobs_option
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    path: str,
    out: Path,
    to: str,
    splits: tuple[str, ...],
    yolo_labels: str,
    overwrite: bool,
    on_error: str,
    mask_threshold: float | None,
    jobs: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Write the dataset PATH to the new folder OUT in another layout.

    Images are copied byte for byte where the target takes their format, else encoded with the
    same grey levels, 16-bit ones in 16 bit. Instances are the 8-connected targets of masks.
    Lists keep their names where the target finds them; what could not be kept is said. Run
    again, an interrupted conversion goes on.

    \b
    Examples:
      sirst5k convert SIRST out --to dnanet
      sirst5k convert SIRST out --to coco --split trainval --split test
      sirst5k convert SIRST out --to yolo --yolo-labels box
    """
    from sirst5k.imaging.writable import check_folder_path

    labels = ctx.get_parameter_source("yolo_labels")
    if to != "yolo" and labels is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError(f"--yolo-labels is for --to yolo, not for --to {to}. Leave it out.")
    check_folder_path(out)
    with interruptible("Run the same command again: it goes on where it stopped."):
        report = _convert(
            path,
            out,
            to,
            quiet=quiet or as_json,
            split=splits,
            yolo_labels=yolo_labels,
            overwrite=overwrite,
            on_error=on_error,
            mask_threshold=mask_threshold,
            jobs=jobs,
        )
    if as_json:
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False))
    elif quiet:
        _say_skipped(report)
    else:
        _say(report, path)


def _convert(path: str, out: Path, to: str, *, quiet: bool, **options: Any) -> ConvertReport:
    from sirst5k.datasets import convert_dataset

    with counting_bar(quiet, "convert") as started:
        return convert_dataset(path, out, to, started=started, **options)


def _say(report: ConvertReport, path: str) -> None:
    images = f"{report.samples:,} image{'s' if report.samples != 1 else ''}"
    click.echo(f"{report.root}: {images} of {path} for {report.to}, {report.targets:,} targets")
    encoded = report.samples - report.copied
    click.echo(f"  {report.copied:,} copied as they are, {encoded:,} encoded without loss")
    lists = ", ".join(f"{name} {count:,}" for name, count in report.lists.items())
    click.echo(f"  lists: {lists or 'none'}")
    if report.renamed:
        renamed = ", ".join(f"{old} is now {new}" for old, new in report.renamed.items())
        click.echo(f"  renamed: {renamed}")
    for why in dict.fromkeys(report.lost.values()):
        names = ", ".join(name for name, reason in report.lost.items() if reason == why)
        click.echo(f"  not kept: {names}: {why}")
    if report.outside:
        click.echo(f"  {report.outside:,} images left out, which are in none of these lists")
    if report.filled_holes:
        click.echo(f"  {report.filled_holes:,} targets have holes, which YOLO's outlines lack")
    _say_skipped(report)


def _say_skipped(report: ConvertReport) -> None:
    if report.skipped:
        more = "" if len(report.skipped) <= _SHOWN else f" and {len(report.skipped) - _SHOWN} more"
        names = ", ".join(list(report.skipped)[:_SHOWN])
        click.echo(f"  {len(report.skipped):,} left out: {names}{more}")
