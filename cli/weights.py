"""`sirst5k weights`: published checkpoints into safe files that say what they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from .detecting import normalisation_option
from .options import output_options
from .suggesting import SuggestingGroup


@click.group("weights", cls=SuggestingGroup)
def command() -> None:
    """Convert published checkpoints, and show what a file of weights says.

    \b
    Examples:
      sirst5k weights import dnanet mIoU__DNANet.pth.tar dnanet.safetensors
      sirst5k weights import dstransnet best.pth dst.safetensors --normalisation nuaa-sirst
      sirst5k weights show dnanet.safetensors
    """


@command.command("import")
@click.argument("name")
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@normalisation_option
@click.option(
    "--set",
    "assignments",
    metavar="KEY=VALUE",
    multiple=True,
    help="Set what the file does not tell of the configuration; may be repeated.",
)
@click.option("--overwrite", is_flag=True, help="Replace OUT if it is there.")
@output_options
def import_(
    name: str,
    source: Path,
    out: Path,
    normalisation: str | None,
    assignments: tuple[str, ...],
    overwrite: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Convert the checkpoint FILE of the network NAME into the safetensors file OUT.

    FILE is a torch checkpoint or a safetensors file with the published names, inside
    whatever a training script put around them. No code in it is run. OUT says name,
    configuration and normalisation, so that predict and evaluate need nothing beside it.

    \b
    Examples:
      sirst5k weights import mshnet weight.pth mshnet.safetensors
      sirst5k weights import dstransnet best.pth dst.safetensors --normalisation 0.442/0.111
    """
    from sirst5k.detectors import load_weights, read_metadata, save_weights
    from sirst5k.detectors.settings import parse_settings
    from sirst5k.imaging.writable import check_file_path

    check_file_path(out)
    if out.exists() and not overwrite:
        raise click.UsageError(f"{out} is there already. Replace it with --overwrite.")
    model = load_weights(name, source, normalisation, **parse_settings(assignments))
    info = model.weights_info
    if info.normalisation_from == "unknown":
        raise click.UsageError(
            f"Nothing in {source} tells the normalisation that {name} was trained with. Give it: "
            "--normalisation with the data set's name, as nuaa-sirst, MEAN/STD, or none."
        )
    save_weights(model, out, source=source.name, source_sha256=info.sha256, **info.extra)
    facts = read_metadata(out).to_dict()
    if as_json:
        found = {"keys": info.keys, "wrappers": info.wrappers, "dead": info.dead}
        click.echo(json.dumps({"file": str(out), **facts, **found}, ensure_ascii=False))
    elif not quiet:
        click.echo(f"{out}: {name}, {facts['parameters']:,} parameters")
        _say(facts)
        if info.dead:
            click.echo(f"  left out: {len(info.dead)} entries without use, as {info.dead[0]}")


@command.command("show")
@click.argument("file", type=click.Path(path_type=Path))
@output_options
def show(file: Path, quiet: bool, as_json: bool) -> None:
    """Say what a file of weights holds: ours in its own words, others by names and shapes.

    \b
    Example:
      sirst5k weights show mshnet.safetensors
      sirst5k weights show downloaded.pth
    """
    from sirst5k.detectors.weights.describing import describe_file

    facts = describe_file(file)
    if as_json:
        click.echo(json.dumps({"file": str(file), **facts}, ensure_ascii=False))
    elif not quiet and "config" in facts:
        click.echo(f"{file}: {facts['name']}, {facts['parameters']:,} parameters")
        _say(facts)
    elif not quiet:
        _say_foreign(file, facts)


def _say(facts: dict[str, Any]) -> None:
    config = ", ".join(f"{key} {value}" for key, value in facts["config"].items())
    mean, std = (", ".join(f"{v:g}" for v in facts["normalisation"][k]) for k in ("mean", "std"))
    click.echo(f"  configuration: {config}")
    click.echo(f"  normalisation: mean {mean}; std {std}")
    click.echo(f"  written by sirst5k {facts['sirst5k']}, {facts['created']}")
    if facts["source"]:
        click.echo(f"  source: {facts['source']}, sha256 {facts['source_sha256'][:16] or '?'}")
    for key, value in facts["extra"].items():
        click.echo(f"  {key}: {value}")


def _say_foreign(file: Path, facts: dict[str, Any]) -> None:
    around = f" inside {' '.join(facts['wrappers'])}" if facts["wrappers"] else ""
    names = " or ".join(facts["networks"]) or "no network that is known here"
    click.echo(f"{file}: {facts['tensors']} tensors{around}, weights of {names}")
    for name in facts["networks"][:1]:
        click.echo(f"  convert them: sirst5k weights import {name} {file} OUT.safetensors")
