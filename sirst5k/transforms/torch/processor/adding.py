"""Noise added to images in memory: one call of OpenCV for each, in the image's own dtype."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sirst5k.transforms.canvas import Canvas
from sirst5k.transforms.torch.processor.compiled import kernels

DTYPES = {torch.uint8: np.uint8, torch.uint16: np.uint16, torch.float32: np.float32}
"""Of images that noise can be added to here."""


def running_sums(canvas: Canvas) -> NDArray[Any]:
    """Return the sums of all that lies above and left of each corner of a canvas' pixels.

    Those of whole codes count on past the end of their 32 or 64 bits: the sum over a window, a
    difference of differences, comes out right all the same.

    Returns
    -------
    (side + 1, side + 1) int32, int64 or float64
    """
    codes = canvas.codes
    kind = {1: np.int32, 2: np.int64, 4: np.float64}[codes.itemsize]
    sums = np.zeros((len(codes) + 1, len(codes) + 1), kind)
    np.cumsum(codes, axis=0, dtype=kind, out=sums[1:, 1:])
    np.cumsum(sums[1:, 1:], axis=1, out=sums[1:, 1:])
    return sums


def add_windows(
    images: Tensor,
    codes: NDArray[Any],
    sums: NDArray[Any],
    place: NDArray[np.int64],
    gain: NDArray[np.float64],
) -> Tensor:
    """Return images with windows of a canvas added, each less its mean.

    What `sirst5k.transforms.canvas.mix_window` returns for one image, to the pixel; the mean
    comes from running sums.

    Parameters
    ----------
    images : (B, C, H, W) or (B, C, T, H, W) uint8 | uint16 | float32
    codes : (side, side) array
        Of the images' dtype.
    sums : (side + 1, side + 1) array
        From `running_sums`.
    place : (B, T, 2) int64
        Rows and columns of windows' first pixels; those of an image's channels are the same.
    gain : (B,) float64
        Factors on the codes; where it is 0 the image stays.
    """
    mixed = torch.empty_like(images, memory_format=torch.contiguous_format)
    tall, wide = images.shape[-2:]
    # One after the other: of every image its channels, of every channel its frames.
    old, new = (part.detach().numpy().reshape(-1, tall, wide) for part in (images, mixed))
    batch, frames = place.shape[:2]
    every = batch, images.shape[1], frames
    offset = window_means(sums, place, (tall, wide)) * -gain[:, None]
    factors, offsets = (
        np.broadcast_to(part, every).ravel().tolist()
        for part in (gain[:, None, None], offset[:, None])
    )
    places = np.broadcast_to(place[:, None], (*every, 2)).reshape(-1, 2).tolist()
    planes = zip(old, new, factors, places, offsets, strict=True)
    for before, after, factor, (top, left), constant in planes:
        if factor == 0:
            after[...] = before
            continue
        window = codes[top : top + tall, left : left + wide]
        cv2.addWeighted(before, 1.0, window, factor, constant, dst=after)
    return mixed


def window_means(
    sums: NDArray[Any], place: NDArray[np.int64], shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Return the mean of windows of a canvas, ``(B, T)``, from its running sums.

    Parameters
    ----------
    sums : (side + 1, side + 1) array
    place : (B, T, 2) int64
        Rows and columns of their first pixels.
    shape : (int, int)
        Their height and width.
    """
    if sums.dtype.kind == "i":
        sums = sums.view(f"u{sums.itemsize}")
    if compiled := kernels("displacing"):
        found: NDArray[np.float64] = compiled.window_means(sums, place, shape)
        return found
    top, left = place[..., 0], place[..., 1]
    below, behind = top + shape[0], left + shape[1]
    total = sums[below, behind] - sums[top, behind] - sums[below, left] + sums[top, left]
    means: NDArray[np.float64] = total / (shape[0] * shape[1])
    return means
