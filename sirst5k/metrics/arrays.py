"""What callers hand in, as checked NumPy arrays: batches of scores, masks and images."""

from __future__ import annotations

from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError, ShapeError

Inputs = Literal["logits", "prob"]

Scores2D = NDArray[np.floating[Any]]
"""``(H, W)`` float32 or float64, contiguous."""


def to_numpy(values: Any) -> NDArray[Any]:
    """Return an array, or a tensor on any device, as a NumPy array.

    Tensors are recognised by what they can do, so that torch need not be installed.
    """
    if hasattr(values, "detach"):
        tensor = values.detach().cpu()
        try:
            return cast(NDArray[Any], tensor.numpy())
        except TypeError:  # bfloat16, which NumPy does not know
            return cast(NDArray[Any], tensor.float().numpy())
    return np.asarray(values)


def as_batch(values: Any, what: str) -> NDArray[Any]:
    """Return ``(B, 1, H, W)``, ``(B, H, W)`` or ``(H, W)`` as ``(B, H, W)``.

    Parameters
    ----------
    values : array or tensor
    what : str
        What it is, for the error sentence: ``"scores"``.

    Raises
    ------
    ShapeError
        If it has another number of axes, several channels, or no pixels.
    """
    array = to_numpy(values)
    shape = array.shape
    if array.ndim == 4 and shape[1] == 1:
        array = array[:, 0]
    elif array.ndim == 2:
        array = array[np.newaxis]
    elif array.ndim != 3:
        raise ShapeError(
            f"Expected {what} of shape (B, 1, H, W), (B, H, W) or (H, W), got {shape}. "
            "Pass one channel of scores for each image."
        )
    if array.shape[1] == 0 or array.shape[2] == 0:
        raise ShapeError(f"Expected {what} with pixels, got shape {shape}.")
    return array


def check_same(first: NDArray[Any], second: NDArray[Any], names: tuple[str, str]) -> None:
    """Raise `ShapeError` unless two ``(B, H, W)`` batches have one shape."""
    if first.shape != second.shape:
        raise ShapeError(
            f"Expected {names[0]} and {names[1]} of one shape (B, H, W), got {first.shape} and "
            f"{second.shape}. Score the images at the size of their masks."
        )


def check_inputs(inputs: str) -> Inputs:
    """Return `inputs` if it names a scale of scores, else raise `ParameterError`."""
    if inputs not in ("logits", "prob"):
        raise ParameterError(f"Expected inputs 'logits' or 'prob', got {inputs!r}.")
    return cast(Inputs, inputs)


def as_scores(values: NDArray[Any], inputs: Inputs, name: str) -> Scores2D:
    """Return one ``(H, W)`` score map as contiguous float32 or float64, checked.

    Raises
    ------
    ShapeError
        If it is not numeric.
    ParameterError
        If a score is NaN, or a probability outside 0…1.
    """
    if values.dtype.kind not in "biuf":
        raise ShapeError(f"{name}: expected scores as real numbers, got {values.dtype}.")
    kind: type[np.floating[Any]] = np.float64 if values.dtype.itemsize > 4 else np.float32
    scores: Scores2D = np.ascontiguousarray(values, dtype=kind)
    least, most = scores.min(), scores.max()
    if np.isnan(least) or np.isnan(most):
        raise ParameterError(
            f"{name}: expected finite scores, got NaN in {int(np.isnan(scores).sum())} of "
            f"{scores.size} pixels. Look for a division by zero or a diverged network."
        )
    if inputs == "prob" and (least < 0 or most > 1):
        raise ParameterError(
            f"{name}: expected probabilities in 0…1, got {least:g} to {most:g}. "
            "Say inputs='logits' for raw network outputs, or divide grey levels by 255 or 65535."
        )
    return scores


def as_binary(values: Any, what: str) -> NDArray[np.bool_]:
    """Return a batch of binary maps as ``(B, H, W)`` bool.

    Bool, or numbers that are all 0 or 1, or all 0 or 255, are binary.

    Raises
    ------
    ShapeError
        If the shape is not that of a batch, or a value is neither off nor on.
    """
    array = as_batch(values, what)
    if array.dtype == np.bool_:
        return array
    if array.dtype.kind not in "iuf":
        raise ShapeError(f"Expected {what} as bool or numbers, got {array.dtype}.")
    lit = array != 0
    on = array[lit]
    if on.size and not ((on == 1).all() or (on == 255).all()):
        odd = on[(on != 1) & (on != 255)]
        raise ShapeError(
            f"Expected binary {what}, all 0 and 1 or all 0 and 255, got values such as "
            f"{(odd if odd.size else on)[0]:g}. Threshold them first: {what} > 0.5."
        )
    return np.asarray(lit)
