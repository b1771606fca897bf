"""`sirst5k synth` on sequences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import counting_bar, progress_bar

if TYPE_CHECKING:
    from sirst5k.datasets import SequenceDataset
    from sirst5k.synthesis import Recipe
    from sirst5k.synthesis.sequences import SequenceWriteReport, SyntheticSequences


def make_sequences(
    whole: SequenceDataset,
    out: Path,
    recipe: Recipe,
    *,
    split: str | None,
    noise: Path | None,
    form: str,
    limit: int | None,
    dry_run: bool,
    overwrite: bool,
    on_error: str,
    backend: str,
    scheduler: str | None,
    seed: int,
    jobs: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Make a dataset of sequences, or say what would be made."""
    from sirst5k.datasets import test_part, training_part
    from sirst5k.synthesis.sequences import (
        SyntheticSequences,
        check_recipe,
        open_sequence_noise,
        sample_sequence_noise,
        write_sequence_dataset,
    )
    from sirst5k.synthesis.sequences.fitting import sampling_of

    _refuse_options(form, on_error)
    check_recipe(recipe)
    dataset = training_part(whole, split)
    test = test_part(dataset)
    bank = None
    if recipe.needs_noise and noise is not None:
        bank = open_sequence_noise(noise)
    elif recipe.needs_noise and not dry_run:
        bank = sample_sequence_noise(
            dataset,
            sampling_of(recipe),
            lambda names: progress_bar(names, quiet, "noise", "sequence"),
        )
    synthetic = SyntheticSequences(dataset, recipe, bank, seed)
    if dry_run:
        _say_plan(synthetic, test, limit, quiet, as_json)
        return
    with counting_bar(quiet, "synth") as started:
        report = write_sequence_dataset(
            synthetic,
            out,
            jobs,
            test=test,
            limit=limit,
            overwrite=overwrite,
            backend=backend,
            scheduler=scheduler,
            started=started,
        )
    if as_json:
        click.echo(json.dumps(report.to_dict()))
    elif not quiet:
        _say_report(report, synthetic, test)


def _refuse_options(form: str, on_error: str) -> None:
    if form != "folder":
        raise click.UsageError(
            "Shards are for still images; sequences are stored as folders of frames. Leave "
            "--format out."
        )
    if on_error != "stop":
        raise click.UsageError(
            "A frame that is left out would tear its sequence apart: --on-error skip is for still "
            "images. Mend the damaged frame, or choose a split without its sequence."
        )


def _say_plan(
    synthetic: SyntheticSequences,
    test: SequenceDataset | None,
    limit: int | None,
    quiet: bool,
    as_json: bool,
) -> None:
    plan = synthetic.plan
    variants = plan.variants
    outputs = len(variants) if limit is None else min(limit, len(variants))
    frames = plan.frames_of_first(outputs)
    made = [variant for variant in variants[:512] if not variant.is_original]
    examples = [variant.id for variant in made if variant.source_id == made[0].source_id]
    tests = 0 if test is None else len(test.sequences)
    if as_json:
        document = {
            "recipe": synthetic.recipe.to_dict(),
            "sources": len(variants.ids),
            "outputs": outputs,
            "frames": frames,
            "test": tests,
            "examples": examples,
        }
        click.echo(json.dumps(document))
        return
    if quiet:
        click.echo(outputs)
        return
    dataset = synthetic.dataset
    click.echo(f"source   {dataset.describe()}, split {dataset.split or 'all'}")
    click.echo(f"recipe   {synthetic.recipe.name}")
    click.echo(f"outputs  {outputs} sequences of {frames:,} frames, from {len(variants.ids)}")
    click.echo(f"test     {tests} sequences untouched" if test is not None else "test     none")
    click.echo(f"each as  {', '.join(examples[:12])}{', …' if len(examples) > 12 else ''}")


def _say_report(
    report: SequenceWriteReport, synthetic: SyntheticSequences, test: SequenceDataset | None
) -> None:
    dataset = synthetic.dataset
    click.echo(
        f"{report.root}: {report.sequences} training sequences ({report.train:,} frames) by recipe "
        f"{synthetic.recipe.name} from {dataset.describe()}, split {dataset.split or 'all'}"
    )
    if synthetic.bank is not None:
        click.echo(f"  {synthetic.bank}")
    if test is not None:
        click.echo(
            f"  {report.test_sequences} test sequences ({report.test:,} frames) untouched, from "
            f"{test.split}"
        )
    if report.written < report.train + report.test:
        click.echo(f"  {report.written:,} frames made now, the others were there")
    if report.without_targets:
        click.echo(f"  {report.without_targets:,} key frames without any target")
