"""How far the first moments of prediction and target lie apart, in length and in angle."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_EPSILON = 1e-8  # as published; for tiny targets it dominates the length


def location_term(probability: Tensor, levels: Tensor) -> Tensor:
    """Return the location term of each sample, ``1 - length + angle``.

    Liu et al., "Infrared Small Target Detection with Scale and Location Sensitivity",
    CVPR 2024, as its code computes it: the centre is the mean over all pixels of ``x·p``,
    with coordinates in [0, 1). It is no centroid, as it is not divided by the mass Σp, so
    that it also penalises a wrong mass.

    Parameters
    ----------
    probability, levels : (B, C, H, W) floating
        Probabilities and mask, of one dtype.

    Returns
    -------
    (B,) floating
        From 0 to 2.
    """
    x, y = _centre(probability)
    true_x, true_y = _centre(levels)
    angle = torch.atan(y / (x + _EPSILON)) - torch.atan(true_y / (true_x + _EPSILON))
    reach, true_reach = _length(x, y), _length(true_x, true_y)
    length = torch.minimum(reach, true_reach) / (torch.maximum(reach, true_reach) + _EPSILON)
    return 1 - length + (4 / math.pi**2) * angle.square()


def _centre(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return the means of ``x·value`` and ``y·value``, with x and y in fractions of the frame."""
    height, width = values.shape[-2:]
    # Column and row profiles first: no array of the frame's size is made or kept.
    columns, rows = values.mean(dim=(1, 2)), values.mean(dim=(1, 3))
    x = torch.arange(width, dtype=values.dtype, device=values.device) / width
    y = torch.arange(height, dtype=values.dtype, device=values.device) / height
    return (columns * x).mean(1), (rows * y).mean(1)


def _length(x: Tensor, y: Tensor) -> Tensor:
    return torch.sqrt(x.square() + y.square() + _EPSILON)
