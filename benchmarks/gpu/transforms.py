"""How fast the batched transforms are on a GPU, and what they cost beside a training step.

    python benchmarks/gpu/transforms.py --out benchmarks/results/gpu-transforms.json

The default recipe, every operation applied to every image, on images of 256×256, 8 bit and float,
which are on the device already as a loader would leave them; with noise cut out of one large field
(canvas 4, the default) and with a new field for every image (canvas 0).

- *throughput*: images a second, for some batch sizes: called as it is (*eager*), captured in a
  CUDA graph (*graph*), and with --compile through torch.compile (*compiled*). Goal: 50,000.
- *step*: a training step of MSHNet (heads, loss, backward, AdamW; bf16 autocast, channels_last) on
  batches of 32 and of 4, without the recipe, with it called, and with it replayed as a graph. The
  share is what a step with it takes longer, of the step without. Goal: under 5 %.

Ways alternate in an order drawn anew in each round, each for about `--seconds` in all; the device
is waited for at both ends of what is timed. Figures are medians over the rounds with their spread.
Scenes are procedural, nothing is read from disk.

To try it without a GPU:

    python benchmarks/gpu/transforms.py --device cpu --size 64 --batch 4 --seconds 1 \
        --network unet --config '{"widths": [2, 4]}' --out /tmp/figures.json
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sirst5k import NoiseBank, open_dataset
from sirst5k.synthesis.virtual import resize_sample
from sirst5k.transforms.torch import from_recipe

GOAL, SHARE = 50_000, 0.05
ROUNDS = 9

Way = Callable[[], Any]


def main() -> None:
    """Parse, measure, print, and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/gpu-transforms.json"))
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", default="32,128,512", help="batch sizes of the throughput")
    parser.add_argument("--step-batch", default="32,4", help="batch sizes of the training step")
    parser.add_argument("--seconds", type=float, default=3, help="for each figure, about")
    parser.add_argument("--network", default="mshnet")
    parser.add_argument("--config", default="{}", help="JSON: options of the network")
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    torch.manual_seed(0)
    scenes = open_dataset("demo:n=64", "train")
    bank = NoiseBank.sample(scenes)
    samples = [resize_sample(sample, options.size) for sample in scenes]
    figures: dict[str, Any] = {"command": sys.argv, "machine": machine(options)}
    figures["throughput"] = {
        f"{dtype}, canvas {canvas}, batch {batch}": measure_throughput(
            options, bank, samples, canvas, batch, getattr(torch, dtype)
        )
        for dtype in ("uint8", "float32")
        for canvas in (4, 0)
        for batch in map(int, options.batch.split(","))
    }
    figures["step"] = {
        f"canvas {canvas}, batch {batch}": measure_step(options, bank, samples, canvas, batch)
        for canvas in (4, 0)
        for batch in map(int, options.step_batch.split(","))
    }
    report(figures)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(figures, indent=1) + "\n")


def measure_throughput(
    options: argparse.Namespace,
    bank: NoiseBank,
    samples: list[Any],
    canvas: int,
    batch: int,
    dtype: torch.dtype,
) -> dict[str, Any]:
    """Return images a second of each way to call the recipe."""
    images, masks = make_batch(options, samples, batch, dtype)
    recipe = from_recipe("sirst5k", bank, canvas=canvas, seed=0).to(options.device)
    ways: dict[str, Way] = {"eager": lambda: recipe(images, masks)}
    if options.device == "cuda":
        ways["graph"] = captured(lambda: recipe(images, masks))[0]
    if options.compile:
        recipe.prepare(images)
        compiled = torch.compile(recipe, fullgraph=True, dynamic=False)
        ways["compiled"] = lambda: compiled(images, masks)
    seconds = alternate(options, ways)
    return {name: spread([batch / each for each in series]) for name, series in seconds.items()}


