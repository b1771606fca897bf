"""Score saved maps of any program: python examples/score_predictions.py [DATASET MAPS]."""

import sys

from sirst5k import open_dataset
from sirst5k.evaluation import Bootstrap, evaluate, open_frames, write_predictions


def main(data="demo:n=24,size=96", maps=None):
    """Print the corrected scores with their intervals, and a published code's beside them."""
    test = open_dataset(data, "test")
    if maps is None:  # nobody's maps at hand: those of a classical detector
        write_predictions("tophat", open_frames(data, split="test"), "predicted")
        maps = "predicted/maps"
    report = evaluate(
        test, predictions=maps, profiles=("corrected", "dnanet"), bootstrap=Bootstrap(200)
    )
    scores, intervals = report.scores["corrected"], report.intervals["corrected"]
    for name in ("miou", "niou", "pd", "fa"):
        low, high = intervals[name]
        print(f"{name:5} {getattr(scores, name):.4g}  (95 %: {low:.4g} to {high:.4g})")
    print(f"mIoU as DNANet's code computes it: {report.scores['dnanet'].miou:.4g}")


if __name__ == "__main__":
    main(*sys.argv[1:])
