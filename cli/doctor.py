"""`sirst5k doctor`: what is installed, what is missing for what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from .options import output_options

if TYPE_CHECKING:
    from sirst5k.doctor import Examination


@click.command("doctor")
@output_options
def command(quiet: bool, as_json: bool) -> int:
    """Say which versions and devices are here, and what is missing for what.

    Exits with 1 if something that is installed cannot be used; an extra that is not installed
    is no fault.

    \b
    Examples:
      sirst5k doctor
      sirst5k doctor --json > environment.json   to go with a bug report
    """
    from sirst5k.doctor import examine

    found = examine()
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=1))
    elif not quiet:
        _print(found)
    for problem in [] if as_json else found.problems:
        click.echo(f"sirst5k: {problem}", err=True)
    return 1 if found.problems else 0


def _print(found: Examination) -> None:
    from sirst5k.doctor import PURPOSES

    click.echo(f"sirst5k {found.sirst5k}, Python {found.python}, {found.platform}")
    click.echo(f"{found.cores} cores; torch: {', '.join(found.devices) or 'not usable'}")
    for name, value in found.variables.items():
        click.echo(f"{name}={value}")
    missing = found.missing
    for extra, purpose in PURPOSES.items():
        here = [
            f"{package.name} {package.found}"
            for package in found.packages
            if package.extra == extra and package.found is not None
        ]
        click.echo(f"\n{purpose}:" if not extra else f"\n{purpose} [{extra}]:")
        if here:
            click.echo(f"  {', '.join(here)}")
        if extra in missing:
            click.echo(f"  missing: {', '.join(missing[extra])}")
            click.echo(f"  pip install 'sirst5k[{extra}]'")
