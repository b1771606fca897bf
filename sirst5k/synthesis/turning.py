"""Negative synthesis as an operation: draw its parameters, apply them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sirst5k.components import Target
from sirst5k.negatives import (
    PatchWindow,
    published_symmetry,
    rotate_patch,
    rotation_window,
    target_windows,
)
from sirst5k.negatives.seam import turn_target_into
from sirst5k.sample import Image, Mask
from sirst5k.synthesis.parameters import AdaptiveNegatives, Negatives, PatchNegatives
from sirst5k.synthesis.plan import Variant

Parameters = Mapping[str, Any]


def draw_turns(
    negatives: Negatives, targets: Sequence[Target], shape: tuple[int, int], variant: Variant
) -> dict[str, Any]:
    """Choose the windows and symmetries of one output: small, and as JSON has them."""
    if isinstance(negatives, PatchNegatives):
        assert variant.target is not None
        assert variant.patch_size is not None
        assert variant.quarter_turns is not None
        return patch_turn(targets, shape, variant.target, variant.patch_size, variant.quarter_turns)

    def in_turn(index: int, allowed: Sequence[int]) -> int:
        # Each target passes through all its symmetries in as many variants, rather than
        # meeting some twice and others never; neighbours out of step.
        return allowed[(variant.number + 3 * index) % len(allowed)]

    return adaptive_turns(negatives, targets, shape, in_turn)


def apply_turns(image: Image, mask: Mask, parameters: Parameters) -> tuple[Image, Mask]:
    """Apply drawn parameters to an image and its mask; returns new arrays."""
    if parameters["method"] == "patch":
        window = PatchWindow(*parameters["window"])
        symmetry = parameters["symmetry"]
        return rotate_patch(image, window, symmetry), rotate_patch(mask, window, symmetry)
    image, mask = image.copy(), mask.copy()
    for turn in parameters["turns"]:
        window = PatchWindow(*turn["window"])
        turn_target_into(image, mask, window, turn["symmetry"], turn["margin"], parameters["seam"])
    return image, mask


def turned_windows(parameters: Parameters) -> list[PatchWindow]:
    """Return the windows that drawn parameters turn, to outline them in a picture."""
    if parameters["method"] == "patch":
        return [PatchWindow(*parameters["window"])]
    return [PatchWindow(*turn["window"]) for turn in parameters["turns"] if turn["symmetry"]]


def patch_turn(
    targets: Sequence[Target],
    shape: tuple[int, int],
    index: int,
    patch_size: int,
    quarter_turns: int,
) -> dict[str, Any]:
    """Return the turn of one target in a window of a published size."""
    target = targets[index]
    # Python rounds half to even, as the published script does.
    window = rotation_window(round(target.x), round(target.y), patch_size, shape)
    return {
        "op": "turn",
        "method": "patch",
        "target": index,
        "window": [window.top, window.left, window.height, window.width],
        "symmetry": published_symmetry(patch_size, quarter_turns),
    }


def adaptive_turns(
    negatives: AdaptiveNegatives,
    targets: Sequence[Target],
    shape: tuple[int, int],
    choose: Callable[[int, Sequence[int]], int],
) -> dict[str, Any]:
    """Return a turn of every target in its own window.

    `choose` gets a target's number and the symmetries that are open to it, and returns one.
    """
    windows = target_windows(targets, shape, negatives.margin, negatives.margin_ratio)
    turns = []
    for index, place in enumerate(windows):
        allowed = [s for s in negatives.symmetries if s in place.symmetries] or [0]
        window = place.window
        turns.append(
            {
                "target": index,
                "window": [window.top, window.left, window.height, window.width],
                "margin": place.margin,
                "symmetry": choose(index, allowed),
            }
        )
    return {"op": "turn", "method": "adaptive", "seam": negatives.seam, "turns": turns}
