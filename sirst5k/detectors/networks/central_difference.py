"""Convolution of differences to the central pixel."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class CentralDifferenceConv(nn.Conv2d):
    """3×3 convolution, less a share of what it makes of a flat field.

    With weights ``W``, bias ``b`` and share ``s``, ``y = (W * x + b) - s (sum(W) x + b)``:
    Yu et al., "Searching Central Difference Convolutional Networks", CVPR 2020, equation 4,
    where the published DSTransNet subtracts the bias as well. Computed as one convolution
    whose central weight is ``W_c - s sum(W)`` and whose bias is ``(1 - s) b``.

    Parameters
    ----------
    in_channels, out_channels : int
    share : float
        0 makes an ordinary convolution, 1 a pure one of differences.
    """

    def __init__(self, in_channels: int, out_channels: int, share: float = 0.7) -> None:
        super().__init__(in_channels, out_channels, 3, padding=1)
        self.share = share

    def forward(self, frames: Tensor) -> Tensor:
        """Map ``(B, in, H, W)`` to ``(B, out, H, W)``."""
        flat = self.share * self.weight.sum(dim=(2, 3), keepdim=True)
        weight = self.weight - F.pad(flat, (1, 1, 1, 1))
        result: Tensor = F.conv2d(frames, weight, (1 - self.share) * self.bias, padding=1)
        return result
