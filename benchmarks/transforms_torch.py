"""How fast the batched transforms are on a processor, beside the array version in a loop.

    python benchmarks/transforms_torch.py ../shared/data/sirst-v1 --split trainval

Batches of 32 images of 256×256, 8 bit, and their masks. The same operations of the default recipe,
every one applied to every image: the array version is called image by image on arrays, as a
`Dataset` would, and once more with its results stacked to a batch, as a `DataLoader` does and as
the batched version returns them; the batched one once, on tensors. Both with noise cut out of one
large field (canvas 4, the default) and with a new field for every image (canvas 0). In each round
the ways come in an order drawn anew; the first round warms up and is not counted. Figures are
medians over the rounds, the spread is from the least to the most. Ratios are the median over
rounds of the ratio within a round. With one core (OMP_NUM_THREADS=1) the process's own time is
measured, which other programs do not take from; with more, time on the clock.

The batched version runs on one core, and on as many as torch takes by itself; the array version
has one, since it is called from one process. Where numba is installed the batched version uses it,
and comes once more without it, "numpy only". `--compile` adds torch.compile, which takes minutes
to begin.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from sirst5k import NoiseBank, Sample, open_dataset
from sirst5k import transforms as single
from sirst5k.synthesis.virtual import resize_sample

SIZE, BATCH = 256, 32
GOAL = 2.0  # times the array version's throughput

Way = Callable[[], Any]


def main() -> None:
    """Parse, measure, print, and write JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("source", nargs="?", default="demo:n=96", help="a dataset; demo scenes")
    parser.add_argument("--split", default="train")
    parser.add_argument("--images", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    dataset = open_dataset(options.source, options.split)
    step = max(1, len(dataset) // options.images)
    samples = [resize_sample(dataset[place], SIZE) for place in range(0, len(dataset), step)][
        : options.images
    ]
    bank = NoiseBank.sample(dataset)
    figures = measure(samples, bank, options.rounds, options.compile)
    report(figures)
    if options.json:
        figures |= {"command": " ".join(sys.argv), "machine": machine()}
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


def measure(
    samples: Sequence[Sample], bank: NoiseBank, rounds: int, compiled: bool = False
) -> dict[str, Any]:
    """Measure the recipe and each of its operations, with both sources of noise."""
    import torch

    cores = torch.get_num_threads()
    # Whole batches, of the images over again where they are fewer.
    samples = [samples[place % len(samples)] for place in range(max(len(samples), BATCH))]
    batches = [samples[first : first + BATCH] for first in range(0, len(samples), BATCH)]
    batches = [batch for batch in batches if len(batch) == BATCH]
    figures: dict[str, Any] = {"batch": BATCH, "cores": cores, "rounds": rounds}
    for canvas in (4, 0):
        recipe = single.from_recipe("sirst5k", bank, canvas=canvas)
        parts = {"recipe": recipe}
        parts |= {part.name: part for part in recipe.transforms}
        for name, transform in parts.items():
            if name == "NegativeRotation" and not canvas:
                continue  # has no noise
            ways = make_ways(transform, batches, cores, compiled)
            key = name if name == "NegativeRotation" else f"{name}, canvas {canvas}"
            clock = time.process_time if cores == 1 else time.perf_counter
            figures[key] = alternate(ways, rounds, len(batches) * BATCH, clock)
    torch.set_num_threads(cores)
    return figures


def make_ways(
    transform: single.Transform, batches: list[Any], cores: int, compiled: bool
) -> dict[str, Way]:
    """Return the ways to transform all batches."""
    import torch

    from sirst5k.transforms.torch import batched

    rng = np.random.default_rng(0)
    module = batched(transform)
    tensors = [
        tuple(
            torch.from_numpy(np.stack([getattr(sample, part) for sample in batch]))[:, None]
            for part in ("image", "mask")
        )
        for batch in batches
    ]

    def loop() -> None:
        for batch in batches:
            for sample in batch:
                transform(sample.image, sample.mask, rng)

    def many(threads: int, call: Callable[..., Any] = module, plain: bool = False) -> Way:
        def run() -> None:
            torch.set_num_threads(threads)
            with torch.inference_mode(), without_numba() if plain else nullcontext():
                for images, masks in tensors:
                    call(images, masks)

        return run

    def stacked() -> None:
        for batch in batches:
            pairs = zip(*(transform(s.image, s.mask, rng) for s in batch), strict=True)
            for part in pairs:
                torch.from_numpy(np.stack(part))[:, None]

    ways = {"array": loop, "array, stacked": stacked, "batched, 1 core": many(1)}
    if find_spec("numba"):
        ways["batched, numpy only"] = many(1, plain=True)
    if cores > 1:
        ways[f"batched, {cores} cores"] = many(cores)
    if compiled:
        module.prepare(tensors[0][0])
        ways["compiled, 1 core"] = many(1, torch.compile(module, fullgraph=True, dynamic=False))
    return ways


@contextmanager
def without_numba() -> Iterator[None]:
    """Let the batched version do without compiled functions."""
    from sirst5k.transforms.torch.processor import compiled

    loaded, compiled._load = compiled._load, lambda _: None
    try:
        yield
    finally:
        compiled._load = loaded


def alternate(
    ways: dict[str, Way], rounds: int, images: int, clock: Callable[[], float]
) -> dict[str, Any]:
    """Time the ways in turn; microseconds an image."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    shuffled, chance = list(ways), random.Random(0)
    for _ in range(rounds + 1):
        chance.shuffle(shuffled)
        for name in shuffled:
            began = clock()
            ways[name]()
            times[name].append((clock() - began) / images * 1e6)
    figures: dict[str, Any] = {}
    for name, series in times.items():
        own, first = series[1:], times["array"][1:]
        figures[name] = {
            "us": statistics.median(own),
            "least": min(own),
            "most": max(own),
            "ratio": statistics.median(a / b for a, b in zip(first, own, strict=True)),
        }
    return figures


def report(figures: dict[str, Any]) -> None:
    """Print the figures."""
    print(f"batches of {figures['batch']}, {SIZE}×{SIZE}, {figures['rounds']} rounds; µs an image")
    for name, ways in figures.items():
        if not isinstance(ways, dict) or "array" not in ways:
            continue
        print(f"  {name}")
        for way, found in ways.items():
            spread = f"({found['least']:.0f} to {found['most']:.0f})"
            against = "" if way == "array" else f"  {found['ratio']:5.2f} × the array version"
            short = "  below the goal" if way[0] != "a" and found["ratio"] < GOAL else ""
            print(f"    {way:20}{found['us']:9.1f}  {spread:16}{against}{short}")


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    import torch

    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "numba": version("numba") if find_spec("numba") else None,
    }


if __name__ == "__main__":
    main()
