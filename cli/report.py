"""`sirst5k report`: the report of one experiment, or of several together."""

from __future__ import annotations

import json
from pathlib import Path

import click

from .options import output_options


@click.command("report")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), help="Where to; the first folder by default."
)
@click.option(
    "--pictures",
    type=click.IntRange(min=0),
    default=4,
    show_default=True,
    help="Test images to show of each kind.",
)
@click.option(
    "--bootstrap",
    type=click.IntRange(min=100),
    default=10_000,
    show_default=True,
    help="Resample the images, or sequences, so often for 95 % intervals.",
)
@output_options
def command(
    folders: tuple[Path, ...],
    out: Path | None,
    pictures: int,
    bootstrap: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Write report.html, results.json, results.csv and table.tex for what is finished.

    \b
    Examples:
      sirst5k report cmp
      sirst5k report mshnet-runs dnanet-runs --out both
    """
    from sirst5k.comparison import write_report
    from sirst5k.evaluation.bootstrap import Bootstrap
    from sirst5k.imaging.writable import check_folder_path

    target = out if out is not None else folders[0]
    if out is not None:
        check_folder_path(out)
    written = write_report(folders, target, rule=Bootstrap(bootstrap), pictures=pictures)
    if as_json:
        click.echo(json.dumps(written))
    elif not quiet:
        for name in written.values():
            click.echo(name)
