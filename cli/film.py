"""`sirst5k preview` of sequences: a filmstrip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .options import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sirst5k.datasets import SequenceDataset
    from sirst5k.drawing import Picture
    from sirst5k.synthesis import Recipe
    from sirst5k.synthesis.contact_sheet import SheetTitle
    from sirst5k.synthesis.output_folder import OutputFolder
    from sirst5k.synthesis.sequences.film import Strip

Film = tuple["Picture", dict[str, list[str]]]
"""The picture, and which variants of which sources it shows."""


def film_of_output(folder: OutputFolder, samples: int, variants: int, ids: Sequence[str]) -> Film:
    """Draw sequences of an output folder."""
    from sirst5k.synthesis.sequences.film import strips_of_output

    return _film(strips_of_output(folder, samples, variants, ids), title_of_output(folder))


def film_of_dataset(
    dataset: SequenceDataset,
    recipe: Recipe,
    noise: Path | None,
    samples: int,
    variants: int,
    seed: int,
    ids: Sequence[str],
    quiet: bool,
) -> Film:
    """Draw sequences of a dataset, with variants that are made for the picture alone."""
    from sirst5k import __version__
    from sirst5k.synthesis.contact_sheet import SheetTitle
    from sirst5k.synthesis.sequences import (
        SyntheticSequences,
        check_recipe,
        open_sequence_noise,
        sample_sequence_noise,
    )
    from sirst5k.synthesis.sequences.film import strips_of_dataset
    from sirst5k.synthesis.sequences.fitting import sampling_of

    check_recipe(recipe)
    bank = None
    if recipe.needs_noise and noise is not None:
        bank = open_sequence_noise(noise)
    elif recipe.needs_noise:
        bank = sample_sequence_noise(
            dataset,
            sampling_of(recipe),
            lambda names: progress_bar(names, quiet, "noise", "sequence"),
        )
    synthetic = SyntheticSequences(dataset, recipe, bank, seed)
    name = dataset.root.name if dataset.root is not None else dataset.layout
    title = SheetTitle(name, recipe.name, seed, __version__)
    return _film(strips_of_dataset(synthetic, samples, variants, ids), title)


def title_of_output(folder: OutputFolder) -> SheetTitle:
    """Return what a picture of an output folder says about itself."""
    from sirst5k.synthesis.contact_sheet import SheetTitle

    facts = folder.facts
    return SheetTitle(
        name=str(facts["source"].get("name", folder.root.name)),
        recipe=folder.recipe.name,
        seed=int(facts["seed"]),
        version=str(facts["version"]),
        remark="" if folder.complete else "the run is not finished",
    )


def _film(strips: list[Strip], title: SheetTitle) -> Film:
    from sirst5k.synthesis.sequences.filmstrip import draw_filmstrip

    shown = {
        strip.source: [
            row.name for row in strip.rows if not row.is_noise and row.name != strip.source
        ]
        for strip in strips
    }
    return draw_filmstrip(strips, title), shown
