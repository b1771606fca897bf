"""Transforms of whole batches on their device: torch modules, each sample with its own draws.

Needs torch.
"""

from __future__ import annotations

from sirst5k.transforms.torch.composing import Compose, OneOf
from sirst5k.transforms.torch.decoying import ClutterDecoys
from sirst5k.transforms.torch.displacing import NoiseDisplacement
from sirst5k.transforms.torch.finding import TargetFinder, Targets
from sirst5k.transforms.torch.module import BatchTransform
from sirst5k.transforms.torch.pasting import TargetPaste
from sirst5k.transforms.torch.randomness import sample_seeds
from sirst5k.transforms.torch.recipes import batched, from_recipe
from sirst5k.transforms.torch.turning import NegativeRotation

__all__ = [
    "BatchTransform",
    "ClutterDecoys",
    "Compose",
    "NegativeRotation",
    "NoiseDisplacement",
    "OneOf",
    "TargetFinder",
    "TargetPaste",
    "Targets",
    "batched",
    "from_recipe",
    "sample_seeds",
]
