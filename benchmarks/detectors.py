"""How fast the networks are on a CPU, beside the same networks computed plainly.

    python benchmarks/detectors.py --out benchmarks/results/detectors.json

For each network at its published configuration, with one grey channel:

- *forward*: the prediction of one frame;
- *step*: heads, published loss, backward, and a step of AdamW, for a batch of 4.

Each is measured three times over, in turn, so that a machine whose speed drifts slows all:

- *plain*: `plain_networks.plain`, the same weights with every part computed as its equation
  reads, all heads evaluated, memory in PyTorch's usual order;
- *ours*: what `sirst5k train` and `sirst5k predict` run, in channels_last order;
- *bf16*: ours under autocast to bfloat16, which only some processors have units for.

Before it measures, it checks that plain and ours agree. Figures are medians over the rounds,
ratios medians of the ratios within a round.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from plain_networks import plain

from sirst5k.detectors import create
from sirst5k.detectors.costs import count_macs, count_parameters
from sirst5k.detectors.registry import NETWORKS
from sirst5k.losses import for_detector

WAYS = ("plain", "ours", "bf16")


def main() -> None:
    """Parse, measure, print, and write JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--config", default="{}", help="JSON: options of the networks")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=4, help="of a training step")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0, help="0: as many as PyTorch takes")
    parser.add_argument("--out", type=Path, help="where to write the figures")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    figures: dict[str, Any] = {"machine": machine(), "command": sys.argv, "size": args.size}
    for name in args.networks.split(","):
        figures[name] = measure(args, name)
        report(name, figures[name])
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(figures, indent=1) + "\n")


def measure(args: argparse.Namespace, name: str) -> dict[str, Any]:
    """Measure one network."""
    torch.manual_seed(0)
    network = create(name, **json.loads(args.config))
    usual = plain(network)
    ours = network.to(memory_format=torch.channels_last)
    frames = torch.randn(args.batch, 1, args.size, args.size)
    mask = (torch.rand_like(frames) < 0.001).float()
    found: dict[str, Any] = {
        "parameters": count_parameters(network),
        "gmacs_prediction": count_macs(network, (1, 1, args.size, args.size)) / 1e9,
        "agreement": agreement(usual, ours, frames[:1]),
        "batch": args.batch,
    }
    models = {"plain": usual, "ours": ours, "bf16": ours}
    forwards = {way: forward(way, model, frames[:1]) for way, model in models.items()}
    found["forward"] = compare(forwards, args.rounds)
    steps = {way: training_step(way, model, name, frames, mask) for way, model in models.items()}
    found["step"] = compare(steps, args.rounds)
    return found


def agreement(usual: Any, ours: Any, frames: torch.Tensor) -> float:
    """Return the largest difference over the largest logit; stop if it is one."""
    with torch.inference_mode():
        expected = usual.eval().heads(frames)[-1]
        found = ours.eval()(frames.to(memory_format=torch.channels_last))
    difference = float((found - expected).abs().max() / expected.abs().max())
    if not difference < 1e-3:
        raise SystemExit(f"The plain network gives other values: {difference:.1e} of the largest.")
    return difference


def forward(way: str, model: Any, frames: torch.Tensor) -> Callable[[], None]:
    """Return the prediction of one frame."""
    one = arranged(way, frames)

    def predict() -> None:
        model.eval()
        with torch.inference_mode(), precision(way):
            model.heads(one)[-1] if way == "plain" else model(one)

    return predict


def training_step(
    way: str, model: Any, name: str, frames: torch.Tensor, mask: torch.Tensor
) -> Callable[[], None]:
    """Return a step of training, after the warm-up of the loss."""
    batch, criterion = arranged(way, frames), for_detector(name)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step() -> None:
        model.train()
        with precision(way):
            heads = model.heads(batch)
        optimizer.zero_grad()
        criterion(heads, mask, epoch=100).backward()
        optimizer.step()

    return step


def arranged(way: str, frames: torch.Tensor) -> torch.Tensor:
    """Return the frames in the order of memory that a way uses."""
    return frames if way == "plain" else frames.to(memory_format=torch.channels_last)


def precision(way: str) -> Any:
    """Return the context of a way."""
    return torch.autocast("cpu", torch.bfloat16) if way == "bf16" else nullcontext()


def compare(actions: dict[str, Callable[[], None]], rounds: int) -> dict[str, Any]:
    """Time the actions in turn; the first round warms up."""
    times: dict[str, list[float]] = {way: [] for way in actions}
    for _ in range(rounds + 1):
        for way, action in actions.items():
            began = time.perf_counter()
            action()
            times[way].append(time.perf_counter() - began)
    for series in times.values():
        del series[0]
    figures: dict[str, Any] = {
        f"{way}_ms": {
            "median": 1000 * statistics.median(series),
            "least": 1000 * min(series),
            "most": 1000 * max(series),
        }
        for way, series in times.items()
    }
    for way in WAYS[1:]:
        within = (p / o for p, o in zip(times["plain"], times[way], strict=True))
        figures[f"plain_over_{way}"] = statistics.median(within)
    return figures


def report(name: str, found: dict[str, Any]) -> None:
    """Print one network's figures."""
    print(
        f"{name}: {found['parameters']:,} parameters, {found['gmacs_prediction']:.2f} GMAC, "
        f"agreement {found['agreement']:.1e}"
    )
    for task in ("forward", "step"):
        row = found[task]
        each = "  ".join(f"{way} {row[f'{way}_ms']['median']:8.1f} ms" for way in WAYS)
        ratios = ", ".join(f"{way} {row[f'plain_over_{way}']:.2f}" for way in WAYS[1:])
        print(f"  {task:8}{each}   plain over: {ratios}", flush=True)


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    main()
