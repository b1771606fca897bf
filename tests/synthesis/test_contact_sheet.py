"""Contact sheets: every kind of data and recipe can be drawn, and shows what it says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tiny import make_tiny, write

from sirst5k.datasets import Dataset, open_dataset
from sirst5k.drawing import Picture
from sirst5k.drawing.theme import TARGET, WINDOW
from sirst5k.errors import DatasetError, ParameterError
from sirst5k.noise import NoiseBank
from sirst5k.sample import full_scale
from sirst5k.synthesis import Recipe, SyntheticDataset, sample_noise, write_dataset
from sirst5k.synthesis.contact_sheet import SheetTitle, draw_contact_sheet
from sirst5k.synthesis.displacing import apply_displacement, noise_alone
from sirst5k.synthesis.output_folder import OutputFolder
from sirst5k.synthesis.sheet_panels import row_panels
from sirst5k.synthesis.sheet_rows import SheetRow, rows_of_dataset, rows_of_output

TITLE = SheetTitle("tiny", "test", 0, "0.0")
TILED = ["sampling.size=8", "variants=4"]


def draw(
    dataset: Dataset, recipe: Recipe, **options: int
) -> tuple[list[SheetRow], NoiseBank | None, Picture]:
    bank = sample_noise(dataset, recipe.sampling) if recipe.needs_noise else None
    rows = rows_of_dataset(dataset, recipe, bank, **options)  # type: ignore[arg-type]
    return rows, bank, draw_contact_sheet(rows, recipe, bank, TITLE)


def shows(picture: Picture, colour: tuple[int, int, int]) -> int:
    return int((picture == colour).all(axis=2).sum())


@pytest.mark.parametrize("bit_depth", [8, 16, 32])
def test_default_recipe_at_every_depth(tmp_path: Path, bit_depth: int) -> None:
    dataset = open_dataset(make_tiny(tmp_path, bit_depth=bit_depth), "train")
    rows, _, picture = draw(dataset, Recipe.load("sirst5k").override(TILED), samples=2)
    assert picture.dtype == np.uint8
    assert picture.shape[1:] == (1920, 3)  # six columns
    assert shows(picture, TARGET) > 500
    assert shows(picture, WINDOW) > 500
    assert [len(row.variants) for row in rows] == [3, 3]
    assert {row.source_id for row in rows} <= set(dataset.ids)


def test_reference_recipe_beside_sources_of_another_size(tmp_path: Path) -> None:
    dataset = open_dataset(make_tiny(tmp_path), "train")
    recipe = Recipe.load("reference").override(["sampling.size=8", "sampling.max_variance=500"])
    rows, bank, picture = draw(dataset, recipe, samples=2)
    panels = row_panels(rows[0], recipe.size, bank)
    assert panels.source is not None
    assert panels.source.panel.image.shape == (48, 40)
    assert all(cell.panel.image.shape == (256, 256) for cell in panels.variants)
    assert "brought to 256 × 256" in panels.facts
    assert shows(picture, WINDOW) > 50


@pytest.mark.parametrize(
    ("change", "columns", "windows"),
    [
        (["displacement=null"], 4, True),
        (["negatives=null"], 6, False),
        (["displacement=null", "negatives=null"], 4, False),
    ],
)
def test_columns_without_content_are_left_out(
    tmp_path: Path, change: list[str], columns: int, windows: bool
) -> None:
    dataset = open_dataset(make_tiny(tmp_path), "train")
    _, _, picture = draw(dataset, Recipe.load("sirst5k").override([*TILED, *change]), samples=1)
    assert picture.shape[1] == 2 * 46 + columns * 308 - 20
    assert bool(shows(picture, WINDOW)) == windows


def test_images_without_target_and_of_odd_shapes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, shape in (("wide", (30, 300)), ("tall", (260, 20)), ("large", (700, 900))):
        write(tmp_path / "images" / f"{name}.png", rng.normal(90, 3, shape).astype(np.uint8))
        write(tmp_path / "masks" / f"{name}.png", np.zeros(shape, np.uint8))
    dataset = open_dataset(tmp_path, "all")
    rows, bank, picture = draw(dataset, Recipe.load("sirst5k").override(TILED), samples=9)
    assert {row.source_id for row in rows} == {"wide", "tall", "large"}
    assert 3 * 136 < picture.shape[0] < 3 * 600
    panels = row_panels(rows[0], None, bank)
    assert panels.source is not None
    assert panels.source.caption == ("no target",)


@pytest.mark.parametrize("recipe_name", ["sirst5k", "reference"])
def test_a_folder_shows_what_it_holds_and_that_is_what_is_made_on_the_fly(
    tmp_path: Path, recipe_name: str
) -> None:
    dataset = open_dataset(make_tiny(tmp_path), "train")
    recipe = Recipe.load(recipe_name).override(["sampling.size=8"])
    if recipe_name == "reference":
        recipe = recipe.override(["sampling.max_variance=500", "size=64"])
    bank = sample_noise(dataset, recipe.sampling)
    write_dataset(SyntheticDataset(dataset, recipe, bank, 5), tmp_path / "out")
    folder = OutputFolder(tmp_path / "out")
    stored = rows_of_output(folder, samples=2, seed=5)
    made = rows_of_dataset(dataset, recipe, bank, samples=2, seed=5)
    for one, other in zip(stored, made, strict=True):
        assert one.source_id == other.source_id
        assert one.source is not None
        assert other.source is not None
        np.testing.assert_array_equal(one.source.image, other.source.image)
        for a, b in zip(one.variants, other.variants, strict=True):
            assert (a.id, a.meta["operations"]) == (b.id, b.meta["operations"])
            np.testing.assert_array_equal(a.image, b.image)
            np.testing.assert_array_equal(a.mask, b.mask)
    np.testing.assert_array_equal(
        draw_contact_sheet(stored, folder.recipe, folder.bank(), TITLE),
        draw_contact_sheet(made, recipe, bank, TITLE),
    )


def test_a_folder_without_originals_shows_the_variants_alone(tmp_path: Path) -> None:
    dataset = open_dataset(make_tiny(tmp_path), "train")
    recipe = Recipe.load("sirst5k").override([*TILED, "originals=false"])
    bank = sample_noise(dataset, recipe.sampling)
    write_dataset(SyntheticDataset(dataset, recipe, bank, 0), tmp_path / "out")
    rows = rows_of_output(OutputFolder(tmp_path / "out"), samples=1)
    assert rows[0].source is None
    panels = row_panels(rows[0], None, bank)
    assert (panels.source, panels.displaced) == (None, None)
    assert panels.noise is not None
    assert draw_contact_sheet(rows, recipe, bank, TITLE).shape[1] == 2 * 46 + 4 * 308 - 20


def test_test_images_are_never_shown(tmp_path: Path) -> None:
    dataset = open_dataset(make_tiny(tmp_path, n=9))
    train, test = dataset.of_split("train"), dataset.of_split("test")
    recipe = Recipe.load("sirst5k").override(TILED)
    bank = sample_noise(train, recipe.sampling)
    write_dataset(SyntheticDataset(train, recipe, bank, 0), tmp_path / "out", test=test)
    folder = OutputFolder(tmp_path / "out")
    rows = rows_of_output(folder, samples=50)
    assert {row.source_id for row in rows} == set(train.ids)
    with pytest.raises(DatasetError, match=f"no source image '{test.ids[0]}'"):
        rows_of_output(folder, ids=[test.ids[0]])


def test_a_folder_without_variants_has_nothing_to_show(tmp_path: Path) -> None:
    dataset = open_dataset(make_tiny(tmp_path), "train")
    recipe = Recipe.load("sirst5k").override(["displacement=null"])
    write_dataset(SyntheticDataset(dataset, recipe, None, 0), tmp_path / "out", limit=1)
    with pytest.raises(DatasetError, match="nothing to show"):
        rows_of_output(OutputFolder(tmp_path / "out"))
    with pytest.raises(ParameterError, match="at least one variant"):
        draw_contact_sheet([], recipe, None, TITLE)


def test_wanted_ids_come_in_their_order(tmp_path: Path) -> None:
    dataset = open_dataset(make_tiny(tmp_path), "train")
    recipe = Recipe.load("sirst5k").override(["displacement=null"])
    rows = rows_of_dataset(dataset, recipe, None, ids=["000003", "000001"], variants=1)
    assert [row.source_id for row in rows] == ["000003", "000001"]
    assert [len(row.variants) for row in rows] == [1, 1]


@pytest.mark.parametrize("bit_depth", [8, 16, 32])
@pytest.mark.parametrize(
    "change",
    [
        [],
        ["displacement.field=tile", "displacement.signal_dependence=0.7"],
        ["displacement.field=resize"],
        ["displacement.scr_range=[3,4]"],
        ["displacement.method=mixup", "displacement.weights=[0.4]"],
    ],
)
def test_noise_alone_is_what_is_put_in(tmp_path: Path, bit_depth: int, change: list[str]) -> None:
    dataset = open_dataset(make_tiny(tmp_path, bit_depth=bit_depth), "train")
    recipe = Recipe.load("sirst5k").override(["sampling.size=8", "negatives=null", *change])
    bank = sample_noise(dataset, recipe.sampling)
    synthetic = SyntheticDataset(dataset, recipe, bank, 1)
    sample = dataset[0]
    operation = synthetic[1].meta["operations"][0]
    noise = noise_alone(sample.image, operation, bank)
    kept = 1 - operation["weight"] if operation["method"] == "mixup" else 1.0
    white = full_scale(sample.image.dtype)
    expected = kept * sample.image.astype(np.float64) + noise
    displaced = apply_displacement(sample.image, sample.mask, operation, bank)
    # Moving a target to a drawn SCR is no noise.
    where = ~sample.mask if operation.get("scr") is not None else np.ones(sample.shape, bool)
    clipped = expected.clip(0, white) if bit_depth < 32 else expected
    error = np.abs(displaced.astype(np.float64) - clipped)[where].max()
    assert error <= (0.51 if bit_depth < 32 else 1e-5)
    assert noise.std() > 0


def test_manifest_order_and_originals_do_not_matter(tmp_path: Path) -> None:
    """Outputs of one source need not stand together, as where a run went on with gaps."""
    dataset = open_dataset(make_tiny(tmp_path), "train")
    recipe = Recipe.load("sirst5k").override(["displacement=null", "variants=3"])
    write_dataset(SyntheticDataset(dataset, recipe, None, 0), tmp_path / "out")
    before = rows_of_output(OutputFolder(tmp_path / "out"), ids=["000002"])
    manifest = tmp_path / "out" / "manifest.jsonl"
    lines = sorted(manifest.read_text().splitlines(), key=lambda line: json.loads(line)["id"][::-1])
    manifest.write_text("\n".join(lines) + "\n")
    after = rows_of_output(OutputFolder(tmp_path / "out"), ids=["000002"])
    assert {v.id for v in before[0].variants} == {v.id for v in after[0].variants}
    assert after[0].source is not None
