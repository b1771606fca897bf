"""Several transforms as one: all in their order, or one of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from sirst5k.errors import ParameterError
from sirst5k.sample import Image, Mask
from sirst5k.transforms.checking import check_whole
from sirst5k.transforms.drawn import Drawn, Parameters, nothing, op_of
from sirst5k.transforms.motions import Motion, move_plane
from sirst5k.transforms.scene import Scene
from sirst5k.transforms.transform import Transform


class _Group(Transform):
    """What `Compose` and `OneOf` share."""

    def __init__(self, transforms: Iterable[Transform], p: float, seed: int | None) -> None:
        super().__init__(p, seed)
        self.transforms = tuple(transforms)
        for part in self.transforms:
            if not isinstance(part, Transform):
                raise ParameterError(
                    f"{self.name}: expected transforms of sirst5k.transforms, got "
                    f"{type(part).__name__}."
                )

    def prepare(self, image: Image) -> None:
        """Prepare every part."""
        for part in self.transforms:
            part.prepare(image)

    def _draw(self, scene: Scene, rng: np.random.Generator, forced: bool = False) -> Drawn:
        # A part looks at the scene that those before it have left.
        return self._run(scene, rng, forced)

    def _document(self) -> dict[str, Any]:
        return {"transforms": [part.to_dict() for part in self.transforms]}


class Compose(_Group):
    """Apply transforms one after the other.

    Parameters
    ----------
    transforms : iterable of Transform
    p : float
        Probability that any of them is tried; each has its own `p` beside.
    seed : int, optional
        See `Transform`; those of the parts play no role.

    Examples
    --------
    >>> from sirst5k.transforms import ClutterDecoys, NegativeRotation
    >>> change = Compose([NegativeRotation(), ClutterDecoys(p=0.2)], seed=7)
    >>> image = np.zeros((64, 64), np.uint8)
    >>> sorted(change.draw(image, image > 0, key="first"))
    ['op', 'parts']
    """

    name = "Compose"

    def __init__(
        self, transforms: Iterable[Transform], *, p: float = 1.0, seed: int | None = None
    ) -> None:
        super().__init__(transforms, p, seed)

    def _run(self, scene: Scene, rng: np.random.Generator, forced: bool = False) -> Drawn:
        if not forced and rng.random() >= self.p:
            return nothing()
        return {"op": "sequence", "parts": [part._run(scene, rng) for part in self.transforms]}

    def _apply(self, scene: Scene, params: Parameters) -> None:
        for part, drawn in self._paired(params):
            part._apply(scene, drawn)

    def _motions(self, mask: Mask, params: Parameters) -> list[Motion]:
        motions: list[Motion] = []
        for part, drawn in self._paired(params):
            now = part._motions(mask, drawn)
            mask = move_plane(mask, now)
            motions += now
        return motions

    def _paired(self, params: Parameters) -> list[tuple[Transform, Drawn]]:
        if op_of(params) == "nothing":
            return []
        parts = params.get("parts") if params["op"] == "sequence" else None
        if not isinstance(parts, list | tuple) or len(parts) != len(self.transforms):
            raise ParameterError(
                f"params: expected a sequence of {len(self.transforms)} parts, got "
                f"{params!r:.80}. Use the transform that drew them."
            )
        return list(zip(self.transforms, parts, strict=True))


class OneOf(_Group):
    """Apply one of several transforms.

    Parameters
    ----------
    transforms : iterable of Transform
        Their `p` are the weights of the choice; the chosen one is applied for certain.
    p : float
        Probability that any is applied.
    seed : int, optional
        See `Transform`; those of the parts play no role.

    Examples
    --------
    >>> from sirst5k.transforms import ClutterDecoys, NegativeRotation
    >>> change = OneOf([NegativeRotation(p=1.0), ClutterDecoys(p=0.0)])
    >>> image = np.zeros((64, 64), np.uint8)
    >>> change.draw(image, image > 0)["index"]
    0
    """

    name = "OneOf"

    def __init__(
        self, transforms: Iterable[Transform], *, p: float = 1.0, seed: int | None = None
    ) -> None:
        super().__init__(transforms, p, seed)
        weights = np.array([part.p for part in self.transforms])
        if not weights.sum() > 0:
            raise ParameterError("OneOf: expected at least one transform with p > 0, got none.")
        self._bounds = np.cumsum(weights / weights.sum())

    def _run(self, scene: Scene, rng: np.random.Generator, forced: bool = False) -> Drawn:
        if not forced and rng.random() >= self.p:
            return nothing()
        # Rounding may leave the last bound a little below 1; nothing that weighs 0 is chosen.
        index = int(np.searchsorted(self._bounds, rng.random() * self._bounds[-1], side="right"))
        part = self.transforms[index]._run(scene, rng, forced=True)
        return {"op": "choice", "index": index, "part": part}

    def _apply(self, scene: Scene, params: Parameters) -> None:
        chosen = self._chosen(params)
        if chosen is not None:
            chosen[0]._apply(scene, chosen[1])

    def _motions(self, mask: Mask, params: Parameters) -> list[Motion]:
        chosen = self._chosen(params)
        return [] if chosen is None else chosen[0]._motions(mask, chosen[1])

    def _chosen(self, params: Parameters) -> tuple[Transform, Drawn] | None:
        if op_of(params) == "nothing":
            return None
        if params["op"] != "choice":
            raise ParameterError(f"params: expected a choice of {self.name}, got {params!r:.80}.")
        index = check_whole(params.get("index"), "params.index")
        if index >= len(self.transforms):
            raise ParameterError(
                f"params: expected a choice of {len(self.transforms)} transforms, got the one of "
                f"index {index}. Use the transform that drew them."
            )
        return self.transforms[index], params["part"]
