"""Does synthetic data help? python examples/train_and_compare.py [DATASET [STEPS]].

A toy: sixty steps of a tiny network show the way, not the answer. See docs/compare.md.
"""

import sys

from sirst5k.comparison import Experiment, parse_arm, run, write_report


def main(data="demo:n=24,size=64", steps="60"):
    """Train with and without, twice each, and write the report."""
    experiment = Experiment(
        data,
        detectors=("unet",),
        arms=(parse_arm("none"), parse_arm("sirst5k")),
        seeds=(0, 1),
        steps=int(steps),
        settings=("augmentation.crop=48", "batch_size=4"),
        networks={"unet": {"widths": (4, 8)}},
    )
    for outcome in run(experiment, "compared", device="cpu"):
        print(f"{outcome.cell.name}: {outcome.status}")
    write_report(["compared"], "compared")
    print("compared/report.html")


if __name__ == "__main__":
    main(*sys.argv[1:])
