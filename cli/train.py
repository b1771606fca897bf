"""`sirst5k train`: fit a detector to a dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import jobs_option, output_options, progress_bar, reading_options, seed_option
from .suggesting import Choice
from .training_bar import TrainingBar

if TYPE_CHECKING:
    from sirst5k.training import FitReport


def _batch_size(_: click.Context, __: click.Parameter, value: str | None) -> int | str | None:
    if value is None or value == "auto":
        return value
    if not value.isdigit() or int(value) < 1:
        raise click.BadParameter(f"expected a number of frames from 1, or auto, got {value!r}.")
    return int(value)


@click.command("train")
@click.option(
    "--data", required=True, help="Dataset folder, synthesised folder, demo, demo:sequences=8."
)
@click.option("--detector", "-d", required=True, help="A network: unet, mshnet, sstnet, …")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The run folder.")
@click.option("--split", help="List or role to train on; trainval or train by default.")
@click.option(
    "--protocol",
    default="fair",
    show_default=True,
    help="Where the settings begin: fair, or a paper's own, by the detector's name.",
)
@click.option("--recipe", "-r", help="Train on variants by this recipe, computed on the fly.")
@click.option("--noise", type=click.Path(path_type=Path), help="Noise bank for the recipe.")
@click.option("--transform", help="Recipe whose operations are drawn anew for every batch.")
@click.option("--steps", type=click.IntRange(min=1), help="Optimiser steps.")
@click.option("--epochs", type=click.IntRange(min=1), help="Passes over the training frames.")
@click.option("--batch-size", callback=_batch_size, help="Frames of a batch, or auto (GPU).")
@click.option(
    "--size",
    type=click.IntRange(min=32),
    help="Side in pixels of the training crops, or that clips are letterboxed to.",
)
@click.option(
    "--device",
    type=Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="auto takes a GPU where there is one.",
)
@click.option(
    "--devices", type=click.IntRange(min=1), default=1, help="Processes, each with one device."
)
@click.option("--precision", help="bf16-mixed (a GPU's default), 32-true, 16-mixed.")
@click.option(
    "--compile",
    "compile_mode",
    type=Choice(["off", "default", "reduce-overhead", "max-autotune"]),
    help="torch.compile; reduce-overhead uses CUDA graphs.",
)
@click.option("--net", multiple=True, metavar="KEY=VALUE", help="Setting of the network.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Any other setting, as optimizer.lr=0.01; may be repeated.",
)
@click.option("--cache", type=click.Path(path_type=Path), help="Where decoded frames are kept.")
@click.option("--no-cache", is_flag=True, help="Keep no decoded frames on disk.")
@click.option(
    "--memory",
    type=click.FloatRange(min=0),
    metavar="GIB",
    help="What decoded frames may take; half of what is free by default.",
)
@click.option("--overwrite", is_flag=True, help="Replace another run in the folder.")
@reading_options
@seed_option
@jobs_option
@output_options
def command(
    data: str,
    detector: str,
    out: Path,
    split: str | None,
    protocol: str,
    recipe: str | None,
    noise: Path | None,
    transform: str | None,
    steps: int | None,
    epochs: int | None,
    batch_size: int | str | None,
    size: int | None,
    device: str,
    devices: int,
    precision: str | None,
    compile_mode: str | None,
    net: tuple[str, ...],
    assignments: tuple[str, ...],
    cache: Path | None,
    no_cache: bool,
    memory: float | None,
    overwrite: bool,
    seed: int,
    jobs: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Train a detector; run again, it goes on where it stopped.

    A tenth of the training images (or of the sequences, whole ones) is held out by a fixed
    hash of their names and scored now and then; the test split is never looked at. The run
    folder gets the resolved config.yaml, environment.json, metrics.jsonl, curves.png, and
    checkpoints/best and last.safetensors, which `sirst5k evaluate` and `sirst5k predict` take.

    \b
    Examples:
      sirst5k train --data SIRST --detector mshnet --out run --steps 10000
      sirst5k train --data SIRST --detector unet --recipe sirst5k --out run --steps 2000
      sirst5k train --data SIRST --detector dnanet --protocol dnanet --out run
      sirst5k train --data demo --detector unet --out run --steps 200 --size 64
      sirst5k train --data DAUB --detector sstnet --protocol sstnet --out run
      sirst5k train --data demo:sequences=12,size=64 --detector stmenet --net width=0.25 \
          --size 64 --steps 400 --out run
    """
    from sirst5k.detectors.registry import task_of
    from sirst5k.detectors.settings import parse_settings
    from sirst5k.imaging.writable import check_folder_path
    from sirst5k.synthesis import Recipe, open_noise
    from sirst5k.synthesis.sequences import open_sequence_noise
    from sirst5k.training import fit
    from sirst5k.training.devices import is_first_process

    if cache is not None and no_cache:
        raise click.UsageError("Expected --cache or --no-cache, got both. Leave one out.")
    if cache is not None:
        check_folder_path(cache, "a folder for decoded frames")
    quiet = quiet or not is_first_process()  # one of several speaks
    made_by = Recipe.load(recipe) if recipe is not None else None
    bank: Any = None
    if noise is not None:
        if made_by is None:
            raise click.UsageError("--noise needs a --recipe that uses it.")
        if task_of(detector) == "boxes":
            bank = open_sequence_noise(noise)
        else:
            bank = open_noise(noise, made_by.sampling)
    bar = TrainingBar(quiet or as_json)
    try:
        report = fit(
            data,
            detector,
            out,
            split=split,
            recipe=made_by,
            bank=bank,
            protocol=protocol,
            assignments=assignments,
            device=device,
            devices=devices,
            jobs=jobs,
            cache=False if no_cache else cache,
            overwrite=overwrite,
            memory=None if memory is None else int(memory * 2**30),
            started=bar.started,
            decoding=lambda items: progress_bar(items, quiet or as_json, "decode"),
            transform=transform,
            steps=steps,
            epochs=epochs,
            batch_size=batch_size,
            augmentation=None if size is None else {"crop": size},
            precision=precision,
            compile=compile_mode,
            network=parse_settings(net) or None,
            seed=seed,
        )
    except KeyboardInterrupt:
        bar.close()
        click.echo(f"{out}: stopped; the same command goes on from where it is", err=True)
        raise
    finally:
        bar.close()
    if as_json and is_first_process():
        click.echo(json.dumps(report.to_dict()))
    elif not quiet:
        _say(report)


_OF_MASKS = {"miou": "mIoU", "niou": "nIoU", "pd": "Pd"}
_OF_BOXES = {
    "ap50": "AP50",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "best_f1": "best F1",
}


def _figure(value: float | None, unit: float = 1.0, digits: int = 4) -> str:
    """Return a score, or a dash where there is none, as precision without any detection."""
    return "–" if value is None or value != value else f"{value * unit:.{digits}f}"


def _say(report: FitReport) -> None:
    rate = f"{report.seconds:.0f} s" if report.seconds < 600 else f"{report.seconds / 60:.0f} min"
    click.echo(f"{report.folder}: {report.steps} steps in {rate}")
    if report.best is not None:
        click.echo(f"  held out, best: {report.best:.4f} at step {report.best_step}")
    scores = report.validation
    shown = _OF_BOXES if "ap50" in scores else _OF_MASKS if scores else {}
    words = [f"{name} {_figure(scores[key])}" for key, name in shown.items()]
    if shown is _OF_MASKS:
        words.append(f"Fa {_figure(scores['fa'], 1e6, 1)}e-6")
    if words:
        click.echo(f"  held out, last: {', '.join(words)}")
    click.echo(f"  weights: {report.best_weights}, {report.last_weights}")
