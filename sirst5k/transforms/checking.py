"""What a transform accepts: arrays that belong together, and numbers that mean something."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError, ShapeError, suggest
from sirst5k.sample import IMAGE_DTYPES, Image, Mask, Sample

Plane = NDArray[Any]
"""``(H, W)`` array of any numbers that lie on the scene as its mask does."""


def check_image(image: object, shape: tuple[int, ...] | None = None, name: str = "image") -> Image:
    """Return an image that can be worked on, or raise a sentence.

    Raises
    ------
    ShapeError
        If it is not a grey numpy array of ``uint8``, ``uint16`` or ``float32``, has no
        pixel, or not the shape that it should have.
    ParameterError
        If it holds NaN or infinity.
    """
    array = _array(image, name)
    if array.ndim != 2 or array.dtype not in IMAGE_DTYPES or array.size == 0:
        raise ShapeError(
            f"{name}: expected a grey image (H, W) of uint8, uint16 or float32, got "
            f"{array.shape} of {array.dtype}. Take one channel, and cast it without losing depth."
        )
    if shape is not None and array.shape != shape:
        raise ShapeError(f"{name}: expected the image's shape (H, W) = {shape}, got {array.shape}.")
    # Minimum and maximum are NaN if any level is.
    if array.dtype.kind == "f" and not math.isfinite(float(array.max()) - float(array.min())):
        raise ParameterError(
            f"{name}: expected finite grey levels, got NaN or infinity. Replace them first: "
            f"numpy.nan_to_num(image)."
        )
    return array


def check_plane(plane: object, shape: tuple[int, ...], name: str = "mask") -> Plane:
    """Return a mask of any numeric dtype that fits the image, or raise a sentence.

    Raises
    ------
    ShapeError
        If it is no numpy array of numbers of the image's shape.
    ParameterError
        If it holds NaN, infinity or a negative number.
    """
    array = _array(plane, name)
    if array.shape != shape:
        raise ShapeError(
            f"{name}: expected a mask of the image's shape (H, W) = {shape}, got {array.shape}."
        )
    if array.dtype == np.bool_:
        return array
    if array.dtype.kind not in "uif":
        raise ShapeError(f"{name}: expected a mask of bool or numbers, got {array.dtype}.")
    if array.dtype.kind != "u":
        low, high = float(array.min()), float(array.max())
        if not low >= 0 or not math.isfinite(high):
            raise ParameterError(
                f"{name}: expected 0 on background and numbers above it on targets, got values "
                f"from {low:g} to {high:g}."
            )
    return array


def as_mask(plane: Plane) -> Mask:
    """Return where a mask of any numeric dtype has targets."""
    return plane if plane.dtype == np.bool_ else plane > 0


def check_rows(rows: object, least: int, name: str) -> NDArray[Any]:
    """Return boxes or points as an array ``(N, least or more)``; further columns are carried.

    Raises
    ------
    ShapeError
        If they are not rows of at least so many numbers.
    ParameterError
        If a coordinate is NaN or infinite.
    """
    array = np.asarray(rows)
    if array.size == 0 and array.ndim < 2:
        return np.zeros((0, least))
    if array.ndim != 2 or array.shape[1] < least or array.dtype.kind not in "uif":
        raise ShapeError(
            f"{name}: expected numbers of shape (N, {least}), or with further columns, got "
            f"{array.shape} of {array.dtype}."
        )
    if not np.isfinite(array[:, :least]).all():
        raise ParameterError(f"{name}: expected finite coordinates, got NaN or infinity.")
    # Unsigned differences would wrap.
    return array.astype(np.int64) if array.dtype.kind == "u" else array


def check_boxes(boxes: object) -> NDArray[Any]:
    """Return boxes ``(N, 4 or more)``, x1 <= x2 and y1 <= y2 in each; see `check_rows`."""
    array = check_rows(boxes, 4, "boxes")
    if (array[:, 0] > array[:, 2]).any() or (array[:, 1] > array[:, 3]).any():
        raise ParameterError(
            "boxes: expected rows of x1, y1, x2, y2 with x1 <= x2 and y1 <= y2, got the reverse. "
            "Boxes of x, y, width, height are to be converted."
        )
    return array


def check_probability(p: object, name: str = "p") -> float:
    """Return a probability, or raise `ParameterError`."""
    if isinstance(p, bool) or not isinstance(p, int | float | np.number) or not 0 <= p <= 1:
        raise ParameterError(f"{name}: expected a probability in [0, 1], got {p!r}.")
    return float(p)


def check_whole(value: object, name: str, least: int = 0) -> int:
    """Return a whole number of at least so much, or raise `ParameterError`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ParameterError(f"{name}: expected a whole number >= {least}, got {value!r}.")
    return int(value)


def check_choice(value: object, known: Iterable[str], name: str) -> str:
    """Return one of some names, or raise `ParameterError`."""
    if not isinstance(value, str) or value not in known:
        raise ParameterError(f"{name}: no such choice {value!r}.{suggest(str(value), known)}")
    return value


def named(group: object, name: str) -> dict[str, Any]:
    """Return a mapping or sequence of arrays by what each is to be called in messages."""
    if isinstance(group, Mapping):
        return {f"{name}[{key!r}]": part for key, part in group.items()}
    if isinstance(group, Sequence) and not isinstance(group, str):
        return {f"{name}[{place}]": part for place, part in enumerate(group)}
    raise ShapeError(f"{name}: expected a mapping or a list of arrays, got {type(group).__name__}.")


def _array(value: object, name: str) -> NDArray[Any]:
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, Sample):
        raise ShapeError(f"{name}: expected an array, got a Sample. Call the transform: t(sample).")
    raise ShapeError(
        f"{name}: expected a numpy array, got {type(value).__name__}. For tensors there is "
        f"sirst5k.transforms.torch."
    )
