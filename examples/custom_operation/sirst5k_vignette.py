"""A custom operation for sirst5k recipes: the fall-off of a lens towards the corners.

pip install ./examples/custom_operation
sirst5k synth demo out --recipe examples/custom_operation/recipe.yaml
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Vignette:
    """Darkens towards the corners by a drawn share, as the fourth power of the cosine does.

    Parameters
    ----------
    strength_range : (float, float)
        Share of light that the corners lose, 0 to 1.
    """

    strength_range: tuple[float, float] = (0.1, 0.3)

    def __post_init__(self) -> None:
        low, high = self.strength_range
        if not 0 <= low <= high < 1:
            raise ValueError(f"expected 0 <= low <= high < 1, got {list(self.strength_range)}")

    def draw(self, image: Any, mask: Any, rng: np.random.Generator) -> Mapping[str, Any]:
        """Draw how much light the corners lose."""
        return {"strength": round(float(rng.uniform(*self.strength_range)), 4)}

    def apply(self, image: Any, mask: Any, drawn: Mapping[str, Any]) -> tuple[Any, Any]:
        """Darken an image of any depth; its mask stays."""
        height, width = image.shape
        rows, columns = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        # cos^4 of the angle to the axis, with the angle at which the corners lose that much.
        tangent = (1 - drawn["strength"]) ** -0.5 - 1
        light = (1 + tangent * (rows**2 + columns**2) / 2) ** -2
        darker = image * light
        if image.dtype.kind == "u":
            darker = np.rint(darker)
        return darker.astype(image.dtype), mask
