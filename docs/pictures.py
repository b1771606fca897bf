"""Before and after: the pictures of the pages on transforms, drawn from the embedded scenes.

python docs/pictures.py FOLDER
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sirst5k import NoiseBank, Sample, open_dataset
from sirst5k.components import find_targets
from sirst5k.drawing import (
    AS_IS,
    Box,
    Panel,
    Picture,
    Stretch,
    blank,
    draw_text,
    local_stretch,
    noise_stretch,
    place,
    save_picture,
    shorten,
)
from sirst5k.drawing.theme import BODY, MUTED, PANEL, SMALL
from sirst5k.negatives import decoy_profile
from sirst5k.synthesis.turning import turned_windows
from sirst5k.transforms import (
    ClutterDecoys,
    NegativeRotation,
    NoiseDisplacement,
    TargetPaste,
    Transform,
    from_recipe,
    operations,
)

SCENES = "demo:n=24"
CELL, GAP, MARGIN, HEAD, ENLARGED = 256, 16, 20, 56, 8


@dataclass(frozen=True)
class Cell:
    """One column of a picture: an image, what to say of it, and where it is enlarged."""

    title: str
    what: str
    image: np.ndarray
    mask: np.ndarray | None = None
    centre: tuple[float, float] | None = None
    boxes: tuple[Box, ...] = ()
    stretch: Stretch = AS_IS


def draw_transform_pictures(folder: Path) -> None:
    """Write a PNG for every page on a transform into a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    scenes = open_dataset(SCENES, "train")
    bank = NoiseBank.sample(scenes)
    pictures = {
        "recipe": recipe_cells(scenes.get("demo_sea_0005"), bank),
        "displacement": displacement_cells(scenes.get("demo_ground_0010"), bank),
        "rotation": rotation_cells(scenes.get("demo_urban_0007")),
        "paste": paste_cells(scenes.get("demo_sea_0017")),
        "decoys": decoy_cells(scenes.get("demo_ground_0014")),
    }
    for name, cells in pictures.items():
        save_picture(folder / f"{name}.png", draw_row(list(cells), faint=name == "displacement"))


def draw_row(cells: Sequence[Cell], faint: bool = False) -> Picture:
    """Draw cells side by side: a heading, the whole image, its part around a point enlarged."""
    zooms = [cell for cell in cells if cell.centre is not None]
    around = [crop(cell) for cell in zooms if cell.stretch is AS_IS]
    levels = np.concatenate([part.ravel() for part in around])
    together = local_stretch(levels)
    if faint:
        # What changes is the background: its levels fill the range, and targets are white.
        low, high = np.percentile(levels, [0, 96])
        together = Stretch(float(low), float(low) + 1.3 * float(high - low))
    height = MARGIN + HEAD + CELL + GAP + CELL + MARGIN
    picture = blank(height, 2 * MARGIN + len(cells) * (CELL + GAP) - GAP)
    for number, cell in enumerate(cells):
        left = MARGIN + number * (CELL + GAP)
        draw_text(picture, cell.title, left, MARGIN + 16, BODY, bold=True)
        draw_text(picture, shorten(cell.what, CELL, SMALL), left, MARGIN + 40, SMALL, MUTED)
        zoomed = together if cell.stretch is AS_IS else cell.stretch
        panel = Panel(cell.image, cell.mask, cell.boxes, cell.stretch, zoomed)
        top = MARGIN + HEAD
        place(picture, panel.whole(CELL, CELL), top, left)
        below = blank(CELL, CELL, PANEL)
        if cell.centre is not None:
            below = panel.zoom(cell.centre, ENLARGED, CELL)
        place(picture, below, top + CELL + GAP, left)
    return picture


def crop(cell: Cell) -> np.ndarray:
    """Return the part of an image that its enlargement shows."""
    assert cell.centre is not None
    reach = CELL // ENLARGED // 2
    rows, columns = (slice(max(0, int(c) - reach), int(c) + reach) for c in cell.centre)
    return cell.image[rows, columns]


def before(sample: Sample, centre: tuple[float, float] | None = None) -> Cell:
    """Return the scene as it is."""
    return Cell("Before", sample.id, sample.image, sample.mask, centre or middle(sample))


