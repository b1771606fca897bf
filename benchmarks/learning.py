"""Do small networks learn within minutes on one core? Beside the classical detectors.

    OMP_NUM_THREADS=1 python benchmarks/learning.py ../shared/data/sirst-v1 \
        --out benchmarks/results/learning.json

Each narrow network is trained by `sirst5k.training.fit` under the protocol `fair`, on small
crops of the training split, and scored on the test split at full size; the thresholds of the
classical detectors were chosen on the training split. With `--weights best` the held-out part of
the training split is scored eight times on the way, and the weights that did best there are scored
on the test split, as `sirst5k train` keeps them; else the last ones. Time is processor time of this
process, for the machine may do other things besides. `--priors` trains each network once for every
prior of its heads: null is the network's own initialisation. `--loss` trains by another loss than
the network's own; soft IoU by sample is what `unet` has.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import yaml

from sirst5k import __version__
from sirst5k.datasets import Dataset, open_dataset
from sirst5k.detectors import as_detector, create, load_weights
from sirst5k.detectors.registry import CLASSICAL
from sirst5k.evaluation import evaluate
from sirst5k.training import fit

NARROW: dict[str, dict[str, Any]] = {
    "unet": {"widths": [8, 16, 32, 64]},
    "mshnet": {"widths": [8, 16, 32, 64, 128]},
    "dnanet": {"channels": "one", "backbone": "resnet_10"},
}
LOSSES: dict[str, dict[str, Any]] = {
    "published": {},
    "softiou": {"loss": "softiou", "loss_config": {"reduction": "sample"}},
}
KEPT = ("miou", "niou", "pd", "fa", "f1")
VALIDATIONS = 8  # where the best weights are wanted


def main() -> None:
    """Train, score, print, and write JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", help="sirst-v1, or another dataset with a training and test split")
    parser.add_argument("--networks", default="unet,mshnet")
    parser.add_argument("--priors", default="null", help="with commas; null: the network's own")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--loss", choices=sorted(LOSSES), default="published")
    parser.add_argument("--weights", choices=["last", "best"], default="last")
    parser.add_argument("--out", type=Path, help="where to write the figures")
    args = parser.parse_args()
    torch.set_num_threads(1)
    test = open_dataset(args.data).of_split("test")
    figures: dict[str, Any] = {
        "machine": f"{platform.machine()}, one thread; torch {torch.__version__}",
        "sirst5k": __version__,
        "command": sys.argv,
        "test": f"{test.split}, {len(test)} images",
        "classical": {name: scores(create(name), test) for name in sorted(CLASSICAL)},
        "networks": [],
    }
    for name, found in figures["classical"].items():
        print(f"{name:9} mIoU {found['miou']:.3f}", flush=True)
    for name in args.networks.split(","):
        for prior in args.priors.split(","):
            row = learn(args, name, yaml.safe_load(prior), test)
            figures["networks"].append(row)
            print(
                f"{name:9} mIoU {row['test']['miou']:.3f}  {args.loss}, prior {prior}, "
                f"{args.steps} steps, {row['cpu_seconds'] / 60:.1f} min",
                flush=True,
            )
            if args.out:
                args.out.parent.mkdir(parents=True, exist_ok=True)
                args.out.write_text(json.dumps(figures, indent=1) + "\n")


def learn(
    args: argparse.Namespace, name: str, prior: float | None, test: Dataset
) -> dict[str, Any]:
    """Train a network and score its last or best weights."""
    chosen = args.weights == "best"
    began = time.process_time()
    with TemporaryDirectory() as folder:
        report = fit(
            args.data,
            name,
            folder,
            device="cpu",
            jobs=1,
            cache=False,
            network=NARROW[name],
            steps=args.steps,
            validate_every=max(1, args.steps // VALIDATIONS) if chosen else args.steps,
            batch_size=args.batch,
            augmentation={"crop": args.size},
            optimizer={"lr": args.rate},
            # null among the assignments, for among the wishes None leaves the protocol's
            assignments=[f"prior={json.dumps(prior)}"],
            **LOSSES[args.loss],
        )
        seconds = time.process_time() - began
        network = load_weights(name, report.best_weights if chosen else report.last_weights)
    return {
        "network": name,
        "config": NARROW[name],
        "prior": prior,
        "loss": args.loss,
        "steps": args.steps,
        "crop": args.size,
        "batch": args.batch,
        "cpu_seconds": round(seconds, 1),
        "rate": args.rate,
        "weights": f"best, of step {report.best_step}" if chosen else "last",
        "held_out_miou": round(report.best if chosen else report.validation["miou"], 4),
        "test": scores(as_detector(network, device="cpu"), test),
    }


def scores(detector: Any, test: Dataset) -> dict[str, float]:
    """Return what `sirst5k evaluate` prints."""
    found = evaluate(test, detector=detector).scores["corrected"]
    return {key: round(float(getattr(found, key)), 6) for key in KEPT}


if __name__ == "__main__":
    main()
