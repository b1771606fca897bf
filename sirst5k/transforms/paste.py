"""Pasting targets elsewhere as a transform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sirst5k.components import label_targets
from sirst5k.negatives import PatchWindow
from sirst5k.sample import Image, Mask
from sirst5k.synthesis.parameters import CountRange, MatchedPaste, Range
from sirst5k.synthesis.pasting import apply_paste, draw_paste, stamp_halo
from sirst5k.transforms.drawn import Drawn, Parameters
from sirst5k.transforms.motions import Motion
from sirst5k.transforms.operation import Operation, build_settings, plain_values
from sirst5k.transforms.scene import Scene

_DEFAULT = MatchedPaste()


class TargetPaste(Operation):
    """Paste targets of the image elsewhere in it, their contrast matched to the new place.

    An image without targets, or without room for another, stays as it is.

    Parameters
    ----------
    count_range : (int, int)
        How many targets to paste, both ends included.
    scr_range : (float, float), optional
        Signal-to-clutter ratio to give them; each keeps its own by default.
    symmetries : sequence of int
        From which of the eight symmetries of the square each one's is drawn.
    guard : int
        Pixels that stay free between a pasted target and any other.
    halo : int
        Pixels around a target that are taken along, since optics spread it.
    max_stretch : float
        How many times stronger or weaker the new place may make a target.
    p : float
        Probability that a call changes anything.
    seed : int, optional
        See `Transform`.

    Examples
    --------
    >>> from sirst5k.components import count_targets
    >>> rng = np.random.default_rng(0)
    >>> image = rng.normal(90, 3, (64, 64)).round().astype(np.uint8)
    >>> mask = np.zeros((64, 64), dtype=bool)
    >>> mask[20:23, 20:23], image[20:23, 20:23] = True, 140
    >>> pasted, pasted_mask = TargetPaste(count_range=(1, 1), p=1.0)(image, mask, rng)
    >>> count_targets(pasted_mask)
    2
    """

    name = "TargetPaste"
    op = "paste"

    def __init__(
        self,
        *,
        count_range: CountRange = _DEFAULT.count_range,
        scr_range: Range | None = _DEFAULT.scr_range,
        symmetries: Sequence[int] = _DEFAULT.symmetries,
        guard: int = _DEFAULT.guard,
        halo: int = _DEFAULT.halo,
        max_stretch: float = _DEFAULT.max_stretch,
        p: float = 0.5,
        seed: int | None = None,
    ) -> None:
        super().__init__(p, seed)
        self.settings: MatchedPaste = build_settings(
            MatchedPaste,
            count_range=count_range,
            scr_range=scr_range,
            symmetries=symmetries,
            guard=guard,
            halo=halo,
            max_stretch=max_stretch,
        )

    def _choose(self, scene: Scene, rng: np.random.Generator) -> Drawn:
        return draw_paste(self.settings, scene.image, scene.mask, rng)

    def _change(self, image: Image, mask: Mask, params: Parameters) -> tuple[Image, Mask]:
        return apply_paste(image, mask, params)

    def _moved(self, scene: Scene, params: Parameters) -> list[Motion]:
        labels, targets = label_targets(scene.mask)
        motions = []
        for pasted in params["pasted"]:
            target = targets[pasted["target"]]
            # The place is that of the stamp, whose halo no annotation has.
            halo = stamp_halo(target, scene.shape, params["halo"])
            window = PatchWindow(target.top, target.left, target.height, target.width)
            top, left = (edge + halo for edge in pasted["place"])
            own = labels[window.slices] == target.label
            motions.append(Motion(window, top, left, pasted["symmetry"], own))
        return motions

    def _document(self) -> dict[str, Any]:
        return plain_values(self.settings)
