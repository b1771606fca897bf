"""What the networks do in a second on a GPU: as anybody would run them, and as we do.

    python benchmarks/gpu/detectors.py --out benchmarks/results/gpu-detectors.json

For each network at its published configuration, at 256×256 and at 512×512, training (heads,
published loss, backward, AdamW) and prediction:

- *eager*: float32 in PyTorch's usual order of memory, nothing compiled; convolutions may use
  TF32, as PyTorch allows by default;
- *compiled*: bf16 autocast, channels_last, torch.compile of network and loss together, fused
  optimiser;
- *graphs*: the same, with CUDA graphs (``mode="reduce-overhead"``).

Frames are in device memory already, so this is the network alone; benchmarks/gpu/training.py
has the data path as well. A case gives images a second (median over rounds, which are timed
with the device waited for), peak memory, the seconds until the first step was done, and how
far its loss is from eager's on the same frames and weights. Each case runs in a process of its
own with a time limit, and is skipped where the output already has it: run again to go on.

To try it without a GPU:

    python benchmarks/gpu/detectors.py --device cpu --networks unet --sizes 32 --batch 2 \
        --rounds 1 --steps 2 --config '{"widths": [2, 4]}' --out /tmp/figures.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

NETWORKS = ("mshnet", "dnanet", "dstransnet", "unet")
TASKS = ("train", "predict")
WAYS = ("eager", "compiled", "graphs")
GOAL = 3.0  # times eager's training throughput


def main() -> None:
    """Run what is missing, each case in its own process."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/gpu-detectors.json"))
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--config", default="{}", help="JSON: options of the networks")
    parser.add_argument("--sizes", default="256,512")
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch", type=int, default=16, help="at 256×256; a quarter at 512×512")
    parser.add_argument("--steps", type=int, default=10, help="a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=float, default=300, help="seconds a case may take")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.case:
        print(json.dumps(measure(args, *args.case.split("/"))))
        return
    found: dict[str, Any] = json.loads(args.out.read_text()) if args.out.is_file() else {}
    cases = found.setdefault("cases", {})
    for name in names(args):
        if cases.get(name, {}).get("images_per_second"):
            continue
        cases[name] = in_its_own_process(args, name)
        found["command"] = sys.argv
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(found, indent=1) + "\n")
        print(name, cases[name], flush=True)
    summarise(cases)


def names(args: argparse.Namespace) -> list[str]:
    """Return the cases, those that a goal is set for first."""
    return [
        f"{network}/{size}/{task}/{way}"
        for task in args.tasks.split(",")
        for size in args.sizes.split(",")
        for network in args.networks.split(",")
        for way in args.ways.split(",")
    ]


def in_its_own_process(args: argparse.Namespace, name: str) -> dict[str, Any]:
    """Run one case; a crash or a timeout is a result too."""
    command = [sys.executable, __file__, *sys.argv[1:], "--case", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=args.limit)
    except subprocess.TimeoutExpired:
        return {"error": f"took more than {args.limit:g} s"}
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["no message"])[-1]}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def summarise(cases: dict[str, Any]) -> None:
    """Print each way's speed over eager's."""
    for name, case in cases.items():
        *which, way = name.split("/")
        eager = cases.get("/".join([*which, "eager"]), {}).get("images_per_second")
        if way == "eager" or not eager or "images_per_second" not in case:
            continue
        ratio = case["images_per_second"] / eager
        short = which[2] == "train" and ratio < GOAL
        note = f"  (goal {GOAL:g})" if short else ""
        memory = f", peak {case['peak_gb']} GB" if case["peak_gb"] is not None else ""
        print(f"{name}: {ratio:.2f} × eager, {case['images_per_second']} images/s{memory}{note}")


