"""`sirst5k verify`: whether a stored dataset is what was written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .interrupting import interruptible
from .options import jobs_option, output_options, reading_options

if TYPE_CHECKING:
    from sirst5k.synthesis import VerifyReport

_SHOWN = 20


@click.command("verify")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--sample",
    type=click.IntRange(min=0),
    metavar="N",
    help="Outputs to make again and compare; by default 8, if the originals are in OUT.",
)
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    help="The dataset that OUT was made of; needed if its recipe leaves the originals out.",
)
@reading_options
@jobs_option
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    out: Path,
    sample: int | None,
    source: Path | None,
    jobs: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Check that OUT, made by synth, is as it was written: every file, to the byte.

    Every file must be there, be readable, and hold the pixels whose sha256 the manifest
    records; no other file may be there; N outputs are made again from the recipe. The exit
    code is 1 if anything is wrong.

    \b
    Examples:
      sirst5k verify out
      sirst5k verify out --sample 100
      sirst5k verify out --source SIRST --json
    """
    with interruptible("Nothing was changed."):
        from sirst5k.synthesis import verify_dataset

        report = verify_dataset(
            out, sample=sample, jobs=jobs, source=source, progress=_bar(quiet or as_json)
        )
        if as_json:
            click.echo(json.dumps(report.to_dict(), indent=2, ensure_ascii=False))
        else:
            _say(report, quiet)
        ctx.exit(1 if report.faults else 0)


def _bar(quiet: bool) -> Any:
    from tqdm import tqdm

    def progress(checked: Iterable[Any], total: int) -> Iterable[Any]:
        hidden = True if quiet else None
        return tqdm(checked, total=total, desc="verify", unit="block", disable=hidden, leave=False)

    return progress


def _say(report: VerifyReport, quiet: bool) -> None:
    if not quiet:
        for note in report.notes:
            click.echo(f"  {note}")
    if not report.faults:
        if not quiet:
            click.echo(
                f"{report.root}: {report.samples:,} samples as they were written, "
                f"{report.recomputed} made again and equal"
            )
        return
    number = len(report.faults)
    click.echo(f"{report.root}: {number} thing{'s' if number > 1 else ''} wrong")
    for fault in report.faults[:_SHOWN]:
        click.echo(f"  {fault.kind}: {fault.text}")
    if number > _SHOWN:
        click.echo(f"  … and {number - _SHOWN} more; --json lists them all")
    click.echo(
        "  Remove what is wrong, then run the same sirst5k synth command again: it makes what is "
        "missing; with --overwrite it makes everything anew."
    )