def middle(sample: Sample, target: int = 0) -> tuple[float, float]:
    """Return the centre of one of a scene's targets, half a pixel from its pixel's corner."""
    found = find_targets(sample.mask)[target]
    return found.y + 0.5, found.x + 0.5


def drawn(change: Transform, sample: Sample, seed: int) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Return a changed pair, and the operations that were drawn."""
    params = change.draw(sample.image, sample.mask, np.random.default_rng(seed))
    return *change.apply(sample.image, sample.mask, params), operations(params)


def displacement_cells(sample: Sample, bank: NoiseBank) -> Iterable[Cell]:
    """Yield noise put in by either method, and what was put in."""
    centre = middle(sample)
    yield before(sample)
    for title, change in (
        ("residual, gain 1.5", NoiseDisplacement(bank, gain_range=(1.5, 1.5), p=1)),
        ("residual, gain 4", NoiseDisplacement(bank, gain_range=(4, 4), p=1)),
        ("mixup, weight 0.5", NoiseDisplacement(bank, "mixup", weights=(0.5,), p=1)),
    ):
        image, mask, _ = drawn(change, sample, 1)
        yield Cell(title, "after", image, mask, centre)
        if title == "residual, gain 4":
            noise = image.astype(np.float32) - sample.image
            yield Cell("its noise", "alone", noise, None, centre, stretch=noise_stretch(noise))


def rotation_cells(sample: Sample) -> Iterable[Cell]:
    """Yield a target turned, with its window outlined."""
    yield before(sample)
    names = {1: "a quarter turn", 4: "left-right flip", 6: "up-down flip"}
    for symmetry, name in names.items():
        image, mask, steps = drawn(NegativeRotation(symmetries=[symmetry], p=1), sample, 0)
        windows = [window for step in steps for window in turned_windows(step)]
        boxes = tuple((w.top, w.left, w.top + w.height, w.left + w.width) for w in windows)
        yield Cell(f"symmetry {symmetry}", name, image, mask, middle(sample), boxes)


def paste_cells(sample: Sample) -> Iterable[Cell]:
    """Yield targets pasted elsewhere; enlarged is the copy."""
    yield before(sample)
    for seed, scr in ((0, None), (1, None), (2, 6.0)):
        change = TargetPaste(count_range=(1, 1), scr_range=None if scr is None else (scr, scr), p=1)
        image, mask, (step,) = drawn(change, sample, seed)
        (pasted,) = step["pasted"]
        added = Sample("added", image, mask & ~sample.mask)
        what = f"symmetry {pasted['symmetry']}, SCR {pasted['scr']:.3g}"
        yield Cell("After", what, image, mask, middle(added))


def decoy_cells(sample: Sample) -> Iterable[Cell]:
    """Yield a decoy of each of some kinds; enlarged is the decoy."""
    yield before(sample)
    for seed, kind in enumerate(("streak", "edge", "blob", "hot_pixel")):
        change = ClutterDecoys(count_range=(1, 1), kinds=[kind], contrast_range=(10, 10), p=1)
        image, mask, (step,) = drawn(change, sample, seed)
        (decoy,) = step["added"]
        side = len(decoy_profile(kind, decoy["size"], decoy["angle"]))
        centre = decoy["place"][0] + side / 2, decoy["place"][1] + side / 2
        yield Cell("After", f"{kind}, {decoy['size']} pixels", image, mask, centre)


def recipe_cells(sample: Sample, bank: NoiseBank) -> Iterable[Cell]:
    """Yield what the default recipe draws in four epochs."""
    change = from_recipe("sirst5k", bank, seed=0)
    yield before(sample)
    for epoch in range(3):
        change.set_epoch(epoch)
        made = change(sample)
        (turn,) = (step for step in made.meta["operations"] if step["op"] == "turn")
        symmetries = ", ".join(str(part["symmetry"]) for part in turn["turns"])
        yield Cell(
            f"Epoch {epoch}", f"symmetry {symmetries}", made.image, made.mask, middle(sample)
        )


if __name__ == "__main__":
    draw_transform_pictures(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
