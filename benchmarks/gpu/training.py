"""Whole training, data path included: ours beside a plain loop as the published codes write it.

    python benchmarks/gpu/training.py DATA --out benchmarks/results/gpu-training.json

For each network, at 256×256 and the published batch of 16:

- *plain*: Pillow decodes and augments (flip, rescale 0.5 to 2, pad, crop, blur, as
  ../shared/protocol/training.md describes it) in a DataLoader with 8 workers; eager float32; one
  network call, loss, backward, optimiser step, and the loss read every step for the log.
- *ours*: `sirst5k.training`, frames in device memory, bf16-mixed, channels_last, torch.compile.

Both train the same network of ours from the same weights with the same loss, optimiser and
learning rate, so that only the loop differs; both report images a second after a warm-up, peak
memory, and the mean loss of every tenth of the run, to be compared within seed noise. Each case
runs in a process of its own with a time limit, and is skipped where the output already has it:
run again to go on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

NETWORKS = ("mshnet", "dnanet", "dstransnet")
LOOPS = ("plain", "ours")


def main() -> None:
    """Run what is missing, each case in its own process."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="a dataset with a training split")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/gpu-training.json"))
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--warm-up", type=int, default=40, help="steps that are not timed")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--compile", default="default")
    parser.add_argument("--limit", type=float, default=150, help="seconds a case may take")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.case:
        network, loop, seed = args.case.split("/")
        run = plain if loop == "plain" else ours
        print(json.dumps(run(args, network, int(seed))))
        return
    found: dict[str, Any] = json.loads(args.out.read_text()) if args.out.is_file() else {}
    cases = found.setdefault("cases", {})
    for seed in range(args.seeds):
        for network in args.networks.split(","):
            for loop in LOOPS:
                name = f"{network}/{loop}/{seed}"
                if cases.get(name, {}).get("images_per_second"):
                    continue
                cases[name] = in_its_own_process(args, name)
                found["machine"] = machine(args)
                args.out.parent.mkdir(parents=True, exist_ok=True)
                args.out.write_text(json.dumps(found, indent=1) + "\n")
                print(name, {k: v for k, v in cases[name].items() if k != "losses"}, flush=True)
    summarise(cases)


def in_its_own_process(args: argparse.Namespace, name: str) -> dict[str, Any]:
    """Run one case; a crash or a timeout is a result too."""
    command = [sys.executable, __file__, *sys.argv[1:], "--case", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=args.limit)
    except subprocess.TimeoutExpired:
        return {"error": f"took more than {args.limit:g} s"}
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1:] or ["no message"]}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def summarise(cases: dict[str, Any]) -> None:
    """Print the ratios."""
    for network in NETWORKS:
        speeds = {
            loop: [
                case["images_per_second"]
                for name, case in cases.items()
                if name.startswith(f"{network}/{loop}/") and "images_per_second" in case
            ]
            for loop in LOOPS
        }
        if all(speeds.values()):
            ratio = (sum(speeds["ours"]) / len(speeds["ours"])) / (
                sum(speeds["plain"]) / len(speeds["plain"])
            )
            print(f"{network}: ours over plain {ratio:.2f}")


def build(args: argparse.Namespace, name: str, seed: int) -> tuple[Any, Any, Any]:
    """Return the network, its published loss, and AdamW at 1e-3, the same for both loops."""
    import torch

    from sirst5k.detectors import create
    from sirst5k.losses import for_detector

    torch.manual_seed(seed)
    network = create(name, in_channels=1).to(args.device)
    return network, for_detector(name), torch.optim.AdamW(network.parameters(), lr=1e-3)


def plain(args: argparse.Namespace, name: str, seed: int) -> dict[str, Any]:
    """Train as the published codes do."""
    from torch.utils.data import DataLoader

    network, criterion, optimizer = build(args, name, seed)
    loader = DataLoader(
        PillowFrames(args, seed),
        batch_size=args.batch,
        shuffle=True,
        drop_last=True,
        num_workers=args.workers,
    )
    losses: list[float] = []
    started = 0.0
    while len(losses) < args.steps:
        for images, masks in loader:
            if len(losses) == args.warm_up:
                synchronize(args)
                started = time.perf_counter()
            images, masks = images.to(args.device), masks.to(args.device)
            loss = criterion(network.heads(images), masks, epoch=10)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if len(losses) == args.steps:
                break
    synchronize(args)
    return result(args, time.perf_counter() - started, losses)


