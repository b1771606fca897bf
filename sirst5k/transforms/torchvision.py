"""The transforms as `torchvision.transforms.v2.Transform`s, for torchvision 0.19 and later.

Needs torchvision. Constructors take what the array versions take, without the seed: what is
drawn follows torch's generator, ``torch.manual_seed`` and the seeds of DataLoader workers.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sirst5k import transforms as arrays
from sirst5k.errors import ShapeError
from sirst5k.optional import require
from sirst5k.synthesis import Recipe
from sirst5k.transforms.banks import BankLike
from sirst5k.transforms.host_planes import grey_plane, host_signature, union
from sirst5k.transforms.host_rows import move_format

_HOST = ("sirst5k.transforms.torchvision", "torchvision")
require("torchvision", *_HOST)
torch = require("torch", *_HOST)
v2 = require("torchvision.transforms.v2", *_HOST)
tv_tensors = require("torchvision.tv_tensors", *_HOST)
_Transform: Any = v2.Transform

__all__ = [
    "ClutterDecoys",
    "HostedTransform",
    "NegativeRotation",
    "NoiseDisplacement",
    "TargetPaste",
    "from_recipe",
]

Tensor = Any


class HostedTransform(_Transform):
    """Any transform on arrays, as torchvision calls one.

    Takes what v2 takes: tensors, and nested lists, tuples and dicts of them.

    - ``Image``, or a plain tensor if there is no ``Image``: ``(H, W)``, ``(1, H, W)``,
      ``(3, H, W)`` of equal channels, or a batch ``(B, C, H, W)``, each of its images with a
      draw of its own; uint8, uint16 or float with white at 1.
    - ``Mask``: ``(H, W)`` or ``(N, H, W)``, targets above 0; ``(B, H, W)`` or
      ``(B, N, H, W)`` beside a batch.
    - ``BoundingBoxes``: XYXY, XYWH or CXCYWH; not beside a batch.

    Dtype, device and kind of what comes in come back. Work is done on the CPU; for batches
    on a device there is `sirst5k.transforms.torch`.

    Parameters
    ----------
    transform : sirst5k.transforms.Transform
    """

    def __init__(self, transform: arrays.Transform) -> None:
        super().__init__()
        self.operation = transform

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw for every image of the inputs.

        Returns
        -------
        dict
            ``drawn``: of each image of a batch, or of the one image, the small dict of
            `sirst5k.transforms.Transform.draw`; ``masks`` and ``motions`` follow from it
            and from the inputs, and are what `transform` goes by.
        """
        images = [part for part in flat_inputs if _kind(part) == "image"]
        if not images:
            raise ShapeError(f"{self.operation.name}: expected an image, got none.")
        _check_alike(images)
        planes = _planes(images[0])
        masks = self._masks([part for part in flat_inputs if _kind(part) == "mask"], images[0])
        drawn = []
        for plane, mask in zip(planes, masks, strict=True):
            seed = int(torch.randint(2**63 - 1, ()))
            drawn.append(self.operation.draw(plane, mask, np.random.default_rng(seed)))
        pairs = zip(masks, drawn, strict=True)
        motions = [self.operation.motions(mask, part) for mask, part in pairs]
        return {"drawn": drawn, "masks": masks, "motions": motions}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Apply what was drawn to one of the inputs."""
        kind = _kind(inpt)
        if kind == "image":
            return _like(self._changed(inpt, params), inpt)
        if kind == "mask":
            return _like(_moved_masks(inpt, params["motions"]), inpt)
        if len(params["motions"]) != 1 or inpt.ndim != 2:
            raise ShapeError(
                f"{self.operation.name}: expected boxes (N, 4) beside one image, got "
                f"{tuple(inpt.shape)} beside {len(params['motions'])}. Call it before images "
                f"are put into batches."
            )
        return _like(_moved_boxes(inpt, params["motions"][0]), inpt)

    # The names that these two had before torchvision 0.21.
    def _get_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return self.make_params(flat_inputs)

    def _transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self.transform(inpt, params)

    def extra_repr(self) -> str:
        """Return what `print` shows between brackets."""
        return repr(self.operation)

    def _masks(self, masks: list[Tensor], image: Tensor) -> list[NDArray[np.bool_]]:
        """Return where each image has targets; every mask counts."""
        shape = tuple(image.shape[-2:])
        count = len(image) if image.ndim == 4 else 1
        if not masks and not isinstance(self.operation, arrays.NoiseDisplacement):
            raise ShapeError(
                f"{self.operation.name}: expected a tv_tensors.Mask beside the image, to know "
                f"where its targets are, got none."
            )
        found = []
        for mask in masks:
            fits = mask.ndim in ((2, 3) if image.ndim < 4 else (3, 4))
            if not fits or tuple(mask.shape[-2:]) != shape or count not in (1, len(mask)):
                raise ShapeError(
                    f"mask: expected one of the image's shape {tuple(image.shape)}, with any "
                    f"number of masks in place of channels, got {tuple(mask.shape)}."
                )
            found.append(_array(mask).reshape(count, -1, *shape))
        return [union([p for part in found for p in part[k]], shape) for k in range(count)]

    def _changed(self, image: Tensor, params: dict[str, Any]) -> Tensor:
        steps = zip(_planes(image), params["masks"], params["drawn"], strict=True)
        changed = [self.operation.apply(plane, mask, drawn)[0] for plane, mask, drawn in steps]
        whole = torch.from_numpy(np.stack(changed))
        if image.ndim < 4:
            return whole[0].expand(image.shape).contiguous()
        return whole[:, None].expand(image.shape).contiguous()


class _Named(HostedTransform):
    """A transform that is constructed as its array version is."""

    kind: ClassVar[type[Any]]

    def begin(self, *args: Any, **values: Any) -> None:
        """Make the array version, and become a module."""
        HostedTransform.__init__(self, self.kind(*args, **values))


def _constructor(kind: type[arrays.Transform]) -> Callable[..., None]:
    signature = host_signature(kind)

    def construct(self: Any, *args: Any, **values: Any) -> None:
        bound = signature.bind(self, *args, **values)
        self.begin(*bound.args[1:], **bound.kwargs)

    construct.__signature__ = signature  # type: ignore[attr-defined]
    return construct


class NoiseDisplacement(_Named):
    """`sirst5k.transforms.NoiseDisplacement` in torchvision; masks and boxes stay.

    The only one that can do without a mask.
    """

    kind = arrays.NoiseDisplacement
    __init__ = _constructor(kind)


class NegativeRotation(_Named):
    """`sirst5k.transforms.NegativeRotation` in torchvision."""

    kind = arrays.NegativeRotation
    __init__ = _constructor(kind)


class TargetPaste(_Named):
    """`sirst5k.transforms.TargetPaste` in torchvision.

    Copies of boxes come behind the others; labels beside them, which v2 knows nothing of, do
    not.
    """

    kind = arrays.TargetPaste
    __init__ = _constructor(kind)


class ClutterDecoys(_Named):
    """`sirst5k.transforms.ClutterDecoys` in torchvision; masks and boxes stay."""

    kind = arrays.ClutterDecoys
    __init__ = _constructor(kind)


def from_recipe(
    recipe: Recipe | str | Path, bank: BankLike | None = None, *, canvas: int = 4, p: float = 1.0
) -> Any:
    """Return the operations of a recipe as a `v2.Compose`, or a `v2.RandomApply` if p < 1.

    See `sirst5k.transforms.from_recipe` for the parameters.
    """
    whole = arrays.from_recipe(recipe, bank, canvas=canvas, p=p)
    parts = [HostedTransform(part) for part in whole.transforms]
    return v2.Compose(parts) if whole.p == 1 else v2.RandomApply(parts, p=whole.p)


def _kind(part: Any) -> str:
    """Return what v2 takes an input for."""
    if isinstance(part, tv_tensors.Mask):
        return "mask"
    if isinstance(part, tv_tensors.BoundingBoxes):
        return "boxes"
    plain = isinstance(part, torch.Tensor) and not isinstance(part, tv_tensors.TVTensor)
    if plain or isinstance(part, tv_tensors.Image):
        return "image"
    raise ShapeError(
        f"Expected tensors, or Image, Mask and BoundingBoxes of tv_tensors, got "
        f"{type(part).__name__}. Pictures of PIL become one by v2.ToImage()."
    )


def _check_alike(images: list[Tensor]) -> None:
    first = images[0]
    if not 2 <= first.ndim <= 4:
        raise ShapeError(
            f"image: expected (H, W), (C, H, W) or (B, C, H, W), got {tuple(first.shape)}."
        )
    for image in images[1:]:
        sizes = image.shape[-2:] == first.shape[-2:] and image.shape[:-3] == first.shape[:-3]
        if image.dtype != first.dtype or not sizes:
            raise ShapeError(
                f"Expected images of one dtype and size, got {first.dtype} of "
                f"{tuple(first.shape)} and {image.dtype} of {tuple(image.shape)}."
            )


def _array(tensor: Tensor) -> NDArray[Any]:
    """Return a tensor's values on the CPU; any float becomes float32, as images have."""
    plain = tensor.as_subclass(torch.Tensor).detach().cpu()
    array: NDArray[Any] = (plain.float() if plain.is_floating_point() else plain).numpy()
    return array


