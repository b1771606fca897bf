"""What the transforms of other hosts share: constructors, and images and masks as planes."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ShapeError
from sirst5k.sample import Mask
from sirst5k.transforms.checking import as_mask, check_plane
from sirst5k.transforms.motions import Motion, move_plane
from sirst5k.transforms.transform import Transform


def host_signature(kind: type[Transform]) -> inspect.Signature:
    """Return an array transform's signature with ``self``, and without the seed.

    Hosts have random generators of their own.
    """
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    taken = inspect.signature(kind).parameters.values()
    return inspect.Signature([own, *(part for part in taken if part.name != "seed")])


def grey_plane(channels: NDArray[Any], axis: int, name: str = "image") -> NDArray[Any]:
    """Return the grey image of which all channels are a copy.

    Parameters
    ----------
    channels : (H, W), or with an axis of channels
        Two channels that differ are refused: noise of one grey sensor has no colour.
    axis : int
        Which one counts channels if there are three.
    name : str
        What messages call it.

    Raises
    ------
    ShapeError
        If it has another number of axes, or channels that differ.
    """
    if channels.ndim == 2:
        return channels
    if channels.ndim != 3 or channels.shape[axis] == 0:
        raise ShapeError(
            f"{name}: expected one grey image, or one with an axis of channels, got the shape "
            f"{channels.shape}."
        )
    planes = np.moveaxis(channels, axis, 0)
    for plane in planes[1:]:
        if not np.array_equal(plane, planes[0]):
            raise ShapeError(
                f"{name}: expected channels that are copies of one grey image, got "
                f"{len(planes)} that differ. Put this transform before those that change single "
                f"channels (normalisation, colour), or hand in one channel."
            )
    return np.ascontiguousarray(planes[0])


def union(planes: list[NDArray[Any]], shape: tuple[int, ...], name: str = "mask") -> Mask:
    """Return where any of several masks has a target; checks each, see `check_plane`."""
    merged: Mask = np.zeros(shape, dtype=bool)
    for plane in planes:
        merged |= as_mask(check_plane(plane, shape, name))
    return merged


def mask_planes(mask: NDArray[Any]) -> list[NDArray[Any]]:
    """Return the planes of a mask ``(H, W)`` or ``(H, W, C)``."""
    if mask.ndim not in (2, 3):
        raise ShapeError(f"mask: expected (H, W) or (H, W, C), got {mask.shape}.")
    return [mask] if mask.ndim == 2 else [mask[:, :, k] for k in range(mask.shape[2])]


def move_mask(mask: NDArray[Any], motions: list[Motion]) -> NDArray[Any]:
    """Move the values of a mask ``(H, W)`` or ``(H, W, C)``."""
    moved = [move_plane(plane, motions) for plane in mask_planes(mask)]
    return moved[0] if mask.ndim == 2 else np.stack(moved, axis=2)


def with_channels(plane: NDArray[Any], like: NDArray[Any]) -> NDArray[Any]:
    """Return a grey plane as ``(H, W)`` or with as many channels behind as another image has."""
    return plane if like.ndim == 2 else np.repeat(plane[:, :, None], like.shape[2], axis=2)


def grouped(parts: list[NDArray[Any]], like: Any) -> Any:
    """Return arrays in one array if others came so, or as a list."""
    return np.stack(parts) if isinstance(like, np.ndarray) and parts else parts
