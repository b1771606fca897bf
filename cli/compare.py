"""`sirst5k compare`: train with and without synthetic data, and say what it was worth."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import jobs_option, output_options, reading_options
from .suggesting import Choice
from .training_bar import TrainingBar

if TYPE_CHECKING:
    from sirst5k.comparison import CellOutcome


def _parts(value: str | None, expected: str) -> tuple[str, ...]:
    if value is None:
        return ()
    parts = tuple(part.strip() for part in value.split(",") if part.strip())
    if not parts:
        raise click.BadParameter(f"expected {expected}, got {value!r}.")
    return parts


def _words(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    return _parts(value, "names with commas between them")


def _numbers(_: click.Context, __: click.Parameter, value: str | None) -> tuple[float, ...]:
    expected = "numbers with commas between them, as 0.1,0.5,1"
    numbers = []
    for word in _parts(value, expected):
        try:
            numbers.append(float(word))
        except ValueError:
            raise click.BadParameter(f"expected {expected}, got {word!r}.") from None
    return tuple(numbers)


@click.command("compare")
@click.option("--data", required=True, help="Dataset folder, demo, or demo:sequences=8.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Its folder.")
@click.option(
    "--detectors", default="unet", show_default=True, callback=_words, help="With commas."
)
@click.option(
    "--arms",
    default="none,reference,sirst5k",
    show_default=True,
    callback=_words,
    help="none, recipes, recipe files, or dataset folders, with commas.",
)
@click.option(
    "--arm",
    "more_arms",
    multiple=True,
    metavar="NAME=RECIPE[:KEY=VALUE;…]",
    help="An arm with settings, as noise=sirst5k:negatives=null; may be repeated.",
)
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="How many.")
@click.option("--steps", type=click.IntRange(min=1), help="Equal optimiser steps for every arm.")
@click.option("--epochs", type=click.IntRange(min=1), help="Equal passes, as published.")
@click.option("--protocol", default="fair", show_default=True, help="As of sirst5k train.")
@click.option("--split", help="List or role to train on; trainval or train by default.")
@click.option("--test", help="List or role to test on; test by default.")
@click.option(
    "--fractions", callback=_numbers, help="Shares of the training labels, as 0.1,0.25,0.5,1."
)
@click.option(
    "--shift",
    is_flag=False,
    flag_value="0,0.5,1,2,4",
    callback=_numbers,
    help="Levels of foreign noise on the test images.  [0,0.5,1,2,4 if none are given]",
)
@click.option(
    "--shift-noise",
    help="Its noise bank (.npz), noise image, or folder of them; the test images' by default.",
)
@click.option("--also-test", multiple=True, help="Another dataset to test on; may be repeated.")
@click.option("--profiles", callback=_words, help="Published metrics to print beside ours.")
@click.option("--net", multiple=True, metavar="DETECTOR.KEY=VALUE", help="Of a network.")
@click.option(
    "--size", type=click.IntRange(min=32), help="Side of the training crops, or of clips."
)
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Of every training, repeatable."
)
@click.option(
    "--device",
    type=Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="auto takes a GPU where there is one.",
)
@click.option("--workers", type=click.IntRange(min=1), default=1, help="Runs side by side.")
@click.option("--devices", type=click.IntRange(min=1), default=1, help="GPUs to spread them over.")
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    help="Begin no further run after so many seconds.",
)
@reading_options
@jobs_option
@output_options
def command(
    data: str,
    out: Path,
    detectors: tuple[str, ...],
    arms: tuple[str, ...],
    more_arms: tuple[str, ...],
    seeds: int,
    steps: int | None,
    epochs: int | None,
    protocol: str,
    split: str | None,
    test: str | None,
    fractions: tuple[float, ...],
    shift: tuple[float, ...],
    shift_noise: str | None,
    also_test: tuple[str, ...],
    profiles: tuple[str, ...],
    net: tuple[str, ...],
    size: int | None,
    settings: tuple[str, ...],
    device: str,
    workers: int,
    devices: int,
    time_limit: float | None,
    jobs: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Train detectors on every arm with every seed, and score them on the test split.

    Run again, it goes on: finished runs stay, more arms, seeds or detectors may be added.
    OUT gets report.html, results.json, results.csv, table.tex and a folder for each run.

    \b
    Examples:
      sirst5k compare --data SIRST --detectors mshnet,dnanet --steps 10000 --out cmp
      sirst5k compare --data SIRST --fractions 0.1,0.25,0.5,1 --steps 4000 --out labels
      sirst5k compare --data SIRST --arm noise=sirst5k:negatives=null --steps 4000 --out ablation
      sirst5k compare --data demo:n=24,size=64 --steps 60 --size 48 --seeds 1 --out try
      sirst5k compare --data DAUB --detectors sstnet,stmenet,mshnet --steps 20000 --out clips
    """
    from sirst5k.comparison import Experiment, parse_arm, run, write_report
    from sirst5k.comparison.arms import why_not

    wished = [parse_arm(word) for word in arms]
    for word in more_arms:
        wish, _, words = word.partition(":")
        wished.append(parse_arm(wish, [part for part in words.split(";") if part]))
    if size is not None:
        settings = (*settings, f"augmentation.crop={size}")
    experiment = Experiment(
        data=data,
        detectors=detectors,
        arms=tuple(wished),
        seeds=tuple(range(seeds)),
        split=split,
        test=test,
        steps=steps,
        epochs=epochs,
        protocol=protocol,
        settings=settings,
        networks=_networks(net),
        fractions=fractions or (1.0,),
        shift=shift,
        shift_noise=shift_noise,
        also_test=also_test,
        profiles=("corrected", *profiles),
    )
    for detector in detectors:
        for arm in wished:
            if (reason := why_not(arm, detector)) and not quiet:
                click.echo(f"{arm.name} is left out for {detector}: {reason}", err=True)
    watch = _Watch(quiet or as_json)
    try:
        outcomes = run(
            experiment,
            out,
            device=device,
            workers=workers,
            gpus=devices,
            jobs=jobs,
            limit=time_limit,
            observe=watch.over,
            started=watch.started,
        )
    except KeyboardInterrupt:
        click.echo(f"{out}: stopped; the same command goes on from where it is", err=True)
        raise
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    finished = len(outcomes) - len(failed)
    written = write_report([out], out) if finished else {}
    if as_json:
        click.echo(json.dumps({"finished": finished, "failed": len(failed), **written}))
    elif not quiet:
        for name in written.values():
            click.echo(name)
    for outcome in failed:
        click.echo(f"failed: {outcome.cell.name}: {outcome.message}", err=True)
    left = len(Experiment.load(out).cells()) - len(outcomes)
    if left and not quiet:
        click.echo(f"{left} runs are left; the same command goes on with them", err=True)
    if failed:
        raise SystemExit(1)


