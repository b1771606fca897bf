"""`sirst5k preview`: a contact sheet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .film import film_of_dataset, film_of_output, title_of_output
from .options import (
    mask_threshold_option,
    output_options,
    progress_bar,
    reading_options,
    seed_option,
)

if TYPE_CHECKING:
    from sirst5k.datasets import Dataset, SequenceDataset
    from sirst5k.noise import NoiseBank
    from sirst5k.synthesis import Recipe
    from sirst5k.synthesis.contact_sheet import SheetTitle
    from sirst5k.synthesis.output_folder import OutputFolder
    from sirst5k.synthesis.sheet_rows import SheetRow

_ONLY_FOR_SOURCES = ("recipe_name", "assignments", "split", "noise", "mask_threshold")


@click.command("preview")
@click.argument("path")
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(path_type=Path),
    help="The picture to write, a PNG file.",
)
@click.option(
    "--samples",
    "-n",
    type=click.IntRange(1, 50),
    default=3,
    show_default=True,
    help="Sources to show, a row each.",
)
@click.option(
    "--variants",
    type=click.IntRange(1, 16),
    default=3,
    show_default=True,
    help="Variants to show of each.",
)
@click.option("--ids", metavar="A,B,…", help="Show these sources instead of some.")
@click.option(
    "--recipe",
    "-r",
    "recipe_name",
    help="sirst5k (the default), reference, or a YAML file; only if PATH is a source.",
)
@click.option(
    "--set",
    "assignments",
    metavar="KEY=VALUE",
    multiple=True,
    help="Set a recipe value, as for synth; only if PATH is a source.",
)
@click.option("--split", help="List or role to show from; trainval or train by default.")
@click.option(
    "--noise",
    type=click.Path(path_type=Path),
    help="Noise bank (.npz), noise image, or folder of them; sampled from PATH by default.",
)
@reading_options
@mask_threshold_option
@seed_option
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    path: str,
    output: Path,
    samples: int,
    variants: int,
    ids: str | None,
    recipe_name: str | None,
    assignments: tuple[str, ...],
    split: str | None,
    noise: Path | None,
    mask_threshold: float | None,
    seed: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Draw a contact sheet of PATH: sources beside their noise and variants.

    PATH is an output folder of `sirst5k synth`, shown as it is; or a dataset (or `demo`),
    of which a few variants are made for the picture alone. Test images are never varied. Of
    sequences it is a filmstrip, a column a moment.

    \b
    Examples:
      sirst5k preview out -o out.png
      sirst5k preview SIRST -o sirst.png --split trainval --recipe reference
      sirst5k preview SIRST -o two.png --ids Misc_7,Misc_12 --variants 4
    """
    from sirst5k.datasets import SequenceDataset
    from sirst5k.drawing import check_picture_path, save_picture
    from sirst5k.synthesis.contact_sheet import draw_contact_sheet
    from sirst5k.synthesis.output_folder import OutputFolder, is_output_folder

    check_picture_path(output)
    wanted = _parse_ids(ids)
    film = None
    if is_output_folder(path):
        _refuse_options(ctx, path)
        folder = OutputFolder(path)
        recipe = folder.recipe
        if folder.holds_sequences:
            film = film_of_output(folder, samples, variants, wanted)
        else:
            rows, bank, title = _of_output(folder, samples, variants, seed, wanted)
    else:
        recipe = _recipe(recipe_name, assignments)
        dataset = _dataset(path, split, mask_threshold)
        if isinstance(dataset, SequenceDataset):
            film = film_of_dataset(dataset, recipe, noise, samples, variants, seed, wanted, quiet)
        else:
            rows, bank, title = _of_dataset(
                dataset, recipe, noise, samples, variants, seed, wanted, quiet
            )
    if film is not None:
        picture, shown = film
    else:
        picture = draw_contact_sheet(rows, recipe, bank, title)
        shown = {row.source_id: [sample.id for sample in row.variants] for row in rows}
    save_picture(output, picture)
    if as_json:
        document = {"picture": str(output), "recipe": recipe.name, "shown": shown}
        click.echo(json.dumps(document, ensure_ascii=False))
    elif not quiet:
        names = ", ".join(list(shown)[:6]) + (", …" if len(shown) > 6 else "")
        height, width = picture.shape[:2]
        click.echo(f"{output}: {width} × {height} pixels, recipe {recipe.name}, of {names}")


def _parse_ids(text: str | None) -> list[str]:
    if text is None:
        return []
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise click.BadParameter(
            f"expected names with commas between them, got {text!r}.", param_hint="--ids"
        )
    return names


def _refuse_options(ctx: click.Context, path: str) -> None:
    """Refuse options that would have no effect on what is already made."""
    for name in _ONLY_FOR_SOURCES:
        if ctx.params[name] not in (None, ()):
            option = next(param.opts[0] for param in ctx.command.params if param.name == name)
            raise click.UsageError(
                f"{path} holds finished outputs, which {option} cannot change. Leave it out, or "
                f"name the dataset that they were made of."
            )


def _recipe(name: str | None, assignments: tuple[str, ...]) -> Recipe:
    from sirst5k.synthesis import Recipe

    recipe = Recipe.load(name or "sirst5k")
    return recipe.override(assignments) if assignments else recipe


def _dataset(
    path: str, split: str | None, mask_threshold: float | None
) -> Dataset | SequenceDataset:
    from sirst5k.datasets import open_dataset, test_part, training_part

    dataset = training_part(open_dataset(path, split, mask_threshold=mask_threshold), split)
    test_part(dataset)  # refuses a test split
    return dataset


def _of_dataset(
    dataset: Dataset,
    recipe: Recipe,
    noise: Path | None,
    samples: int,
    variants: int,
    seed: int,
    ids: list[str],
    quiet: bool,
) -> tuple[list[SheetRow], NoiseBank | None, SheetTitle]:
    from sirst5k import __version__
    from sirst5k.synthesis import open_noise, sample_noise
    from sirst5k.synthesis.contact_sheet import SheetTitle
    from sirst5k.synthesis.sheet_choice import check_ids
    from sirst5k.synthesis.sheet_rows import rows_of_dataset

    check_ids(ids, dataset.ids, dataset.describe())
    bank = None
    if recipe.needs_noise and noise is not None:
        bank = open_noise(noise, recipe.sampling)
    elif recipe.needs_noise:
        bank = sample_noise(
            dataset, recipe.sampling, lambda items: progress_bar(items, quiet, "noise")
        )
    rows = rows_of_dataset(
        dataset, recipe, bank, samples=samples, variants=variants, seed=seed, ids=ids
    )
    name = dataset.root.name if dataset.root is not None else dataset.layout
    return rows, bank, SheetTitle(name, recipe.name, seed, __version__)


def _of_output(
    folder: OutputFolder, samples: int, variants: int, seed: int, ids: list[str]
) -> tuple[list[SheetRow], NoiseBank | None, SheetTitle]:
    from sirst5k.synthesis.sheet_rows import rows_of_output

    rows = rows_of_output(folder, samples=samples, variants=variants, seed=seed, ids=ids)
    return rows, folder.bank(), title_of_output(folder)
