"""Make a dataset and a picture of it: python examples/synthesise_and_look.py [SOURCE [OUT]]."""

import sys

import numpy as np

from sirst5k import Recipe, SyntheticDataset, open_dataset, write_dataset
from sirst5k.datasets import test_part, training_part
from sirst5k.drawing import grey_picture, image_stretch, save_picture
from sirst5k.quality import compare_quality, measure_quality


def main(source="demo:n=12,size=128", out="synthesised"):
    """Write all variants of the training images, beside the untouched test images."""
    training = training_part(open_dataset(source), None)
    synthetic = SyntheticDataset(training, Recipe.load("sirst5k"), seed=0)
    report = write_dataset(synthetic, out, test=test_part(training))
    print(f"{out}: {report.train} training and {report.test} test images")

    made = open_dataset(out, "train")
    difference = compare_quality(measure_quality(training), measure_quality(made, training))
    print(f"their spectra lie {difference.spectrum_db:.2f} dB from the source's")

    shown = [synthetic[place].image for place in range(4)]  # an original and three variants
    stretch = image_stretch(shown[0])
    strip = [grey_picture(stretch.apply(image)) for image in shown]
    save_picture(f"{out}.png", np.hstack(strip))
    print(f"{out}.png: {synthetic.plan[0].id} beside three of its variants")


if __name__ == "__main__":
    main(*sys.argv[1:])
