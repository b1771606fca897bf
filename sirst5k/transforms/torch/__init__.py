"""Transforms of whole batches on their device: torch modules, each sample with its own draws.

Needs torch.
"""

from __future__ import annotations

from sirst5k.optional import require

require("torch", "a transform of batches")  # before the first file here fails for want of it

from sirst5k.transforms.torch.composing import Compose, OneOf  # noqa: E402
from sirst5k.transforms.torch.decoying import ClutterDecoys  # noqa: E402
from sirst5k.transforms.torch.displacing import NoiseDisplacement  # noqa: E402
from sirst5k.transforms.torch.finding import TargetFinder, Targets  # noqa: E402
from sirst5k.transforms.torch.module import BatchTransform  # noqa: E402
from sirst5k.transforms.torch.pasting import TargetPaste  # noqa: E402
from sirst5k.transforms.torch.randomness import sample_seeds  # noqa: E402
from sirst5k.transforms.torch.recipes import batched, from_recipe  # noqa: E402
from sirst5k.transforms.torch.turning import NegativeRotation  # noqa: E402

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
