"""Negative synthesis, turning targets in place, as a transform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sirst5k.errors import ParameterError
from sirst5k.negatives import PatchWindow
from sirst5k.sample import Image, Mask
from sirst5k.synthesis.parameters import AdaptiveNegatives, PatchNegatives
from sirst5k.synthesis.turning import adaptive_turns, apply_turns, patch_turn
from sirst5k.transforms.checking import check_choice
from sirst5k.transforms.drawn import Drawn, Parameters, nothing
from sirst5k.transforms.motions import Motion
from sirst5k.transforms.operation import (
    Operation,
    build_settings,
    keep_to_defaults,
    plain_values,
)
from sirst5k.transforms.scene import Scene

_ADAPTIVE, _PATCH = AdaptiveNegatives(), PatchNegatives()
METHODS = {"adaptive": AdaptiveNegatives, "patch": PatchNegatives}


class NegativeRotation(Operation):
    """Turn the surroundings of targets in place, image and mask alike.

    An image without targets stays as it is.

    Parameters
    ----------
    method : {"adaptive", "patch"}
        ``adaptive`` turns every target in a window of its own; ``patch`` one target in a
        window of a published size.
    symmetries : sequence of int
        ``adaptive``: from which of the eight symmetries of the square each target's is
        drawn; see `sirst5k.negatives.apply_symmetry`.
    margin : int
        ``adaptive``: least pixels between a target's reach and its window's edge.
    margin_ratio : float
        ``adaptive``: that margin as a share of the target's longer side, if that is more.
    seam : {"feather", "hard"}
        ``adaptive``: how the window is put back.
    patch_sizes : sequence of int
        ``patch``: 3, 5, 7, 9 or 32, of which one is drawn.
    quarter_turns : sequence of int
        ``patch``: 0 to 3, counter-clockwise, of which one is drawn.
    p : float
        Probability that a call changes anything.
    seed : int, optional
        See `Transform`.

    Examples
    --------
    >>> image = np.zeros((16, 16), np.uint8)
    >>> image[7, 5:8] = 9
    >>> turned, mask = NegativeRotation(symmetries=[1], p=1.0)(image, image > 0)
    >>> np.argwhere(mask).tolist()
    [[6, 6], [7, 6], [8, 6]]
    """

    name = "NegativeRotation"
    op = "turn"

    def __init__(
        self,
        method: str = "adaptive",
        *,
        symmetries: Sequence[int] = _ADAPTIVE.symmetries,
        margin: int = _ADAPTIVE.margin,
        margin_ratio: float = _ADAPTIVE.margin_ratio,
        seam: str = _ADAPTIVE.seam,
        patch_sizes: Sequence[int] = _PATCH.patch_sizes,
        quarter_turns: Sequence[int] = _PATCH.quarter_turns,
        p: float = 0.5,
        seed: int | None = None,
    ) -> None:
        super().__init__(p, seed)
        check_choice(method, METHODS, "method")
        adaptive = {
            "symmetries": symmetries,
            "margin": margin,
            "margin_ratio": margin_ratio,
            "seam": seam,
        }
        patch = {"patch_sizes": patch_sizes, "quarter_turns": quarter_turns}
        self.settings: AdaptiveNegatives | PatchNegatives
        if method == "adaptive":
            keep_to_defaults(method, "patch", patch, _PATCH)
            self.settings = build_settings(AdaptiveNegatives, **adaptive)
        else:
            keep_to_defaults(method, "adaptive", adaptive, _ADAPTIVE)
            self.settings = build_settings(PatchNegatives, **patch)

    @property
    def method(self) -> str:
        """``adaptive`` or ``patch``."""
        return self.settings.method

    def _choose(self, scene: Scene, rng: np.random.Generator) -> Drawn:
        settings, targets = self.settings, scene.targets

        def one(choices: Sequence[int]) -> int:
            return choices[int(rng.integers(len(choices)))]

        if isinstance(settings, AdaptiveNegatives):
            return adaptive_turns(settings, targets, scene.shape, lambda _, allowed: one(allowed))
        if not targets:
            return nothing()
        index = one(range(len(targets)))
        size, turns = one(settings.patch_sizes), one(settings.quarter_turns)
        return patch_turn(targets, scene.shape, index, size, turns)

    def _change(self, image: Image, mask: Mask, params: Parameters) -> tuple[Image, Mask]:
        for turn in _turns(params):
            _check_window(turn["window"], image.shape)
        return apply_turns(image, mask, params)

    def _moved(self, scene: Scene, params: Parameters) -> list[Motion]:
        motions = []
        for turn in _turns(params):
            _check_window(turn["window"], scene.shape)
            if turn["symmetry"]:
                window = PatchWindow(*turn["window"])
                motions.append(Motion(window, window.top, window.left, turn["symmetry"]))
        return motions

    def _document(self) -> dict[str, Any]:
        return {"method": self.settings.method, **plain_values(self.settings)}


def _turns(params: Parameters) -> Sequence[Parameters]:
    """Return drawn turns, each with its window and symmetry."""
    return [params] if params["method"] == "patch" else params["turns"]


def _check_window(window: Sequence[int], shape: tuple[int, ...]) -> None:
    top, left, height, width = window
    if top < 0 or left < 0 or top + height > shape[0] or left + width > shape[1]:
        raise ParameterError(
            f"params: expected windows inside the image of {shape[0]}×{shape[1]}, got the "
            f"top, left, height, width {list(window)}. Draw for this image and mask."
        )
