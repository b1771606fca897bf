"""Plans of any length take no memory; sources of 200,000 pairs take little, and little time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tiny import make_scene, write, write_list

from sirst5k import NoiseBank, Recipe, SyntheticDataset, open_dataset

PAIRS = 200_000
MEASURE = """
import json, resource, time
begin = time.perf_counter()
from sirst5k import Recipe, SyntheticDataset, open_dataset
from sirst5k.synthesis.surveying import count_ahead
synthetic = SyntheticDataset(open_dataset({root!r}, "train"), Recipe.load({recipe!r}))
count_ahead(synthetic, jobs=-1)
last = synthetic.plan[len(synthetic) - 1]
seconds = time.perf_counter() - begin
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([len(synthetic), last.id, seconds, peak / 1024]))
"""


def test_ten_million_outputs_are_planned_at_once_and_the_last_made_directly() -> None:
    bank = NoiseBank.from_windows(
        np.random.default_rng(0).normal(99, 2, (4, 8, 8)).round().astype(np.uint8)
    )
    recipe = Recipe.load("sirst5k").override(["variants=9999"])
    begin = time.process_time()
    synthetic = SyntheticDataset(open_dataset("demo:n=1000,size=48"), recipe, bank)
    assert len(synthetic) == 10_000_000
    sample = synthetic[9_999_999]
    assert time.process_time() - begin < 10  # well under 1 s here; listing all takes a minute
    assert sample.id == f"{synthetic.dataset.ids[-1]}_v9998"
    fresh = SyntheticDataset(synthetic.dataset.subset(synthetic.dataset.ids[-1:]), recipe, bank)
    np.testing.assert_array_equal(fresh[9_999].image, sample.image)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 200,000 pairs: hard links to 64 frames, as no disk of a test holds more."""
    root = tmp_path_factory.mktemp("large")
    rng = np.random.default_rng(0)
    for number in range(64):
        image, mask = make_scene(rng, (256, 256))
        write(root / f"first/images/{number}.png", image)
        write(root / f"first/masks/{number}.png", mask.astype(np.uint8) * 255)
    ids = [f"{number:06d}" for number in range(PAIRS)]
    for folder in ("images", "masks"):
        (root / folder).mkdir()
        for number, name in enumerate(ids):
            os.link(f"{root}/first/{folder}/{number % 64}.png", f"{root}/{folder}/{name}.png")
    write_list(root / "50_50/train.txt", ids)
    return root


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="measures memory with the module resource")
@pytest.mark.parametrize(("recipe", "last"), [("sirst5k", "_v7"), ("reference", "_w0.1_p3_k3_j")])
def test_a_source_of_200_000_pairs_opens_and_plans(large: Path, recipe: str, last: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE.format(root=str(large), recipe=recipe)],
        capture_output=True,
        text=True,
        check=True,
    )
    outputs, name, seconds, megabytes = json.loads(done.stdout)
    print(f"{recipe}: {outputs:,} outputs in {seconds:.1f} s and {megabytes:.0f} MB")
    assert outputs >= 5 * PAIRS
    assert name.startswith(f"{PAIRS - 1:06d}{last}")
    assert seconds < 20
    assert megabytes < 300
