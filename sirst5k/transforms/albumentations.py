"""The transforms as `albumentations.DualTransform`s, for albumentations 2.0.8.

Needs albumentations. Constructors take what the array versions take, without the seed, which
is the host's: ``A.Compose([...], seed=0)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sirst5k import transforms as arrays
from sirst5k.errors import ShapeError
from sirst5k.optional import require
from sirst5k.sample import Mask
from sirst5k.synthesis import Recipe
from sirst5k.transforms.banks import BankLike
from sirst5k.transforms.host_banks import find_bank
from sirst5k.transforms.host_planes import (
    grey_plane,
    grouped,
    host_signature,
    mask_planes,
    move_mask,
    union,
    with_channels,
)
from sirst5k.transforms.host_rows import move_keypoints, move_shares

_HOST = ("sirst5k.transforms.albumentations", "albumentations")
A = require("albumentations", *_HOST)
_create_model = require("pydantic", *_HOST).create_model
_Targets = require("albumentations.core.type_definitions", *_HOST).Targets
_DualTransform: Any = A.DualTransform
_InitSchema: Any = A.BasicTransform.InitSchema

__all__ = ["ClutterDecoys", "NegativeRotation", "NoiseDisplacement", "TargetPaste", "from_recipe"]

_KINDS = ("image", "images", "mask", "masks", "bboxes", "keypoints")
_VOLUMES = ("volume", "volumes", "mask3d", "masks3d")


class _Schema(_InitSchema):
    """Lets every value through: the array version checks, and says a sentence."""

    p: Any

    def model_dump(self, **_: Any) -> dict[str, Any]:
        """Return the values as they are; a bank must not become a dict."""
        return dict(self)


def _schema(kind: type[arrays.Transform]) -> Any:
    values: dict[str, Any] = {}
    for name, part in host_signature(kind).parameters.items():
        if name != "self":
            values[name] = (Any, ... if part.default is part.empty else part.default)
    return _create_model("InitSchema", __base__=_Schema, **values)


def _constructor(kind: type[arrays.Transform]) -> Callable[..., None]:
    def construct(self: Any, **values: Any) -> None:
        self.begin(values)

    construct.__signature__ = host_signature(kind)  # type: ignore[attr-defined]
    return construct


class Adapter(_DualTransform):
    """A transform on arrays, as albumentations calls one.

    What was drawn is in the host's parameters as ``drawn``: the small dict of
    `sirst5k.transforms.Transform.draw`.
    """

    kind: ClassVar[type[Any]]
    needs_mask: ClassVar[bool] = True
    _targets = (_Targets.IMAGE, _Targets.MASK, _Targets.BBOXES, _Targets.KEYPOINTS)

    def begin(self, values: dict[str, Any]) -> None:
        """Make the array version of checked or unchecked constructor values."""
        if "bank" in values:
            self._bank_document, values["bank"] = find_bank(values["bank"])
        operation = self.kind(**values)
        _DualTransform.__init__(self, p=operation.p)
        operation.p = 1.0  # the host draws whether to call
        self.operation = operation

    @property
    def targets(self) -> dict[str, Any]:
        """What can be handed in, by the host's names."""
        return {key: call for key, call in super().targets.items() if key in _KINDS}

    def get_transform_init_args(self) -> dict[str, Any]:
        """Return the constructor's values as JSON has them."""
        document: dict[str, Any] = self.operation.to_dict()
        del document["transform"], document["seed"]
        if "bank" in document:
            document["bank"] = self._bank_document
        return {**document, "p": self.p}

    def get_params_dependent_on_data(
        self,
        params: dict[str, Any],  # noqa: ARG002
        data: dict[str, Any],
    ) -> dict[str, Any]:
        """Draw for an image and its mask from the host's generator."""
        by_kind = self._by_kind(data)
        image = self._images(by_kind)[0]
        mask = self._mask(by_kind, image.shape)
        return {"drawn": self.operation.draw(image, mask, self.random_generator)}

    def apply_with_params(self, params: dict[str, Any], *_: Any, **data: Any) -> dict[str, Any]:
        """Apply what was drawn to all that was handed in, which the host does one by one."""
        by_kind = self._by_kind(data)
        images = self._images(by_kind)
        mask = self._mask(by_kind, images[0].shape)
        drawn = params["drawn"]
        changed = self.operation.apply(images[0], mask, drawn, images=images[1:])
        motions = self.operation.motions(mask, drawn)
        result = dict(data)
        planes = iter([changed["image"], *changed["images"]])
        for key, image in by_kind["image"].items():
            result[key] = with_channels(next(planes), image)
        for key, group in by_kind["images"].items():
            result[key] = grouped([with_channels(next(planes), image) for image in group], group)
        if not motions:
            return result
        height, width = mask.shape
        for key, plane in by_kind["mask"].items():
            result[key] = move_mask(plane, motions)
        for key, group in by_kind["masks"].items():
            result[key] = grouped([move_mask(plane, motions) for plane in group], group)
        for key, boxes in by_kind["bboxes"].items():
            result[key] = move_shares(np.asarray(boxes), motions, (height, width))
        for key, points in by_kind["keypoints"].items():
            result[key] = move_keypoints(np.asarray(points), motions)
        return result

    def _by_kind(self, data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return what was handed in by what the host understands it as."""
        by_kind: dict[str, dict[str, Any]] = {kind: {} for kind in _KINDS}
        for key, value in data.items():
            kind = self._additional_targets.get(key, key)
            if kind in _VOLUMES:
                raise ShapeError(
                    f"{type(self).__name__}: expected images and masks, got {key}. Hand frames "
                    f"in as images=, which all get the same change."
                )
            if kind in by_kind and value is not None:
                by_kind[kind][key] = value
        return by_kind

    def _images(self, by_kind: Mapping[str, Mapping[str, Any]]) -> list[NDArray[Any]]:
        """Return grey planes, the one to draw for first."""
        found = [grey_plane(image, 2, key) for key, image in by_kind["image"].items()]
        for key, group in by_kind["images"].items():
            found += [grey_plane(image, 2, f"{key}[{k}]") for k, image in enumerate(group)]
        if not found:
            raise ShapeError(f"{type(self).__name__}: expected image=, or images=, got neither.")
        return found

    def _mask(self, by_kind: Mapping[str, Mapping[str, Any]], shape: tuple[int, ...]) -> Mask:
        """Return the targets: of the first mask, or else of all of `masks` together."""
        for mask in by_kind["mask"].values():
            return union(mask_planes(mask), shape)
        planes = [
            plane
            for group in by_kind["masks"].values()
            for mask in group
            for plane in mask_planes(mask)
        ]
        if planes:
            return union(planes, shape, "masks")
        # An empty list of instance masks says that there are none.
        if self.needs_mask and not by_kind["masks"]:
            raise ShapeError(
                f"{type(self).__name__}: expected mask= or masks= beside the image, to know where "
                f"its targets are, got neither."
            )
        return np.zeros(shape, dtype=bool)


class NoiseDisplacement(Adapter):
    """`sirst5k.transforms.NoiseDisplacement` in albumentations; masks, boxes and points stay.

    Of a mask it needs nothing unless `scr_range` is set. A bank that is given as a path, or as
    ``demo``, is written down as such; a `NoiseBank` is found again within one process.
    """

    kind = arrays.NoiseDisplacement
    needs_mask = False
    InitSchema = _schema(kind)
    __init__ = _constructor(kind)


class NegativeRotation(Adapter):
    """`sirst5k.transforms.NegativeRotation` in albumentations."""

    kind = arrays.NegativeRotation
    InitSchema = _schema(kind)
    __init__ = _constructor(kind)


class TargetPaste(Adapter):
    """`sirst5k.transforms.TargetPaste` in albumentations; a pasted target brings its box along."""

    kind = arrays.TargetPaste
    InitSchema = _schema(kind)
    __init__ = _constructor(kind)


class ClutterDecoys(Adapter):
    """`sirst5k.transforms.ClutterDecoys` in albumentations; masks, boxes and points stay."""

    kind = arrays.ClutterDecoys
    InitSchema = _schema(kind)
    __init__ = _constructor(kind)


_ADAPTERS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (NoiseDisplacement, NegativeRotation, TargetPaste, ClutterDecoys)
}


def from_recipe(
    recipe: Recipe | str | Path, bank: BankLike | None = None, *, canvas: int = 4, p: float = 1.0
) -> Any:
    """Return the operations of a recipe as an `albumentations.Sequential`.

    Put it into an `A.Compose`; see `sirst5k.transforms.from_recipe` for the parameters.
    """
    document, opened = (None, None) if bank is None else find_bank(bank)
    whole = arrays.from_recipe(recipe, opened, canvas=canvas, p=p)
    parts = []
    for part in whole.transforms:
        values = part.to_dict()
        name = values.pop("transform")
        del values["seed"]
        if "bank" in values:
            values["bank"] = bank if isinstance(document, dict) else document
        parts.append(_ADAPTERS[name](**values))
    return A.Sequential(parts, p=whole.p)
