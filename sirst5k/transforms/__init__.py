"""Training-time transforms: the operations of the synthesis, drawn anew at every step.

The versions for other hosts are loaded when they are asked for:
`sirst5k.transforms.torch`, `sirst5k.transforms.torchvision` and
`sirst5k.transforms.albumentations`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sirst5k.transforms.compose import Compose, OneOf
from sirst5k.transforms.decoys import ClutterDecoys
from sirst5k.transforms.displacement import NoiseDisplacement
from sirst5k.transforms.documents import TRANSFORMS, from_dict, from_text, load
from sirst5k.transforms.drawn import operations
from sirst5k.transforms.motions import Motion, move_boxes, move_plane, move_points
from sirst5k.transforms.paste import TargetPaste
from sirst5k.transforms.recipes import from_recipe
from sirst5k.transforms.replaying import replay
from sirst5k.transforms.rotation import NegativeRotation
from sirst5k.transforms.transform import Transform

_HOSTS = ("albumentations", "torch", "torchvision")

__all__ = [
    "TRANSFORMS",
    "ClutterDecoys",
    "Compose",
    "Motion",
    "NegativeRotation",
    "NoiseDisplacement",
    "OneOf",
    "TargetPaste",
    "Transform",
    "from_dict",
    "from_recipe",
    "from_text",
    "load",
    "move_boxes",
    "move_plane",
    "move_points",
    "operations",
    "replay",
]


def __getattr__(name: str) -> Any:
    if name in _HOSTS:
        return import_module(f"sirst5k.transforms.{name}")
    raise AttributeError(f"module 'sirst5k.transforms' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOSTS])
