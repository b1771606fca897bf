"""Adding decoys as an operation: draw their parameters, apply them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sirst5k.negatives import DECOYS, decoy_profile, draw_place, free_places, surroundings
from sirst5k.negatives.adding import add_into
from sirst5k.sample import Image, Mask, full_scale
from sirst5k.synthesis.parameters import ClutterDecoys

Parameters = Mapping[str, Any]


def draw_decoys(
    decoys: ClutterDecoys, image: Image, mask: Mask, rng: np.random.Generator
) -> dict[str, Any]:
    """Draw decoys and their places: small, and as JSON has it.

    The strength of each is recorded in the image's grey levels. Where one does not fit,
    ``added`` is shorter than ``wanted`` says, or empty.
    """
    low, high = decoys.count_range
    wanted = int(rng.integers(low, high, endpoint=True))
    added = []
    for _ in range(wanted):
        kind = decoys.kinds[int(rng.integers(len(decoys.kinds)))]
        smallest, largest = DECOYS[kind].sizes
        size = int(rng.integers(smallest, largest, endpoint=True))
        angle = round(float(rng.uniform(0, 360)), 1)
        contrast = float(rng.uniform(*decoys.contrast_range))
        height, width = decoy_profile(kind, size, angle).shape
        place = draw_place(free_places(mask, height, width, decoys.guard), rng)
        if place is not None:
            strength = _strength(image, mask, place, (height, width), contrast, DECOYS[kind].sign)
            added.append(
                {
                    "kind": kind,
                    "size": size,
                    "angle": angle,
                    "place": list(place),
                    # Six digits: enough for any grey level, the same on every processor.
                    "strength": float(f"{strength:.6g}"),
                }
            )
    return {"op": "decoys", "method": decoys.method, "wanted": wanted, "added": added}


def _strength(
    image: Image,
    mask: Mask,
    place: tuple[int, int],
    shape: tuple[int, int],
    contrast: float,
    sign: int,
) -> float:
    """Return how many grey levels a decoy is to stand out.

    Half way to full scale at most, where even the strongest still has a form.
    """
    mean, std = surroundings(image, mask, place, shape)
    if image.dtype.kind == "f":
        return contrast * std
    room = full_scale(image.dtype) - mean if sign > 0 else mean
    return min(contrast * std, room / 2)


def apply_decoys(image: Image, parameters: Parameters) -> Image:
    """Apply drawn parameters to an image, as a new array; its mask stays."""
    image = image.copy()
    for decoy in parameters["added"]:
        top, left = decoy["place"]
        profile = decoy_profile(decoy["kind"], decoy["size"], decoy["angle"])
        add_into(image, (top, left), np.float32(decoy["strength"]) * profile)
    return image
