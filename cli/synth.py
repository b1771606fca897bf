"""`sirst5k synth`: make a dataset."""

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
    progress_bar,
    reading_options,
    seed_option,
)
from .suggesting import Choice

if TYPE_CHECKING:
    from sirst5k.datasets import Dataset
    from sirst5k.synthesis import Recipe, SyntheticDataset, WriteReport


@click.command("synth")
@click.argument("source")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--recipe",
    "-r",
    "recipe_name",
    default="sirst5k",
    show_default=True,
    help="sirst5k, reference (the published scripts), or a YAML file.",
)
@click.option(
    "--set",
    "assignments",
    metavar="KEY=VALUE",
    multiple=True,
    help="Set a recipe value, as negatives.patch_sizes=[3,32]; may be repeated.",
)
@click.option(
    "--split",
    help="List or role to synthesise from; trainval or train by default, 'all' for everything.",
)
@click.option(
    "--noise",
    type=click.Path(path_type=Path),
    help="Noise bank (.npz), noise image, or folder of them; sampled from SOURCE by default.",
)
@click.option(
    "--format",
    "form",
    type=Choice(["folder", "shards"]),
    default="folder",
    show_default=True,
    help="Image files, or tar shards in WebDataset's naming.",
)
@click.option(
    "--shard-size",
    type=click.IntRange(min=1),
    show_default="1000",
    help="Samples a shard.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help="Make the first N outputs only; a later run with more goes on from there.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be made, and make nothing.")
@click.option("--overwrite", is_flag=True, help="Replace another run in OUT.")
@click.option(
    "--on-error",
    type=Choice(["stop", "skip"]),
    default="stop",
    show_default=True,
    help="What to do about a damaged file: stop, or leave it out and say so.",
)
@click.option(
    "--backend",
    type=Choice(["loky", "dask"]),
    default="loky",
    show_default=True,
    help="Who computes: processes of this machine, or a Dask cluster.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Of the Dask cluster, as tcp://10.0.0.1:8786; one of --jobs processes by default.",
)
@reading_options
@mask_threshold_option
@seed_option
@jobs_option
@output_options
def command(
    source: str,
    out: Path,
    recipe_name: str,
    assignments: tuple[str, ...],
    split: str | None,
    noise: Path | None,
    form: str,
    shard_size: int | None,
    limit: int | None,
    dry_run: bool,
    overwrite: bool,
    on_error: str,
    backend: str,
    scheduler: str | None,
    mask_threshold: float | None,
    seed: int,
    jobs: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Make a dataset OUT of the labelled images in SOURCE.

    SOURCE is a folder in any known layout, or `demo` for embedded scenes
    (`demo:n=64,seed=1,size=256`). OUT gets the layout that published training scripts
    read: images/, masks/, 50_50/train.txt, and the test images untouched. Run again, it
    finishes what is missing.

    Of sequences (folders of DAUB, IRDST or ITSDT, `demo:sequences=8`), OUT holds sequences:
    noise changes from frame to frame but for the sensor's pattern, and each target is turned
    alike along its track. --limit then counts sequences.

    \b
    Examples:
      sirst5k synth demo out
      sirst5k synth SIRST out --split trainval
      sirst5k synth SIRST out --recipe reference --noise noise.png
      sirst5k synth SIRST out --set variants=16 --set displacement.gain_range=[1,2]
      sirst5k synth demo:sequences=8,frames=40 clips --set variants=2
      sirst5k synth SIRST out --backend dask --scheduler tcp://10.0.0.1:8786
    """
    with interruptible("Run the same command again to go on."):
        from sirst5k.datasets import SequenceDataset, open_dataset, test_part, training_part
        from sirst5k.imaging.writable import check_folder_path, check_outside
        from sirst5k.synthesis import Recipe, SyntheticDataset, intact, open_noise, sample_noise
        from sirst5k.synthesis.shard_sink import SHARD_SIZE
        from sirst5k.synthesis.state import OutputState
        from sirst5k.synthesis.surveying import count_ahead

        if not dry_run:
            check_folder_path(out)
            OutputState(out).check()
        if shard_size is not None and form != "shards":
            raise click.UsageError("--shard-size is for --format shards.")
        if scheduler is not None and backend != "dask":
            raise click.UsageError("--scheduler is for --backend dask.")
        recipe = Recipe.load(recipe_name)
        if assignments:
            recipe = recipe.override(assignments)
        whole = open_dataset(source, split, mask_threshold=mask_threshold, on_error=on_error)
        if not dry_run:
            check_outside(out, whole.root)
        if isinstance(whole, SequenceDataset):
            from .synth_sequences import make_sequences

            make_sequences(
                whole,
                out,
                recipe,
                split=split,
                noise=noise,
                form=form,
                limit=limit,
                dry_run=dry_run,
                overwrite=overwrite,
                on_error=on_error,
                backend=backend,
                scheduler=scheduler,
                seed=seed,
                jobs=jobs,
                quiet=quiet,
                as_json=as_json,
            )
            return
        dataset = training_part(whole, split)
        test = test_part(dataset)
        bank = None
        if recipe.needs_noise:
            if noise is not None:
                bank = open_noise(noise, recipe.sampling)
            elif not dry_run:
                bank = sample_noise(
                    intact(dataset) if on_error == "skip" else dataset,
                    recipe.sampling,
                    lambda items: progress_bar(items, quiet, "noise"),
                )
        synthetic = SyntheticDataset(dataset, recipe, bank, seed)
        if dry_run:
            count_ahead(synthetic, jobs, on_error)
            _say_plan(synthetic, test, limit, quiet, as_json)
            return
        report = _write(
            synthetic,
            out,
            jobs,
            test=test,
            limit=limit,
            overwrite=overwrite,
            on_error=on_error,
            format=form,
            shard_size=SHARD_SIZE if shard_size is None else shard_size,
            backend=backend,
            scheduler=scheduler,
            quiet=quiet,
        )
        if as_json:
            click.echo(json.dumps(report.to_dict()))
        elif quiet:
            _say_skipped(report)
        else:
            _say_report(report, dataset, recipe, test)


def _write(
    synthetic: SyntheticDataset, out: Path, jobs: int, *, quiet: bool, **options: Any
) -> WriteReport:
    from sirst5k.synthesis import write_dataset

    with counting_bar(quiet, "synth") as started:
        return write_dataset(synthetic, out, jobs, started=started, **options)


def _say_plan(
    synthetic: SyntheticDataset, test: Dataset | None, limit: int | None, quiet: bool, as_json: bool
) -> None:
    plan = synthetic.plan
    outputs = len(plan) if limit is None else min(limit, len(plan))
    # The outputs of the first sample that has variants are one of each kind.
    first = next((variant for variant in plan if not variant.is_original), None)
    examples = [v.id for v in plan[:512] if first and v.source_id == first.source_id]
    if as_json:
        document = {
            "recipe": synthetic.recipe.to_dict(),
            "sources": plan.sources,
            "outputs": outputs,
            "test": len(test) if test is not None else 0,
            "examples": examples,
        }
        click.echo(json.dumps(document))
        return
    if quiet:
        click.echo(outputs)
        return
    click.echo(f"source   {synthetic.dataset.describe()}, split {synthetic.dataset.split or 'all'}")
    click.echo(f"recipe   {synthetic.recipe.name}")
    click.echo(f"outputs  {outputs} from {plan.sources} images")
    click.echo(f"test     {len(test)} untouched" if test is not None else "test     none")
    click.echo(f"each as  {', '.join(examples[:12])}{', …' if len(examples) > 12 else ''}")


def _say_report(
    report: WriteReport, dataset: Dataset, recipe: Recipe, test: Dataset | None
) -> None:
    where = f"{dataset.describe()}, split {dataset.split or 'all'}"
    click.echo(
        f"{report.root}: {report.train} training images by recipe {recipe.name} from {where}"
    )
    if test is not None:
        click.echo(f"  {report.test} test images untouched, from {test.split}")
    if report.written < report.train + report.test:
        click.echo(f"  {report.written} made now, the others were there")
    if report.empty_masks:
        click.echo(f"  {report.empty_masks} without any target (empty masks)")
    _say_skipped(report)


def _say_skipped(report: WriteReport) -> None:
    if report.skipped:
        click.echo(
            f"  {len(report.skipped)} sources left out: {', '.join(list(report.skipped)[:5])}"
        )