def ours(args: argparse.Namespace, name: str, seed: int) -> dict[str, Any]:
    """Train with the package; its own warm-up is left out by the times of its steps."""
    from sirst5k.training import fit
    from sirst5k.training.records import read_records

    times: dict[int, float] = {}

    def observe(shown: dict[str, float]) -> None:
        step = int(shown["step"])
        if step in (args.warm_up, args.steps):
            synchronize(args)
            times[step] = time.perf_counter()

    with tempfile.TemporaryDirectory() as folder:
        fit(
            args.data,
            name,
            Path(folder) / "run",
            device=args.device,
            steps=args.steps + 1,  # the last step is followed by a validation: not timed
            batch_size=args.batch,
            augmentation={
                "crop": args.size,
                "base": args.size,
                "blur": 0.5,
                "flip_vertical": 0.0,
                "quarter_turn": 0.0,
                "on_target": 0.0,
            },
            normalisation="none",
            schedule={"name": "constant", "warm_up": 0.0},
            optimizer={"name": "adamw", "lr": 1e-3, "weight_decay": 0.01},
            channels_last=args.device == "cuda",
            compile=args.compile if args.device == "cuda" else "off",
            validate_every=args.steps + 2,
            cache=False,
            seed=seed,
            started=lambda *_: observe,
        )
        rows = read_records(Path(folder) / "run/metrics.jsonl")
    losses = [row["loss"] for row in rows if "loss" in row for _ in range(20)][: args.steps]
    return result(args, times[args.steps] - times[args.warm_up], losses)


class PillowFrames:
    """Decodes and augments one frame at a time, in the published order."""

    def __init__(self, args: argparse.Namespace, seed: int) -> None:
        from sirst5k.datasets import open_dataset, training_part
        from sirst5k.training.material import divide

        whole = training_part(open_dataset(args.data), None)
        # The same images as ours: a tenth is held out there.
        part = divide(whole, 0.1).originals
        self.files = [part.source.files(sample_id) for sample_id in part.ids]
        self.size = args.size
        self.seed = seed

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        import random

        import numpy as np
        import torch
        from PIL import Image, ImageFilter, ImageOps

        image_file, mask_file = self.files[index]
        image, mask = Image.open(image_file).convert("L"), Image.open(mask_file).convert("L")
        crop = self.size
        if random.random() < 0.5:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            mask = mask.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        long = random.randint(crop // 2, crop * 2)
        width, height = image.size
        if height > width:
            new = (int(width * long / height + 0.5), long)
        else:
            new = (long, int(height * long / width + 0.5))
        image = image.resize(new, Image.Resampling.BILINEAR)
        mask = mask.resize(new, Image.Resampling.NEAREST)
        if min(new) < crop:
            border = (0, 0, max(0, crop - new[0]), max(0, crop - new[1]))
            image, mask = ImageOps.expand(image, border), ImageOps.expand(mask, border)
        left = random.randint(0, image.width - crop)
        top = random.randint(0, image.height - crop)
        box = (left, top, left + crop, top + crop)
        image, mask = image.crop(box), mask.crop(box)
        if random.random() < 0.5:
            image = image.filter(ImageFilter.GaussianBlur(radius=random.random()))
        levels = np.asarray(image, np.float32)[None] / 255
        flags = (np.asarray(mask)[None] > 127).astype(np.float32)
        return torch.from_numpy(levels), torch.from_numpy(flags)


def synchronize(args: argparse.Namespace) -> None:
    """Wait for the device."""
    import torch

    if args.device == "cuda":
        torch.cuda.synchronize()


def result(args: argparse.Namespace, seconds: float, losses: list[float]) -> dict[str, Any]:
    """Return what a case is worth."""
    import torch

    tenth = max(1, len(losses) // 10)
    means = [sum(losses[i : i + tenth]) / tenth for i in range(0, tenth * 10, tenth)]
    peak = torch.cuda.max_memory_allocated() / 1e9 if args.device == "cuda" else None
    return {
        "images_per_second": round((args.steps - args.warm_up) * args.batch / seconds, 1),
        "seconds": round(seconds, 2),
        "peak_gb": None if peak is None else round(peak, 2),
        "losses": [round(mean, 4) for mean in means],
    }


def machine(args: argparse.Namespace) -> dict[str, Any]:
    """Return where this ran."""
    import torch

    gpu = torch.cuda.get_device_name() if args.device == "cuda" else None
    return {
        "gpu": gpu,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "command": sys.argv,
    }


if __name__ == "__main__":
    main()
