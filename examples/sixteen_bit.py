"""Raw 16-bit frames of a sensor to a first detection: python examples/sixteen_bit.py.

Sixteen bits stay sixteen all the way.
"""

from pathlib import Path

import cv2
import numpy as np

from sirst5k import NoiseBank, open_dataset
from sirst5k.evaluation import open_frames, write_predictions
from sirst5k.noise import add_residual, spectral_field


def main():
    """Store raw frames as TIFF, look for targets, and make more noise like theirs."""
    folder = Path("frames/images")
    folder.mkdir(parents=True, exist_ok=True)
    for sample in open_dataset("demo:n=6,size=160,depth=16"):  # in place of your camera
        raw = sample.image.astype("<u2").tobytes()
        frame = np.frombuffer(raw, "<u2").reshape(sample.shape)
        cv2.imwrite(str(folder / f"{sample.id}.tiff"), frame)

    report = write_predictions("tophat", open_frames(folder), "first")
    print(f"first/: maps, masks, boxes and overlays of {report.frames} frames")

    labelled = open_dataset("demo:n=6,size=160,depth=16")  # once some are labelled
    bank = NoiseBank.sample(labelled)
    field = spectral_field(bank, labelled[0].shape, rng=np.random.default_rng(0))
    noisy = add_residual(labelled[0].image, field, gain=1.0)
    cv2.imwrite("noisier.png", noisy)
    print(f"noisier.png: {noisy.dtype}, noise of {bank.std:.0f} of 65,535 levels added")


if __name__ == "__main__":
    main()
