"""Whether narrow video networks learn embedded sequences on a CPU, and whether they use motion.

    PYTHONPATH=. python benchmarks/video_learning.py --out benchmarks/results/video-learning.json

For each network: targets of moderate contrast, and dim ones; of the dim ones also the same network
trained and tested on clips that repeat their key frame, so that nothing moves. Every run is scored
with its last weights on the test sequences, which nothing was chosen by. Finished runs in the file
are kept; ``--cases`` runs some of them, so that several processes can share the work, each with a
file of its own, and ``--join`` puts such files together.

Rehearsal: --steps 4 --sequences 4 --frames 4 --width 0.05 --side 64 --out /tmp/learning.json
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from sirst5k import open_dataset
from sirst5k.detectors import load_weights
from sirst5k.detectors.registry import VIDEO
from sirst5k.training import fit
from sirst5k.training.environment import environment

CASES = ("moderate/clips", "dim/clips", "dim/one frame")
SETTINGS = {
    "sequences": 48,
    "frames": 10,
    "size": 40,
    "side": 128,
    "width": 0.25,
    "steps": 400,
    "batch": 4,
    "lr": 0.003,
    "seed": 1,
    "moderate": 10.0,  # SCR
    "dim": 3.0,
    "decoys": 0,  # of each sequence, beside dim targets
    "speed": "",  # of targets in pixels a frame, beside decoys
    "camera": "drifting",  # beside decoys
    "whole": 0,  # 1: only clips that repeat no frame; 2: in the training alone
}


class OneFrame:
    """Sequences whose clips repeat their key frame: everything but motion is the same."""

    def __init__(self, sequences: Any) -> None:
        self._sequences = sequences

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copying and pickling ask for what is not there yet
            raise AttributeError(name)
        return getattr(self._sequences, name)

    def __len__(self) -> int:
        return len(self._sequences)

    def window(self, frame_id: str) -> tuple[str, ...]:
        """Return the key frame as often as the clip has frames."""
        return (frame_id,) * self.length

    def with_length(self, length: int) -> OneFrame:
        """Return the same with clips of another length."""
        return OneFrame(self._sequences.with_length(length))

    def subset(self, ids: Any) -> OneFrame:
        """Return the same with these key frames only."""
        return OneFrame(self._sequences.subset(ids))

    def describe(self) -> str:
        """Return what the run's configuration says of the data."""
        return f"{self._sequences.describe()}, key frames repeated"


def run_case(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Train one network on one kind of clips; return what came of it."""
    detector, contrast, kind = name.split("/")
    scr = getattr(options, contrast)
    address = (
        f"demo:sequences={options.sequences},frames={options.frames},size={options.size},"
        f"seed={options.seed},scr={scr:g}"
    )
    if contrast == "dim" and options.decoys:
        address += f",decoys={options.decoys},camera={options.camera}"
        address += f",speed={options.speed}" if options.speed else ""
    training = open_dataset(address, "train")
    test = training.of_split("test")
    if options.whole:
        training = training.whole_clips()
        test = test.whole_clips() if options.whole == 1 else test
    if kind == "one frame":
        training, test = OneFrame(training), OneFrame(test)
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        report = fit(
            training,
            detector,
            folder,
            held_out=test,
            device=options.device,
            jobs=1,
            network={"width": options.width},
            augmentation={"crop": options.side},
            steps=options.steps,
            batch_size=options.batch,
            optimizer={"lr": options.lr},
            validate_every=options.steps,
            seed=options.seed,
        )
        trained = time.process_time() - began
        network = load_weights(detector, report.last_weights)
    return {
        "data": address,
        "clips": report.frames,
        "test_clips": len(test.ids),
        "parameters": sum(part.numel() for part in network.parameters()),
        "steps": report.steps,
        "cpu_seconds": round(trained, 1),
        "test": {k: v if v is None else round(v, 4) for k, v in report.validation.items()},
    }


def read(path: Path) -> dict[str, Any]:
    """Return the document of an earlier start, or an empty one."""
    return json.loads(path.read_text()) if path.is_file() else {"settings": {}, "runs": {}}


def main() -> None:
    """Run what is missing, and write the file after every run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cases", nargs="*", default=[f"{d}/{c}" for d in VIDEO for c in CASES])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--join", nargs="*", type=Path, default=[], help="put these files together")
    for key, value in SETTINGS.items():
        parser.add_argument(f"--{key}", type=type(value), default=value)
    options = parser.parse_args()
    torch.set_num_threads(1)
    document = read(options.out)
    settings = {key: getattr(options, key) for key in SETTINGS}
    if document["runs"] and document["settings"] != settings:
        sys.exit(f"{options.out} has other settings: {document['settings']}")
    for path in options.join:
        other = read(path)
        if other["settings"] != settings:
            sys.exit(f"{path} has other settings: {other['settings']}")
        document["runs"] |= other["runs"]
    document |= {
        "command": " ".join(["python", *sys.argv]),
        "settings": settings,
        "environment": environment(torch.device(options.device), 0),
    }
    for name in [] if options.join else options.cases:
        if name not in document["runs"]:
            document["runs"][name] = run_case(name, options)
            print(name, document["runs"][name]["test"], flush=True)
            options.out.write_text(json.dumps(document, indent=1) + "\n")
    options.out.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
