"""The pictures of the page on sequences, drawn from the embedded ones."""

from __future__ import annotations

from pathlib import Path

from sirst5k import Recipe, __version__, open_dataset
from sirst5k.drawing import save_picture
from sirst5k.synthesis.contact_sheet import SheetTitle
from sirst5k.synthesis.sequences import SyntheticSequences
from sirst5k.synthesis.sequences.film import strips_of_dataset
from sirst5k.synthesis.sequences.filmstrip import draw_filmstrip
from sirst5k.synthesis.sequences.noise_parts import draw_sequence_noise

SOURCE, SHOWN = "demo:sequences=8,frames=40,seed=1", "demo_urban_0007"


def draw_sequence_pictures(folder: Path) -> None:
    """Write the filmstrip and the noise's two parts into a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    recipe = Recipe.load("sirst5k")
    synthetic = SyntheticSequences(open_dataset(SOURCE, "train"), recipe)
    assert synthetic.bank is not None
    save_picture(folder / "noise.png", draw_sequence_noise(synthetic.bank))
    strips = strips_of_dataset(synthetic, samples=1, variants=2, ids=[SHOWN])
    title = SheetTitle("demo-sequences", recipe.name, 0, __version__)
    save_picture(folder / "film.png", draw_filmstrip(strips, title))
