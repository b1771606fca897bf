"""A transform that is one operation, as the synthesis knows it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import fields
from typing import Any, ClassVar

import numpy as np

from sirst5k.errors import ParameterError, Sirst5kError
from sirst5k.sample import Image, Mask, full_scale
from sirst5k.synthesis.document import from_document
from sirst5k.transforms.drawn import Drawn, Parameters, nothing, op_of
from sirst5k.transforms.motions import Motion
from sirst5k.transforms.scene import Scene
from sirst5k.transforms.transform import Transform


class Operation(Transform):
    """One operation: it draws concrete parameters, and has them applied by a kernel."""

    op: ClassVar[str]

    def _draw(self, scene: Scene, rng: np.random.Generator, forced: bool = False) -> Drawn:
        if not forced and rng.random() >= self.p:
            return nothing()
        return self._choose(scene, rng)

    def _run(self, scene: Scene, rng: np.random.Generator, forced: bool = False) -> Drawn:
        drawn = self._draw(scene, rng, forced)
        if drawn["op"] != "nothing":
            self._perform(scene, drawn)
        return drawn

    def _apply(self, scene: Scene, params: Parameters) -> None:
        if self._concerns(params):
            with _Fitting(scene.shape):
                self._perform(scene, params)

    def _motions(self, mask: Mask, params: Parameters) -> list[Motion]:
        if not self._concerns(params):
            return []
        with _Fitting(mask.shape):
            return self._moved(Scene(np.zeros(mask.shape, np.uint8), mask), params)

    def _concerns(self, params: Parameters) -> bool:
        op = op_of(params)
        if op not in (self.op, "nothing"):
            raise ParameterError(
                f"params: expected those of {self.name} (op {self.op!r}), got op {op!r}."
            )
        return op != "nothing"

    def _perform(self, scene: Scene, params: Parameters) -> None:
        motions = self._moved(scene, params) if scene.carries else []
        others = []
        for other in scene.images:
            ratio = full_scale(other.dtype) / full_scale(scene.image.dtype)
            others.append(self._change(other, scene.mask, self._scaled(params, ratio))[0])
        image, mask = self._change(scene.image, scene.mask, params)
        scene.replace(image, mask, others)
        if motions:
            scene.move(motions)

    @abstractmethod
    def _choose(self, scene: Scene, rng: np.random.Generator) -> Drawn:
        """Draw the concrete parameters; the scene stays as it is."""

    @abstractmethod
    def _change(self, image: Image, mask: Mask, params: Parameters) -> tuple[Image, Mask]:
        """Return image and mask as drawn parameters change them, as new arrays."""

    def _scaled(self, params: Parameters, ratio: float) -> Parameters:  # noqa: ARG002
        """Return the parameters for an image with so many times the grey levels."""
        return params

    def _moved(self, scene: Scene, params: Parameters) -> list[Motion]:  # noqa: ARG002
        """Return how the parameters move what lies on the scene, as it is before."""
        return []


def build_settings(kind: type[Any], **values: Any) -> Any:
    """Make a dataclass of an operation's parameters, each checked; numpy's numbers are taken."""
    plain = {key: _plain(value) for key, value in values.items()}
    return from_document(kind, plain, {})


def plain_values(settings: Any) -> dict[str, Any]:
    """Return an operation's parameters as JSON and YAML have them."""
    return {item.name: _plain(getattr(settings, item.name)) for item in fields(settings)}


def keep_to_defaults(method: str, owner: str, given: dict[str, Any], defaults: object) -> None:
    """Raise `ParameterError` if a parameter of another method is not at its default."""
    for key, value in given.items():
        if _plain(value) != _plain(getattr(defaults, key)):
            raise ParameterError(f"{key}: belongs to method {owner!r}, not to {method!r}.")


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return [_plain(part) for part in value] if isinstance(value, list | tuple | range) else value


class _Fitting:
    """Turns what goes wrong with foreign parameters into a sentence."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: object, _: object) -> None:
        if (
            kind is None
            or issubclass(kind, Sirst5kError)
            or not issubclass(kind, KeyError | IndexError | TypeError | ValueError)
        ):
            return
        raise ParameterError(
            f"params: they do not fit an image of {self.shape[0]}×{self.shape[1]} ({error!r}). "
            f"Draw them for this image and mask."
        )
