"""The `reference` recipe against what the published scripts produced, bit for bit."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from sirst5k import Recipe, SyntheticDataset, open_dataset
from sirst5k.imaging import read_image
from sirst5k.negatives import published_symmetry, rotate_patch, rotation_window
from sirst5k.noise import displace, find_windows, resize_field
from sirst5k.synthesis import open_noise

WEIGHTS, SIZES = (0.1, 0.3), (3, 9, 32)


def sha256(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict:
    return json.loads((shared / "golden/rotation.json").read_text())


@pytest.fixture(scope="module")
def noise_file(shared: Path) -> Path:
    return shared / "data/nudt-demo/noise/noise.png"


@pytest.fixture(scope="module")
def outputs(shared: Path, noise_file: Path) -> dict:
    """Every output of the published grid, by (id, weight, size, k, centre)."""
    recipe = Recipe.load("reference").override(
        [f"displacement.weights={list(WEIGHTS)}", f"negatives.patch_sizes={list(SIZES)}"]
    )
    dataset = open_dataset(shared / "data/nudt-demo")
    synthetic = SyntheticDataset(dataset, recipe, open_noise(noise_file, recipe.sampling))
    made = {}
    for variant in synthetic.plan:
        if not variant.is_original:
            sample = synthetic.make(variant)
            key = (
                variant.source_id,
                variant.weight,
                variant.patch_size,
                variant.quarter_turns,
                variant.target,
            )
            made[key] = sample
    return made


def our_number(shared: Path, golden: dict, sample_id: str, number: int) -> int:
    """Return our number of the published j-th target: theirs were listed by hand."""
    from sirst5k.components import find_targets

    mask = open_dataset(shared / "data/nudt-demo").get(sample_id).mask
    centres = [[round(target.x), round(target.y)] for target in find_targets(mask)]
    assert sorted(centres) == sorted(golden["coordinates"][sample_id])
    return centres.index(golden["coordinates"][sample_id][number])


def test_every_published_output_is_made_bit_for_bit(
    shared: Path, golden: dict, outputs: dict
) -> None:
    compared = 0
    for key, expected in golden["sha256"].items():
        kind, *rest = key.split("/")
        if kind not in ("image", "mask"):
            continue
        *weight, size, name = rest
        sample_id, k, j = name.split("_")
        number = our_number(shared, golden, sample_id, int(j[1:]))
        for w in map(float, weight) if weight else WEIGHTS:
            sample = outputs[sample_id, w, int(size), int(k[1:]), number]
            array = sample.image if kind == "image" else sample.mask * np.uint8(255)
            assert sha256(array) == expected, key
            compared += 1
    assert compared == 6 * 52 + 3 * 52 * len(WEIGHTS)


def test_mixed_images_and_windows_at_borders(shared: Path, golden: dict, noise_file: Path) -> None:
    field = resize_field(read_image(noise_file) / 255.0, (256, 256))

    def mixed(sample_id: str, weight: float) -> np.ndarray:
        image = read_image(shared / f"data/nudt-demo/images/{sample_id}.png")
        return displace(image, field, weight)

    compared = 0
    for key, expected in golden["sha256"].items():
        kind, *rest = key.split("/")
        if kind == "mix":
            assert sha256(mixed(rest[1], float(rest[0]))) == expected, key
        elif kind == "border":
            size = int(rest[0])
            x, y, k = rest[1].split("_")
            window = rotation_window(int(x), int(y), size, (256, 256))
            symmetry = published_symmetry(size, int(k[1:]))
            assert sha256(rotate_patch(mixed("000002", 0.1), window, symmetry)) == expected, key
        else:
            continue
        compared += 1
    assert compared == 20 + 120


def test_published_sampler_accepts_the_same_windows(shared: Path) -> None:
    golden = json.loads((shared / "golden/noise-windows.json").read_text())
    rng = np.random.default_rng(7)
    base = read_image(shared / "data/nudt-demo/images/000004.png").astype(np.float64)
    frames = [
        np.clip(np.rint(base + 3 * t + rng.normal(0, 2, base.shape)), 0, 255).astype(np.uint8)
        for t in range(4)
    ]
    for key, expected in golden.items():
        if key.startswith("sequence small"):
            found = find_windows(
                frames, max_variance=20, max_variance_of_variances=1, max_variance_of_means=12
            )
        elif key.startswith("sequence"):
            found = find_windows(frames)
        else:
            found = find_windows(read_image(shared / "data" / key))
        assert [[w.row, w.column, list(w.variances)] for w in found] == expected, key
    assert len(golden) == 13
