"""Targets that move: python examples/video.py [SEQUENCES]."""

import sys

from sirst5k import Recipe, SyntheticSequences, open_dataset, write_sequence_dataset
from sirst5k.evaluation import evaluate_clips
from sirst5k.evaluation.clips import detector_table


def main(source="demo:sequences=6,frames=8,size=128"):
    """Make more sequences of a few, and see how far detectors of single frames get on them."""
    whole = open_dataset(source)
    synthetic = SyntheticSequences(whole.of_split("train"), Recipe.load("sirst5k"), seed=0)
    clip = synthetic[len(synthetic) // 2]
    print(f"{clip.id}: {len(clip.frames)} frames, {len(clip.boxes)} targets in the last")
    write_sequence_dataset(synthetic, "sequences", test=whole.of_split("test"))
    print(f"sequences/: {len(synthetic.sequences)} sequences to train on")

    test = open_dataset("sequences", "test")
    reports = {name: evaluate_clips(test, detector=name) for name in ("tophat", "mpcm")}
    print("\n".join(detector_table(reports)))


if __name__ == "__main__":
    main(*sys.argv[1:])