def measure(args: argparse.Namespace, name: str, size: str, task: str, way: str) -> dict[str, Any]:
    """Measure one case in this process."""
    import torch

    from sirst5k.detectors import create

    torch.manual_seed(0)
    side = int(size)
    batch = max(1, args.batch * 256 * 256 // max(side * side, 256 * 256))
    network = create(name, **json.loads(args.config)).to(args.device)
    frames = torch.randn(batch, 1, side, side, device=args.device)
    mask = (torch.rand_like(frames) < 0.001).float()
    reference = first_loss(network, name, frames, mask)
    if way != "eager":
        network = network.to(memory_format=torch.channels_last)
        frames = frames.to(memory_format=torch.channels_last)
    if task == "train":
        step = training_step(args, way, network, name, frames, mask)
    else:
        step = prediction(args, way, network, frames)
    forget_peak(args)
    began = time.perf_counter()
    value = float(step())
    first = time.perf_counter() - began
    for _ in range(4):  # CUDA graphs are recorded in the second and third
        step()
    rates = [args.steps * batch / clock(args, step) for _ in range(args.rounds)]
    return {
        "images_per_second": round(statistics.median(rates), 1),
        "least": round(min(rates), 1),
        "most": round(max(rates), 1),
        "batch": batch,
        "peak_gb": peak(args),
        "first_step_s": round(first, 1),
        "loss_off": round(abs(value - reference) / reference, 5) if task == "train" else None,
        "machine": machine(args),
    }


def first_loss(network: Any, name: str, frames: Any, mask: Any) -> float:
    """Return the loss of the fresh network in float32, and leave its norms as they were."""
    import copy

    import torch

    from sirst5k.losses import for_detector

    with torch.no_grad():
        heads = copy.deepcopy(network).train().heads(frames)
        return float(for_detector(name)(heads, mask, epoch=100))


def training_step(
    args: argparse.Namespace, way: str, network: Any, name: str, frames: Any, mask: Any
) -> Callable[[], Any]:
    """Return a step of training, which returns the loss."""
    import torch

    from sirst5k.losses import for_detector

    criterion = for_detector(name)
    fast = way != "eager"
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, fused=True if fast else None)
    network.train()

    def loss_of(frames: Any, mask: Any) -> Any:
        with precision(args, way):
            heads = network.heads(frames)
        return criterion(heads, mask, epoch=100)

    compute = compiled(way, loss_of)

    def step() -> Any:
        if way == "graphs":
            torch.compiler.cudagraph_mark_step_begin()
        optimizer.zero_grad()
        loss = compute(frames, mask)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def prediction(args: argparse.Namespace, way: str, network: Any, frames: Any) -> Callable[[], Any]:
    """Return a forward pass, which returns a number of its result."""
    import torch

    network.eval()

    def predict(frames: Any) -> Any:
        with precision(args, way):
            return network(frames)

    compute = compiled(way, predict)

    def step() -> Any:
        if way == "graphs":
            torch.compiler.cudagraph_mark_step_begin()
        with torch.inference_mode():
            return compute(frames)[0, 0, 0, 0]

    return step


def compiled(way: str, function: Callable[..., Any]) -> Any:
    """Return the function as a way runs it."""
    import torch

    if way == "eager":
        return function
    mode = "reduce-overhead" if way == "graphs" else "default"
    return torch.compile(function, mode=mode, fullgraph=True, dynamic=False)


def precision(args: argparse.Namespace, way: str) -> Any:
    """Return the context of a way."""
    import torch

    return nullcontext() if way == "eager" else torch.autocast(args.device, torch.bfloat16)


def clock(args: argparse.Namespace, step: Callable[[], Any]) -> float:
    """Return the seconds of a round."""
    synchronize(args)
    began = time.perf_counter()
    for _ in range(args.steps):
        step()
    synchronize(args)
    return time.perf_counter() - began


def synchronize(args: argparse.Namespace) -> None:
    """Wait for the device."""
    import torch

    if args.device == "cuda":
        torch.cuda.synchronize()


def forget_peak(args: argparse.Namespace) -> None:
    """Start measuring peak memory anew."""
    import torch

    if args.device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peak(args: argparse.Namespace) -> float | None:
    """Return the peak memory in GB, parameters and optimiser included."""
    import torch

    if args.device != "cuda":
        return None
    return round(torch.cuda.max_memory_reserved() / 1e9, 2)


def machine(args: argparse.Namespace) -> dict[str, Any]:
    """Return where this ran."""
    import torch

    gpu = torch.cuda.get_device_name() if args.device == "cuda" else None
    return {
        "gpu": gpu,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "tf32_convolutions": torch.backends.cudnn.allow_tf32,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    main()
