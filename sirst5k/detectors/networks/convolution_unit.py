"""The unit that both video networks are built of: convolution, norm, activation."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sirst5k.detectors.networks.published import Renaming


class ConvolutionUnit(nn.Module):
    """A convolution without bias, a batch norm, and an activation.

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    kernel : int
        Odd; padded so that the size stays.
    stride : int
    gate : bool
        A sigmoid in place of the SiLU.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, gate: bool = False
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        # As YOLOX has them, which differs from PyTorch's defaults.
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03)
        self.activation = nn.Sigmoid() if gate else nn.SiLU()

    def forward(self, features: Tensor) -> Tensor:
        """Return ``(B, outputs, h / stride, w / stride)`` features."""
        return self.finish(self.conv(features))

    def finish(self, convolved: Tensor) -> Tensor:
        """Return what norm and activation make of a convolution's result."""
        result: Tensor = self.activation(self.norm(convolved))
        return result

    def part(self, features: Tensor, start: int) -> Tensor:
        """Return what some of the input's channels contribute to the convolution.

        The contributions of all channels add up to the convolution of all.

        Parameters
        ----------
        features : (B, c, h, w) floating
            The channels from `start` on.
        start : int
        """
        kernel = self.conv.weight[:, start : start + features.shape[1]]
        convolved = F.conv2d(features, kernel, None, self.conv.stride, self.conv.padding)
        # A norm that was folded into the convolution leaves a bias, which belongs in once.
        bias = self.conv.bias
        return convolved if bias is None or start else convolved + bias.view(1, -1, 1, 1)


def pair_of_units(inputs: int, hidden: int, outputs: int, gate: bool = False) -> nn.Sequential:
    """Return two units of 3 × 3, the second perhaps with a sigmoid."""
    return nn.Sequential(
        ConvolutionUnit(inputs, hidden, 3), ConvolutionUnit(hidden, outputs, 3, gate=gate)
    )


PUBLISHED_UNITS: Renaming = ((r"\.norm\.", ".bn."),)
"""How the parts of a unit are called in published weights."""


def scaled(published: int, width: float) -> int:
    """Return an even number of channels, the published one at a width of 1.

    Examples
    --------
    >>> scaled(128, 1.0), scaled(32, 0.25), scaled(32, 0.01)
    (128, 8, 2)
    """
    return max(2, 2 * round(published * width / 2))