def measure_step(
    options: argparse.Namespace, bank: NoiseBank, samples: list[Any], canvas: int, batch: int
) -> dict[str, Any]:
    """Return milliseconds of a training step, without the recipe and with it."""
    from sirst5k.detectors import create
    from sirst5k.losses import for_detector

    images, masks = make_batch(options, samples, batch, torch.float32)
    recipe = from_recipe("sirst5k", bank, canvas=canvas, seed=0).to(options.device)
    network = create(options.network, **json.loads(options.config)).to(options.device).train()
    network = network.to(memory_format=torch.channels_last)
    criterion = for_detector(options.network)
    fused = options.device == "cuda"
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, fused=fused)

    def step(images: torch.Tensor, masks: torch.Tensor) -> None:
        optimizer.zero_grad()
        with torch.autocast(options.device, torch.bfloat16):
            heads = network.heads(images)
        criterion(heads, masks, epoch=100).backward()
        optimizer.step()

    ways: dict[str, Way] = {
        "without": lambda: step(images, masks),
        "with": lambda: step(*recipe(images, masks)),
    }
    if options.device == "cuda":
        replay, changed = captured(lambda: recipe(images, masks))

        def with_graph() -> None:
            replay()
            step(*changed)

        ways["with graph"] = with_graph
    seconds = alternate(options, ways)
    found: dict[str, Any] = {
        name: spread([1000 * each for each in series]) for name, series in seconds.items()
    }
    for name in list(ways)[1:]:
        pairs = zip(seconds[name], seconds["without"], strict=True)
        found[name]["share"] = statistics.median(more / less - 1 for more, less in pairs)
    return found


def make_batch(
    options: argparse.Namespace, samples: list[Any], batch: int, dtype: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return images and masks on the device; floats between 0 and 1."""
    chosen = [samples[place % len(samples)] for place in range(batch)]
    images = torch.from_numpy(np.stack([sample.image for sample in chosen]))[:, None]
    masks = torch.from_numpy(np.stack([sample.mask for sample in chosen]))[:, None]
    if dtype.is_floating_point:
        images, masks = images.to(dtype) / 255, masks.to(dtype)
    return images.to(options.device), masks.to(options.device)


def captured(call: Callable[[], Any]) -> tuple[Way, Any]:
    """Capture a call in a CUDA graph; return what replays it, and the tensors it writes to."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            call()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = call()
    return graph.replay, result


def alternate(options: argparse.Namespace, ways: dict[str, Way]) -> dict[str, list[float]]:
    """Return seconds a call of each way, one for each round."""
    calls = {name: count_calls(options, way) for name, way in ways.items()}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    shuffled, chance = list(ways), random.Random(0)
    for _ in range(ROUNDS):
        chance.shuffle(shuffled)
        for name in shuffled:
            seconds[name].append(clock(options, ways[name], calls[name]))
    return seconds


def count_calls(options: argparse.Namespace, way: Way) -> int:
    """Warm up, and return how many calls fill a round."""
    for _ in range(3):
        way()
    each = clock(options, way, 3)
    return max(1, round(options.seconds / ROUNDS / each))


def clock(options: argparse.Namespace, way: Way, calls: int) -> float:
    """Return the seconds a call takes, the device waited for."""
    synchronize(options)
    began = time.perf_counter()
    for _ in range(calls):
        way()
    synchronize(options)
    return (time.perf_counter() - began) / calls


def synchronize(options: argparse.Namespace) -> None:
    """Wait for the device."""
    if options.device == "cuda":
        torch.cuda.synchronize()


def spread(series: list[float]) -> dict[str, float]:
    """Return median, least and most."""
    return {"median": statistics.median(series), "least": min(series), "most": max(series)}


def report(figures: dict[str, Any]) -> None:
    """Print the figures, and which goals they miss."""
    print("images a second")
    for name, ways in figures["throughput"].items():
        for way, found in ways.items():
            short = "" if found["median"] >= GOAL else f"  (goal {GOAL:,})"
            print(f"  {name:30}{way:10}{found['median']:12,.0f}{short}")
    print("milliseconds a training step")
    for name, ways in figures["step"].items():
        for way, found in ways.items():
            share = found.get("share")
            extra = "" if share is None else f"{100 * share:8.1f} %"
            short = "" if share is None or share < SHARE else f"  (goal {100 * SHARE:g} %)"
            print(f"  {name:30}{way:10}{found['median']:12.2f}{extra}{short}")


def machine(options: argparse.Namespace) -> dict[str, Any]:
    """Return where this ran."""
    return {
        "gpu": torch.cuda.get_device_name() if options.device == "cuda" else None,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    main()
