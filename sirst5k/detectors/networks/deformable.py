"""Convolution whose taps wander: modulated deformable convolution."""

from __future__ import annotations

import math
from functools import cache
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sirst5k.errors import MissingDependencyError, ParameterError, suggest

OPERATORS = ("auto", "plain", "torchvision")

# Newer than the oldest torch that we support; before it, the older question is answered alike.
_exporting = getattr(torch.compiler, "is_exporting", torch.onnx.is_in_onnx_export)


def deform_conv2d(
    frames: Tensor, offsets: Tensor, modulation: Tensor, weight: Tensor, bias: Tensor
) -> Tensor:
    """Convolve with taps that are shifted and weighted anew at every pixel.

    With ``t`` counting the taps row by row from the top left one,
    ``y(n) = bias + sum_t weight_t * m_t(n) * x(n + tap_t + shift_t(n))``; between pixels ``x``
    is interpolated bilinearly, beyond the border it is 0: Zhu et al., "Deformable ConvNets v2",
    CVPR 2019, equation 1. Stride and dilation are 1, the output is as large as the input.

    One call of `torch.nn.functional.grid_sample` reads all taps. On a CPU that is faster than
    gathering the four neighbours, and ONNX has the operator.

    Parameters
    ----------
    frames : (B, C, H, W) floating
    offsets : (B, 2 k k, H, W) floating
        In pixels; channel ``2 t`` shifts tap ``t`` down, channel ``2 t + 1`` to the right.
    modulation : (B, k k, H, W) floating
    weight : (out, C, k, k) floating
        ``k`` is odd.
    bias : (out,) floating

    Returns
    -------
    (B, out, H, W) floating
        Of the dtype of the weight, or of autocast.
    """
    # Positions need more than the 8 bits of bfloat16, and the values must have their dtype.
    exact = torch.promote_types(frames.dtype, torch.float32)
    values, weights = frames.to(exact), modulation.to(exact)
    grid = _grid(offsets.to(exact), weight.shape[-1])
    height = frames.shape[-2]
    rows = _rows_at_once(frames, modulation.shape[1])
    if rows >= height:
        return _convolve(values, grid, weights, weight, bias)
    parts = zip(grid.split(rows, dim=2), weights.split(rows, dim=2), strict=True)
    return torch.cat([_convolve(values, *part, weight, bias) for part in parts], dim=2)


def _grid(offsets: Tensor, side: int) -> Tensor:
    """Return where to read, in units of `grid_sample`: ``(B, k k, H, W, 2)``, x before y.

    Pixel ``i`` of ``n`` is at ``(2 i + 1) / n - 1``. That is exact where ``n`` is a power of
    two, so a tap without shift falls on its pixel there, not a rounding error beside it.
    """
    height, width = offsets.shape[-2:]
    shifts = offsets.unflatten(1, (side * side, 2))
    tap = torch.arange(side * side, device=offsets.device)[:, None, None]
    row = torch.arange(height, device=offsets.device)[:, None] + tap // side - side // 2
    column = torch.arange(width, device=offsets.device) + tap % side - side // 2
    y = torch.add((2 * row + 1).to(offsets) / height - 1, shifts[:, :, 0], alpha=2 / height)
    x = torch.add((2 * column + 1).to(offsets) / width - 1, shifts[:, :, 1], alpha=2 / width)
    return torch.stack((x, y), dim=-1)


