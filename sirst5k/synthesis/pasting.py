"""Pasting targets elsewhere as an operation: draw its parameters, apply them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.components import Target, label_targets
from sirst5k.contrast import contrasts
from sirst5k.negatives import TargetStamp, draw_place, free_places, lift_target, matching_gain
from sirst5k.negatives.paste import paste_into
from sirst5k.sample import Image, Mask
from sirst5k.synthesis.parameters import MatchedPaste

Parameters = Mapping[str, Any]

_TRIES = 16  # free places that are looked at before a target is given up


def draw_paste(
    paste: MatchedPaste, image: Image, mask: Mask, rng: np.random.Generator
) -> dict[str, Any]:
    """Draw which targets are pasted where, and how strong: small, and as JSON has it.

    Where nothing fits, ``pasted`` is shorter than ``wanted`` says, or empty.
    """
    low, high = paste.count_range
    wanted = int(rng.integers(low, high, endpoint=True))
    labels, targets = label_targets(mask)
    scrs = [measured.scr for measured in contrasts(image, mask, labels, targets)]
    stamps = _lift(image, labels, targets, paste.halo)
    # Of several, each is pasted into what the ones before have left.
    image, mask = image.copy(), mask.copy()
    pasted: list[dict[str, Any]] = []
    for _ in range(wanted):
        for index in rng.permutation(list(stamps)).tolist():
            drawn = _draw_one(paste, image, mask, stamps[index], scrs[index], rng)
            if drawn is not None:
                pasted.append({"target": index, **drawn})
                _put_down(image, mask, stamps, pasted[-1])
                break
    return {
        "op": "paste",
        "method": paste.method,
        "halo": paste.halo,
        "wanted": wanted,
        "pasted": pasted,
    }


def apply_paste(image: Image, mask: Mask, parameters: Parameters) -> tuple[Image, Mask]:
    """Apply drawn parameters to an image and its mask; returns new arrays."""
    labels, targets = label_targets(mask)
    stamps = _lift(image, labels, targets, parameters["halo"])
    image, mask = image.copy(), mask.copy()
    for drawn in parameters["pasted"]:
        _put_down(image, mask, stamps, drawn)
    return image, mask


def stamp_halo(target: Target, shape: tuple[int, int], halo: int) -> int:
    """Return how far a target's stamp reaches beyond its box; see `lift_target`."""
    height, width = shape
    return min(halo, target.top, target.left, height - target.bottom, width - target.right)


def _lift(
    image: Image, labels: NDArray[np.int32], targets: Sequence[Target], halo: int
) -> dict[int, TargetStamp]:
    """Return the stamp of each target that can be lifted, by the target's number."""
    stamps = (lift_target(image, labels, target, halo) for target in targets)
    return {index: stamp for index, stamp in enumerate(stamps) if stamp is not None}


def _put_down(
    image: Image, mask: Mask, stamps: Mapping[int, TargetStamp], drawn: Parameters
) -> None:
    top, left = drawn["place"]
    stamp = stamps[drawn["target"]].turned(drawn["symmetry"])
    paste_into(image, mask, stamp, (top, left), drawn["gain"])


def _draw_one(
    paste: MatchedPaste,
    image: Image,
    mask: Mask,
    stamp: TargetStamp,
    own_scr: float,
    rng: np.random.Generator,
) -> dict[str, Any] | None:
    """Draw a symmetry and a place for one target; None if no place was found for it."""
    symmetry = paste.symmetries[int(rng.integers(len(paste.symmetries)))]
    turned = stamp.turned(symmetry)
    scr = own_scr if paste.scr_range is None else float(rng.uniform(*paste.scr_range))
    height, width = turned.mask.shape
    free = free_places(mask, height, width, guard=max(0, paste.guard - turned.halo))
    for _ in range(_TRIES):
        place = draw_place(free, rng)
        if place is None:
            return None
        gain = _gain(paste, image, mask, turned, place, scr, own_scr)
        if gain is not None:
            wanted = float(f"{scr:.6g}") if math.isfinite(scr) else None
            return {"symmetry": symmetry, "place": list(place), "gain": gain, "scr": wanted}
    return None


def _gain(
    paste: MatchedPaste,
    image: Image,
    mask: Mask,
    stamp: TargetStamp,
    place: tuple[int, int],
    scr: float,
    own_scr: float,
) -> float | None:
    """Return how strong a target is to be at a place, or None if it does not belong there."""
    if scr == math.inf:
        # On a constant background any contrast is infinitely clear; it is left as it is.
        return 1.0
    if not scr > 0:
        return None
    gain = matching_gain(image, mask, stamp, place, scr)
    if gain is None or not math.isfinite(own_scr):
        return gain
    # What the wished SCR asks for would be so at home too; the rest is due to the place.
    stretch = gain * own_scr / scr
    return gain if 1 / paste.max_stretch <= stretch <= paste.max_stretch else None
