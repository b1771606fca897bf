"""Whole training of the video networks at the published size: speed, memory, and what they learn.

    python benchmarks/gpu/video.py --out benchmarks/results/gpu-video.json

For SSTNet and STMENet at 512×512 on embedded sequences of 256×256 (enlarged twice, as DAUB is):

- *published*: each paper's protocol, float32, batch 4;
- *fair*: AdamW, bf16-mixed, batch 16, the convolutions compiled.

Reports clips a second after a warm-up, peak memory, and AP50 on the test sequences with the last
weights. Finished cases in the file are skipped: run again to go on.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from sirst5k import open_dataset
from sirst5k.training import fit
from sirst5k.training.environment import environment

NETWORKS = ("sstnet", "stmenet")
WAYS = ("published", "fair")


class Clock:
    """Times the steps after a warm-up; waits for the device at both ends."""

    def __init__(self, warm_up: int) -> None:
        self.warm_up = warm_up
        self.began = self.steps = self.seconds = 0.0

    def started(self, steps: int, done: int, batch: int) -> Any:
        """Return what is called after every step."""
        del done

        def observe(shown: dict[str, float]) -> None:
            step = int(shown["step"])
            if step in (self.warm_up, steps - 1):  # the last step is followed by a validation
                if torch.cuda.is_available():
                    torch.cuda.synchronize()
                if step == self.warm_up:
                    self.began = time.perf_counter()
                else:
                    self.seconds = time.perf_counter() - self.began
                    self.steps = batch * (step - self.warm_up)

        return observe


def run_case(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Train one network in one way; return what came of it."""
    detector, way = name.split("/")
    training = open_dataset(options.data, "train")
    clock = Clock(options.warm_up)
    wishes: dict[str, Any] = {"protocol": detector} if way == "published" else {"batch_size": 16}
    if way == "fair" and options.compile != "off":
        wishes["compile"] = options.compile
    if options.batch:
        wishes["batch_size"] = options.batch
    if options.width:
        wishes["network"] = {"width": options.width}
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    with tempfile.TemporaryDirectory() as folder:
        report = fit(
            training,
            detector,
            folder,
            held_out=training.of_split("test"),
            device=options.device,
            steps=options.steps,
            validate_every=options.steps,
            augmentation={"crop": options.side},
            started=clock.started,
            **wishes,
        )
    peak = torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else None
    return {
        "clips_per_second": round(clock.steps / clock.seconds, 2) if clock.seconds else None,
        "peak_gib": peak,
        "steps": report.steps,
        "seconds": round(report.seconds, 1),
        "test": report.validation,
    }


def main() -> None:
    """Run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/gpu-video.json"))
    parser.add_argument("--data", default="demo:sequences=64,frames=60,size=256,seed=1")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--warm-up", type=int, default=100)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--batch", type=int, help="instead of 4 and 16, for a rehearsal")
    parser.add_argument("--width", type=float, help="of narrow networks, for a rehearsal")
    parser.add_argument("--compile", default="default")
    options = parser.parse_args()
    found = json.loads(options.out.read_text()) if options.out.is_file() else {"cases": {}}
    for name in [f"{network}/{way}" for network in NETWORKS for way in WAYS]:
        if name in found["cases"]:
            continue
        found["cases"][name] = run_case(name, options)
        found["environment"] = environment(torch.device(options.device), 0)
        options.out.write_text(json.dumps(found, indent=1) + "\n")
        print(name, found["cases"][name], flush=True)


if __name__ == "__main__":
    main()