def _networks(words: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    from sirst5k.detectors.settings import parse_settings

    networks: dict[str, dict[str, Any]] = {}
    for word in words:
        detector, dot, setting = word.partition(".")
        if not dot:
            raise click.BadParameter(
                f"expected DETECTOR.KEY=VALUE, as unet.widths=[8,16,32], got {word!r}.",
                param_hint="--net",
            )
        networks.setdefault(detector, {}).update(parse_settings([setting]))
    return networks


class _Watch:
    """Says after every run how it went, and when the rest will be done."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._began = time.monotonic()
        self._made = 0
        self._bar: TrainingBar | None = None

    def started(self, steps: int, done: int, batch: int) -> Any:
        """Show how a run gets on, where runs are made one by one."""
        self._bar = TrainingBar(self._quiet)
        return self._bar.started(steps, done, batch)

    def over(self, outcome: CellOutcome, done: int, total: int) -> None:
        """Print a line, unless the run was there already."""
        if self._bar is not None:
            self._bar.close()
        if outcome.status == "there" or self._quiet:
            return
        self._made += 1
        left = (time.monotonic() - self._began) / self._made * (total - done)
        click.echo(
            f"{done}/{total} {outcome.cell.name}: {outcome.status} in {outcome.seconds:.0f} s, "
            f"about {left / 60:.0f} min left",
            err=True,
        )
