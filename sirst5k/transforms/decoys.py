"""Clutter without a label as a transform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sirst5k.sample import Image, Mask
from sirst5k.synthesis import parameters
from sirst5k.synthesis.decoying import apply_decoys, draw_decoys
from sirst5k.synthesis.parameters import CountRange, Range
from sirst5k.transforms.drawn import Drawn, Parameters
from sirst5k.transforms.operation import Operation, build_settings, plain_values
from sirst5k.transforms.scene import Scene

_DEFAULT = parameters.ClutterDecoys()


class ClutterDecoys(Operation):
    """Add clutter that resembles targets, beside them and without a label.

    Parameters
    ----------
    count_range : (int, int)
        How many decoys to add, both ends included.
    kinds : sequence of str
        Which kinds are drawn from; see `sirst5k.negatives.decoy_profile`.
    contrast_range : (float, float)
        Strength in standard deviations of the background around each decoy.
    guard : int
        Pixels that stay free between a decoy and any target.
    p : float
        Probability that a call changes anything.
    seed : int, optional
        See `Transform`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> image = rng.normal(90, 3, (64, 64)).round().astype(np.uint8)
    >>> mask = np.zeros((64, 64), dtype=bool)
    >>> decoy = ClutterDecoys(count_range=(1, 1), kinds=["streak"], p=1.0)
    >>> with_streak, same = decoy(image, mask, rng)
    >>> bool(same.any()), int(with_streak.max()) > int(image.max())
    (False, True)
    """

    name = "ClutterDecoys"
    op = "decoys"

    def __init__(
        self,
        *,
        count_range: CountRange = _DEFAULT.count_range,
        kinds: Sequence[str] = _DEFAULT.kinds,
        contrast_range: Range = _DEFAULT.contrast_range,
        guard: int = _DEFAULT.guard,
        p: float = 0.5,
        seed: int | None = None,
    ) -> None:
        super().__init__(p, seed)
        self.settings: parameters.ClutterDecoys = build_settings(
            parameters.ClutterDecoys,
            count_range=count_range,
            kinds=kinds,
            contrast_range=contrast_range,
            guard=guard,
        )

    def _choose(self, scene: Scene, rng: np.random.Generator) -> Drawn:
        return draw_decoys(self.settings, scene.image, scene.mask, rng)

    def _change(self, image: Image, mask: Mask, params: Parameters) -> tuple[Image, Mask]:
        return apply_decoys(image, params), mask

    def _scaled(self, params: Parameters, ratio: float) -> Parameters:
        added = [{**decoy, "strength": decoy["strength"] * ratio} for decoy in params["added"]]
        return {**params, "added": added}

    def _document(self) -> dict[str, Any]:
        return plain_values(self.settings)
