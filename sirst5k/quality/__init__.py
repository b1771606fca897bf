"""Image quality: what a dataset's images are like, and how two datasets differ."""

from __future__ import annotations

from sirst5k.quality.comparing import Difference, compare_quality
from sirst5k.quality.measures import entropy, noise_level, psnr, sharpness, ssim
from sirst5k.quality.measuring import Quality, measure_quality
from sirst5k.quality.neighbours import Neighbour, nearest_neighbours

__all__ = [
    "Difference",
    "Neighbour",
    "Quality",
    "compare_quality",
    "entropy",
    "measure_quality",
    "nearest_neighbours",
    "noise_level",
    "psnr",
    "sharpness",
    "ssim",
]
