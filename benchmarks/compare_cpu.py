"""Does the synthetic data help? A first answer that one CPU can give.

    OMP_NUM_THREADS=1 python benchmarks/compare_cpu.py ../shared/data/sirst-v1 \
        --out out/compare-cpu --keep benchmarks/results/compare-cpu

Narrow networks, 96×96 crops, few equal steps, arms none, reference and sirst5k, 3 seeds. It
shows that the machinery works and which way things point; it says nothing about full-size
networks that are trained to the end. About 70 minutes of run time at 300 steps. Single short
trials hinted that DNANet learns faster at a rate of 0.005 and MSHNet does not, so the committed
results gave DNANet 0.005 and the others 0.001 (docs/compare.md). Run again, it goes on.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from sirst5k_cli.main import cli

KEPT = ("report.html", "results.json", "results.csv", "table.tex", "experiment.yaml")
NARROW = (
    "unet.widths=[8,16,32,64]",
    "mshnet.widths=[8,16,32,64,128]",
    "dnanet.channels=one",
    "dnanet.backbone=resnet_10",
)


def main() -> None:
    """Compare, then keep what is to be committed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", help="sirst-v1, or another dataset with a training split")
    parser.add_argument("--out", type=Path, default=Path("out/compare-cpu"))
    parser.add_argument("--detectors", default="unet,mshnet,dnanet")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rate", type=float, default=0.002)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--time-limit", type=float, help="begin no run after so many seconds")
    parser.add_argument("--keep", type=Path, help="where report and figures are copied to")
    args = parser.parse_args()
    words = ["compare", "--data", args.data, "--detectors", args.detectors]
    words += ["--arms", "none,reference,sirst5k", "--out", str(args.out), "--device", "cpu"]
    words += ["--steps", str(args.steps), "--seeds", str(args.seeds), "--size", str(args.size)]
    words += ["--set", f"batch_size={args.batch}", "--set", f"optimizer.lr={args.rate}"]
    # Each validation also scores the test split, for the curve; often, it would cost the most.
    words += ["--set", f"validate_every={max(1, args.steps // 3)}"]
    words += ["--workers", str(args.workers)]
    words += ["--jobs", "1"]
    words += [part for setting in narrow(args.detectors) for part in ("--net", setting)]
    if args.time_limit is not None:
        words += ["--time-limit", str(args.time_limit)]
    code = cli.main(words, standalone_mode=False)
    if args.keep is not None:
        args.keep.mkdir(parents=True, exist_ok=True)
        for name in KEPT:
            shutil.copyfile(args.out / name, args.keep / name)
    sys.exit(code if isinstance(code, int) else 0)


def narrow(detectors: str) -> list[str]:
    """Return the settings of those networks that are compared."""
    chosen = detectors.split(",")
    return [setting for setting in NARROW if setting.split(".")[0] in chosen]


if __name__ == "__main__":
    main()
