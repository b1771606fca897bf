"""Convolutions of 3 × 3 with a quarter of the multiplications, for inference on CPUs."""

from __future__ import annotations

import numpy as np
import torch
from numpy.polynomial import polynomial
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

_OUTPUTS = 4  # cells a side that one tile computes
_TAPS = 3
_TILE = _OUTPUTS + _TAPS - 1
# With the usual points 0, ±1, ±2 float32 loses four times as much.
_POINTS = (0.0, 5 / 8, -5 / 8, 3 / 2, -3 / 2)


def transforms(
    points: tuple[float, ...] = _POINTS, outputs: int = _OUTPUTS, taps: int = _TAPS
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the matrices of a one-dimensional convolution by evaluation at points.

    Toom and Cook's algorithm, as Lavin and Gray use it in "Fast Algorithms for Convolutional
    Neural Networks", CVPR 2016: ``result @ ((kernel @ taps) * (signal @ inputs))`` are the
    `outputs` sums of `taps` products each. The last point is infinity.

    Parameters
    ----------
    points : tuple of float
        ``outputs + taps - 2`` different numbers. Which ones decides the rounding, see Barabasz
        et al., "Error Analysis and Improving the Accuracy of Winograd Convolution", 2020.
    outputs, taps : int

    Returns
    -------
    signal : (N, N) float64
    kernel : (N, taps) float64
    result : (outputs, N) float64
        With ``N = outputs + taps - 1``.

    Examples
    --------
    >>> signal, kernel, result = transforms()
    >>> result @ ((kernel @ [0, 1, 0]) * (signal @ np.arange(6))) @ np.eye(4)
    array([1., 2., 3., 4.])
    """
    size = outputs + taps - 1
    signal, kernel = np.zeros((size, size)), np.zeros((size, taps))
    result = np.zeros((outputs, size))
    for row, point in enumerate(points):
        others = [other for other in points if other != point]
        signal[row, : size - 1] = polynomial.polyfromroots(others)
        kernel[row] = point ** np.arange(taps) / np.prod([point - other for other in others])
        result[:, row] = point ** np.arange(outputs)
    signal[-1] = polynomial.polyfromroots(points)
    kernel[-1, -1] = result[-1, -1] = 1.0
    return signal, kernel, result


class WinogradConvolution(nn.Module):
    """A convolution of 3 × 3 with stride 1 and padding 1, computed in tiles of 4 × 4.

    It equals the convolution up to rounding, which is no larger than that of the usual way.
    Quick where there are many channels, from about 128 on each side. In half precision, also
    under autocast, it is the convolution as it was: tiles would lose too much.

    Parameters
    ----------
    convolution : torch.nn.Conv2d
        Whose weights are taken as they are now.
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        signal, kernel, result = transforms()
        weight = convolution.weight.detach()
        outputs, inputs = weight.shape[:2]
        taps = weight.double().flatten(2).permute(2, 1, 0).flatten(1)  # (9, inputs · outputs)
        raised = torch.from_numpy(np.kron(kernel, kernel)).to(taps) @ taps
        kernels = raised.unflatten(1, (inputs, outputs)).to(weight.dtype)
        self.kernels: Tensor
        self.register_buffer("kernels", kernels.contiguous())
        for name, matrix in (("signal", signal), ("result", result)):
            self.register_buffer(name, torch.from_numpy(np.kron(matrix, matrix)).to(weight))
        self.weight: Tensor
        self.bias: Tensor
        self.register_buffer("weight", weight)
        bias = convolution.bias
        self.register_buffer("bias", weight.new_zeros(outputs) if bias is None else bias.detach())

    def forward(self, features: Tensor) -> Tensor:
        """Return ``(B, outputs, h, w)`` features in channels_last order."""
        low = features.dtype not in (torch.float32, torch.float64)
        if low or torch.is_autocast_enabled(features.device.type):
            return F.conv2d(features, self.weight, self.bias, padding=1)
        batch, inputs, height, width = features.shape
        rows, columns = -(-height // _OUTPUTS), -(-width // _OUTPUTS)
        below, right = _OUTPUTS * rows + 1 - height, _OUTPUTS * columns + 1 - width
        padded = F.pad(features, (1, right, 1, below)).permute(0, 2, 3, 1)
        tiles = padded.unfold(1, _TILE, _OUTPUTS).unfold(2, _TILE, _OUTPUTS)
        # (B, rows, columns, inputs, 6, 6) to (36, everything else)
        seen = tiles.permute(4, 5, 0, 1, 2, 3).reshape(_TILE**2, -1)
        raised = (self.signal @ seen).view(_TILE**2, -1, inputs)
        products = torch.bmm(raised, self.kernels)
        cells = (self.result @ products.flatten(1)).view(
            _OUTPUTS, _OUTPUTS, batch, rows, columns, -1
        )
        whole = cells.permute(2, 3, 0, 4, 1, 5).reshape(
            batch, rows * _OUTPUTS, columns * _OUTPUTS, -1
        )
        return (whole[:, :height, :width] + self.bias).permute(0, 3, 1, 2)