def _rows_at_once(frames: Tensor, taps: int) -> int:
    """Return how many rows of the output to compute together.

    The values of all taps are many times the frames. On a CPU, parts of 8 MB are quicker than
    the whole: the allocator gives their memory back for reuse, not to the system.
    """
    height: int = frames.shape[-2]
    if frames.device.type != "cpu" or torch.compiler.is_compiling():
        return height
    row: int = 4 * taps * frames[:, :, 0].numel()
    return min(height, max(1, (8 << 20) // row))


def _convolve(
    frames: Tensor, grid: Tensor, modulation: Tensor, weight: Tensor, bias: Tensor
) -> Tensor:
    """Return the rows of the output that the grid and the modulation are for."""
    taps, rows = grid.shape[1:3]
    values = F.grid_sample(frames, grid.flatten(1, 2), padding_mode="zeros", align_corners=False)
    values = values.unflatten(2, (taps, rows)) * modulation[:, None]
    # (B, C k k, H W): the taps follow the channels, as in the weight.
    columns = values.flatten(1, 2).flatten(2).to(weight.dtype)
    kernels = weight.flatten(1).expand(frames.shape[0], -1, -1)
    mixed: Tensor = torch.baddbmm(bias[:, None], kernels, columns)
    return mixed.unflatten(2, (rows, -1))


class DeformableConv(nn.Module):
    """Modulated deformable convolution that computes its own offsets.

    An ordinary convolution of the same size gives offsets, taken as they are, and modulation,
    through a sigmoid: between 0 and 1, without the factor 2 that some implementations have.
    Its weights start at zero, so the taps start on their pixels with half their weight.

    Parameters
    ----------
    in_channels, out_channels : int
    side : int
        Of the kernel, odd.
    """

    def __init__(self, in_channels: int, out_channels: int, side: int = 5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, side, side))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        bound = 1 / math.sqrt(in_channels * side * side)
        nn.init.uniform_(self.weight, -bound, bound)
        self.steering = nn.Conv2d(in_channels, 3 * side * side, side, padding=side // 2)
        nn.init.zeros_(self.steering.weight)
        nn.init.zeros_(self.steering.bias)
        self.choose("auto")

    def choose(self, operator: str) -> None:
        """Choose what computes it; see `choose_operator`."""
        self._operator = operator
        wanted = operator == "torchvision" or (operator == "auto" and torch.cuda.is_available())
        self._compiled = _torchvision() if wanted else None

    def forward(self, frames: Tensor) -> Tensor:
        """Map ``(B, in, H, W)`` to ``(B, out, H, W)``."""
        steering = self.steering(frames)
        offsets, weights = steering.tensor_split((2 * steering.shape[1] // 3,), dim=1)
        weights = weights.sigmoid()
        fits = frames.is_cuda or self._operator == "torchvision"
        if self._compiled is None or not fits or _exporting():
            return deform_conv2d(frames, offsets, weights, self.weight, self.bias)
        # It knows no bfloat16, whose positions would be too coarse besides.
        exact = torch.promote_types(frames.dtype, torch.float32)
        given = (values.to(exact) for values in (frames, offsets, self.weight, self.bias))
        reach = self.weight.shape[-1] // 2
        mixed: Tensor = self._compiled(*given, padding=reach, mask=weights.to(exact))
        return mixed.to(steering.dtype)


def choose_operator(network: nn.Module, operator: str) -> None:
    """Choose what computes the deformable convolutions of a network.

    Parameters
    ----------
    network : torch.nn.Module
    operator : {"auto", "plain", "torchvision"}
        Ours in plain torch, or torchvision's compiled one; the result is the same. By default
        torchvision's on a GPU, if it is installed when the network is made, and ours on a CPU,
        where it is the faster one, and in exported graphs.

    Raises
    ------
    MissingDependencyError
        If torchvision is asked for, but not there.
    ParameterError
        If there is no such operator.
    """
    if operator not in OPERATORS:
        raise ParameterError(
            f"There is no operator {operator!r} for deformable convolutions."
            f"{suggest(operator, OPERATORS)}"
        )
    if operator == "torchvision" and _torchvision() is None:
        raise MissingDependencyError(
            "Expected torchvision to be installed, and built for this torch, but it cannot be "
            "imported. Install it: pip install 'sirst5k[torchvision]'."
        )
    for module in network.modules():
        if isinstance(module, DeformableConv):
            module.choose(operator)


@cache
def _torchvision() -> Any:
    """Return torchvision's operator, or None where it is missing or built for another torch."""
    try:
        return import_module("torchvision.ops").deform_conv2d
    except (AttributeError, ImportError, OSError, RuntimeError):
        return None