def _planes(image: Tensor) -> list[NDArray[Any]]:
    """Return the grey image of each in a batch, or of the one."""
    array = _array(image)
    batch = array if array.ndim == 4 else [array]
    return [grey_plane(part, 0) for part in batch]


def _moved_masks(mask: Tensor, motions: list[list[arrays.Motion]]) -> Tensor:
    if not any(motions):
        return mask.as_subclass(torch.Tensor).clone()
    planes = _array(mask).reshape(len(motions), -1, *mask.shape[-2:])
    moved = [
        arrays.move_plane(plane, now)
        for group, now in zip(planes, motions, strict=True)
        for plane in group
    ]
    return torch.from_numpy(np.stack(moved).reshape(mask.shape))


def _moved_boxes(boxes: Tensor, motions: list[arrays.Motion]) -> Tensor:
    rows = boxes.as_subclass(torch.Tensor).detach().cpu().double().numpy()
    return torch.from_numpy(move_format(rows, motions, boxes.format.name))


def _like(tensor: Tensor, like: Tensor) -> Tensor:
    """Return a tensor in the dtype, on the device and of the kind of another."""
    back = tensor.to(device=like.device, dtype=like.dtype)
    return tv_tensors.wrap(back, like=like) if isinstance(like, tv_tensors.TVTensor) else back
