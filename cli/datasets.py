"""`sirst5k datasets`: the field's public datasets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from .interrupting import interruptible
from .options import output_options
from .suggesting import SuggestingGroup


@click.group("datasets", cls=SuggestingGroup)
def command() -> None:
    """Say which public datasets there are, and get one.

    \b
    Examples:
      sirst5k datasets list
      sirst5k datasets get sirst-v1 data/sirst-v1
      sirst5k datasets get irstd-1k data/irstd-1k --from IRSTD-1k.zip
    """


@command.command("list")
@click.argument("names", nargs=-1, metavar="[NAME]…")
@output_options
def list_(names: tuple[str, ...], quiet: bool, as_json: bool) -> None:
    """List the public datasets: size, home page, terms, and how each can be had.

    \b
    Examples:
      sirst5k datasets list
      sirst5k datasets list irstd-1k
    """
    from dataclasses import asdict

    from sirst5k.datasets.public import CATALOGUE
    from sirst5k.errors import ParameterError, suggest

    for name in names:
        if name not in CATALOGUE:
            raise ParameterError(f"There is no public dataset {name!r}.{suggest(name, CATALOGUE)}")
    chosen = [CATALOGUE[name] for name in names or CATALOGUE]
    if as_json:
        click.echo(json.dumps([asdict(entry) for entry in chosen], indent=1))
        return
    if quiet:
        click.echo("\n".join(entry.name for entry in chosen))
        return
    for entry in chosen:
        how = "sirst5k datasets get" if entry.url else "by hand, then get --from FILE"
        click.echo(f"{entry.name:15} {entry.samples:6,} {entry.kind:9}  {how}")
        click.echo(f"    {entry.title}: {entry.about}\n    {entry.paper}")
        click.echo(f"    {entry.home}\n    licence: {entry.licence}")
        for step in entry.steps if names else ():
            click.echo(f"    - {step}")


@command.command()
@click.argument("name")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--from", "archive", type=click.Path(path_type=Path), help="An archive downloaded by hand."
)
@output_options
def get(name: str, out: Path, archive: Path | None, quiet: bool, as_json: bool) -> None:
    """Download the public dataset NAME into the folder OUT, unpacked and opened once.

    What others publish stays theirs: `sirst5k datasets list NAME` says under which terms.
    Interrupted downloads are resumed.

    \b
    Examples:
      sirst5k datasets get sirst-v1 data/sirst-v1
      sirst5k datasets get nudt-sirst data/nudt --from NUDT-SIRST.zip
    """
    from sirst5k.datasets.public import CATALOGUE, get_dataset
    from sirst5k.imaging.writable import check_folder_path

    check_folder_path(out)
    with interruptible("Run the same command again to go on."):
        report = get_dataset(name, out, archive, progress=_bar(quiet or as_json))
    if as_json:
        click.echo(json.dumps(report.to_dict()))
        return
    for note in report.notes:
        click.echo(f"sirst5k: warning: {name}: {note}", err=True)
    if not quiet:
        click.echo(f"{out}: {report.samples:,} samples, {report.layout} layout")
        click.echo(f"licence: {CATALOGUE[name].licence}")


def _bar(quiet: bool) -> Any:
    from tqdm import tqdm

    def started(have: int, whole: int | None) -> Any:
        hidden = True if quiet else None
        return tqdm(
            total=whole, initial=have, unit="B", unit_scale=True, desc="get", disable=hidden
        ).update

    return started
